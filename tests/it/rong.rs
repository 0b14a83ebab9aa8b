//! The compatible protocol on the real server. Clients are made of the codec's client side; names of tests begin with the
//! line of the protocol's conformance checklist that they show.

pub(crate) mod api;
mod chatrooms;
pub(crate) mod client;
mod connection;
mod delivery;
mod everywhere;
mod files;
mod groups;
mod navigation;
pub(crate) mod poll;
mod queries;
mod sending;
mod service;
