//! REST v1 on the real server.

mod document;
mod isolation;
mod keys;
