//! Faults on their way out: JSON for programs, a small page for people. The one table is `model::error`.

use actix_http::Response;
use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    http::{StatusCode, header},
};
use askama::Template;
use bytes::Bytes;
use serde_json::json;

use super::headers::{self, Nonce};
use crate::model::{Code, Fault};

impl ResponseError for Fault {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        answer(self).content_type("application/json; charset=utf-8").body(body(self))
    }
}

/// `{"error": {code, message, temporary, retry_after?}}`
fn body(fault: &Fault) -> Bytes {
    Bytes::from(json!({ "error": fault }).to_string())
}

fn answer(fault: &Fault) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(fault.status_code());
    if let Some(secs) = fault.retry_after_secs {
        answer.insert_header((header::RETRY_AFTER, secs));
    }
    answer
}

/// The fault as a page.
pub(super) fn page(fault: &Fault) -> HttpResponse {
    let nonce = Nonce::random();
    let page = ErrorPage { title: title(fault.code), message: &fault.message, nonce: nonce.as_str() };
    let Ok(html) = page.render() else { return fault.error_response() };
    let mut answer = answer(fault);
    headers::error_page(&nonce).set(&mut answer);
    answer.content_type("text/html; charset=utf-8").body(html)
}

/// The fault for a connection that has left the dispatcher: a head with all its headers, and its body.
pub fn plain(fault: &Fault, https: bool) -> (Response<()>, Bytes) {
    let mut response = Response::build(fault.status_code());
    response.insert_header((header::CONTENT_TYPE, "application/json; charset=utf-8"));
    for header in headers::STRICT {
        response.insert_header(*header);
    }
    if https {
        response.insert_header((header::STRICT_TRANSPORT_SECURITY, headers::ONE_YEAR));
    }
    if let Some(secs) = fault.retry_after_secs {
        response.insert_header((header::RETRY_AFTER, secs));
    }
    response.force_close();
    (response.finish().drop_body(), body(fault))
}

/// The fault for a refusal that actix made itself.
pub(super) fn from_status(status: StatusCode) -> Fault {
    match status {
        StatusCode::NOT_FOUND => Fault::new(Code::NotFound, "there is nothing at this address"),
        StatusCode::METHOD_NOT_ALLOWED => Fault::new(Code::MethodNotAllowed, "this address does not take this method"),
        StatusCode::PAYLOAD_TOO_LARGE => Fault::new(Code::TooLarge, "the body is larger than allowed"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Fault::new(Code::UnsupportedMediaType, "the body's media type is not taken")
        }
        status if status.is_client_error() => Fault::new(Code::BadRequest, "the request is not well-formed"),
        _ => internal(),
    }
}

/// Something broke on our side; what, is in the log under the request's id.
pub fn internal() -> Fault {
    Fault::new(Code::Internal, "something broke on our side; it is written down, try again")
}

#[derive(Template)]
#[template(path = "error/page.html")]
struct ErrorPage<'a> {
    title: &'a str,
    message: &'a str,
    nonce: &'a str,
}

const fn title(code: Code) -> &'static str {
    match code {
        Code::NotFound => "Nothing here",
        Code::Forbidden | Code::OriginRefused | Code::Unauthorized => "Not allowed",
        Code::RateLimited => "Too many requests",
        Code::Restarting => "One moment",
        Code::Unavailable | Code::StorageFull => "Not available now",
        Code::Internal => "Something broke",
        _ => "That did not work",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_escapes_what_it_says() {
        let page = ErrorPage { title: "x", message: "<script>", nonce: "n" }.render().unwrap();
        assert!(page.contains("&#60;script&#62;") && !page.contains("<script>"));
    }
}
