//! Parlor: live chat for any website, with one pasted line, run by one binary.
//!
//! `docs/ARCHITECTURE.md` draws the floors. Each floor imports only lower ones; `tests/it/layering.rs` enforces it.

pub mod app;
pub mod auth;
pub mod bus;
pub mod cli;
pub mod config;
pub mod gateway;
pub mod hooks;
pub mod http;
pub mod im;
pub mod lifecycle;
pub mod media;
pub mod model;
pub mod outbound;
pub mod proto;
pub mod store;
pub mod telemetry;
pub mod upstream;
pub mod view;
pub mod wire;
