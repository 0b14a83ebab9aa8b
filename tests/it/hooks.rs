//! Webhooks: a domain and a worker with a clock that stands still, and receivers that answer as they are told.

mod breaker;
mod delivery;
mod order;
mod pre_send;
pub(crate) mod receiver;
mod stage;
