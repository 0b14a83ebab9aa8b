//! The vocabulary of the tests from outside.

mod logs;
mod server;

pub(crate) use logs::{PLANTED, assert_clean as assert_logs_are_clean};
pub(crate) use server::TestServer;
