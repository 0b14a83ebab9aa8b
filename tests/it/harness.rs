//! The vocabulary of the tests from outside.

mod logs;
mod people;
mod server;

pub(crate) use logs::{PLANTED, assert_clean as assert_logs_are_clean};
pub(crate) use people::People;
pub(crate) use server::TestServer;
