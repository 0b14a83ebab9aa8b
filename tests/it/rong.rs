//! The compatible protocol on the real server.

mod api;
