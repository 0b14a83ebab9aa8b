//! An app whose conversations are led by another service: a second Parlor, in a process of its own that can be killed,
//! stands for that service; a visitor uses the widget's wire in front; who answers is a user over there.

mod away;
mod carrying;
mod doors;
mod lost;
mod service;
mod stage;

pub(crate) use stage::{Service, asking};
