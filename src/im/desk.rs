//! Customer service: visitors ask, wait, are answered, and leave.
//!
//! The state machine is that of the spec "Customer-service flow" §7 without its robot and group states, which join as
//! further [`crate::model::Stage`]s. Everything here is reached through `Im`.

mod assign;
mod handshake;
mod house;
mod left;
mod queue;

pub(super) use handshake::Control;
pub(super) use queue::{DeskRoute, Dirty};
