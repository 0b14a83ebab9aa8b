//! The vocabulary of the tests from outside.

mod server;

pub(crate) use server::TestServer;
