//! The vocabulary of the tests from outside.

mod back_end;
mod logs;
mod people;
mod server;
mod several;

pub(crate) use back_end::{Answer, BackEnd};
pub(crate) use logs::{PLANTED, assert_clean as assert_logs_are_clean};
pub(crate) use people::People;
pub(crate) use server::TestServer;

/// Test clients that make HTTP requests need one TLS provider for the process, though nothing here speaks TLS.
pub(crate) fn provide_tls() {
    // A second call finds the first one's.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
