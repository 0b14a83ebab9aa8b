//! Tests from outside: a real server, real sockets, a data folder that is thrown away.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "all of this is test code")]

mod api;
mod browser;
mod cli;
mod client;
mod cluster;
mod compat;
mod conformance;
mod console;
mod crash;
mod domain;
mod gateway;
mod hardening;
mod harness;
mod hooks;
mod hygiene;
mod layering;
mod lifecycle;
mod migrate;
mod nodes;
mod pages;
mod postgres;
mod privacy;
mod rong;
mod s3;
mod security;
mod upstream;
mod wire;
