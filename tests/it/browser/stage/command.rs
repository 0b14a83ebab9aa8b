//! Commands of the driver's protocol that the client library does not know.

use reqwest::Method;
use serde_json::Value;
use thirtyfour::{RequestData, SessionId, common::command::FormatRequestData};

/// An address below the session's, and a body when there is something to say.
#[derive(Debug)]
pub(super) struct Command(pub(super) String, pub(super) Option<Value>);

impl FormatRequestData for Command {
    fn format_request(&self, session: &SessionId) -> RequestData {
        let Self(path, body) = self;
        let address = format!("session/{session}/{path}");
        match body {
            Some(body) => RequestData::new(Method::POST, address).add_body(body.clone()),
            None => RequestData::new(Method::GET, address),
        }
    }
}
