//! The domain with a clock that stands still: who may do what, and what happens then.

mod accounts;
mod desk;
mod messages;
mod own;
pub(crate) mod world;
