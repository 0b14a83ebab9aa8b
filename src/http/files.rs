//! Files over HTTP: `POST /files` takes one in, `GET /files/{token}/{name}` gives one out.
//!
//! What may be sent and seen is decided by `im`; here are the headers of both ways.

mod range;
mod serve;
mod upload;

pub(super) use serve::serve;
pub(super) use upload::{take_in, upload};
