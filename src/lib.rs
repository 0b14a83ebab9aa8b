//! Parlor: live chat for any website, with one pasted line, run by one binary.
//!
//! `docs/ARCHITECTURE.md` draws the floors. Each floor imports only lower ones; `tests/it/layering.rs` enforces it.

pub mod auth;
pub mod bus;
pub mod config;
pub mod im;
pub mod model;
pub mod store;
