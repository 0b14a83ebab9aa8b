//! Refusals under the original numbers (compatible protocol, "Server REST API and webhooks", error codes).

use actix_web::{HttpResponse, http::StatusCode};
use serde_json::json;

use crate::model::{Code, Fault};

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: u16,
    pub(super) text: String,
    retry_after_secs: Option<u32>,
}

impl Refusal {
    /// Under a number of the table.
    pub(super) fn new(status: u16, code: u16, text: &str) -> Self {
        Self { status, code, text: text.to_owned(), retry_after_secs: None }
    }

    /// Something is wrong with a parameter, and the text says what.
    pub(super) fn parameter(text: &str) -> Self {
        Self::new(400, 1002, text)
    }

    /// A parameter is not there.
    pub(super) fn missing(name: &str) -> Self {
        Self::parameter(&format!("`{name}` is missing"))
    }

    /// A parameter is of another kind.
    pub(super) fn kind(text: &str) -> Self {
        Self::new(400, 1501, text)
    }

    /// There are too many of something.
    pub(super) fn quantity(text: &str) -> Self {
        Self::new(400, 1502, text)
    }

    /// We do not have this.
    pub(super) fn not_open(text: &str) -> Self {
        Self::new(403, 1009, text)
    }

    /// Asked too often.
    pub(super) fn too_often(text: &str) -> Self {
        Self { retry_after_secs: Some(1), ..Self::new(403, 1008, text) }
    }

    /// The answer: `{code, errorMessage, url}`.
    pub(super) fn answer(&self, path: &str) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = HttpResponse::build(status);
        if let Some(secs) = self.retry_after_secs {
            answer.insert_header(("retry-after", secs));
        }
        answer
            .content_type("application/json; charset=utf-8")
            .body(json!({ "code": self.code, "errorMessage": self.text, "url": path }).to_string())
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let (status, code) = match fault.code {
            Code::Unauthorized => (401, 1004),
            // The table has no number for it; this one is free there (A2).
            Code::Replayed => (401, 1021),
            Code::MethodNotAllowed => (403, 1007),
            Code::RateLimited | Code::InProgress | Code::NotYet => (403, 1008),
            Code::Forbidden => (403, 1009),
            Code::TooLarge => (400, 1005),
            Code::LimitReached | Code::GroupFull | Code::AttributesFull => (400, 1502),
            Code::Internal => (500, 1000),
            Code::Unavailable | Code::Restarting | Code::StorageFull => (503, 1050),
            _ => (400, 1002),
        };
        Self { status, code, text: fault.message.to_string(), retry_after_secs: fault.retry_after_secs }
    }
}

/// What the frame around all requests refused, in the form of this API.
pub(in crate::http) fn of_fault(fault: &Fault, path: &str) -> HttpResponse {
    let refusal = match fault.code {
        // The whole body, not a value in it.
        Code::TooLarge => Refusal::new(413, 1508, &fault.message),
        Code::NotFound => Refusal::new(404, 1007, &fault.message),
        _ => Refusal::from(fault.clone()),
    };
    refusal.answer(path)
}
