//! What every request passes on its way in and every answer on its way out.

use std::panic::AssertUnwindSafe;

use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse, ResponseError,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        Method, StatusCode, Uri,
        header::{self, HeaderMap},
    },
    middleware::Next,
    web::Data,
};
use data_encoding::HEXLOWER;
use futures_util::FutureExt;
use tracing::{Instrument, debug, debug_span};

use super::{error, headers, health, rong};
use crate::{
    config::{Config, Limits},
    http::health::Health,
    model::{Code, Fault},
    telemetry::Figures,
};

/// Longest address and all headers together (W7).
const MAX_ADDRESS: usize = 8 << 10;
const MAX_HEAD: usize = 16 << 10;

/// Names one request in logs and in the answer's `x-request-id`.
#[derive(Debug, Clone)]
pub struct RequestId(String);

impl RequestId {
    fn random() -> Self {
        Self(HEXLOWER.encode(&rand::random::<[u8; 8]>()))
    }

    /// The id that the guard gave a request.
    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The middleware: limits, one form of faults, headers, panics, figures.
pub(super) async fn watch(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let visit = Visit::of(&request);
    request.extensions_mut().insert(visit.id.clone());
    let span = debug_span!("request", request.id = visit.id.as_str());
    let outcome = if let Some(fault) = refusal(&request, &visit) {
        Ok(Ok(request.error_response(fault)))
    } else {
        let answer = AssertUnwindSafe(next.call(request)).catch_unwind().instrument(span).await;
        answer.map(|answer| answer.map(ServiceResponse::map_into_boxed_body))
    };
    match outcome {
        Ok(Ok(response)) => {
            let (request, response) = response.into_parts();
            Ok(ServiceResponse::new(request, visit.sign(visit.shape(response))))
        }
        Ok(Err(error)) => Err(visit.fail(&error)),
        Err(_panic) => {
            visit.figures.panics.inc();
            Err(visit.fail(&error::internal().into()))
        }
    }
}

/// What must be known of a request after it was handed on.
struct Visit {
    id: RequestId,
    surface: &'static str,
    /// A person looks at the answer.
    in_browser: bool,
    /// The path, where refusals have the form of the compatible server API.
    compatible: Option<String>,
    https: bool,
    max_body: u64,
    figures: Data<Figures>,
}

impl Visit {
    fn of(request: &ServiceRequest) -> Self {
        let config = request.app_data::<Data<Config>>().expect("the application carries its settings");
        let figures = request.app_data::<Data<Figures>>().expect("the application carries its figures");
        Self {
            id: RequestId::random(),
            surface: surface(request.path()),
            in_browser: accepts_pages(request) && surface(request.path()) != "api",
            compatible: rong::api::is_ours(request.path()).then(|| request.path().to_owned()),
            https: config.server.is_https(),
            max_body: largest_body(request.path(), &config.limits),
            figures: figures.clone(),
        }
    }

    /// Gives every refusal, whoever made it, its one form.
    fn shape(&self, response: HttpResponse<BoxBody>) -> HttpResponse<BoxBody> {
        match (fault_of(&response), &self.compatible) {
            (Some(fault), Some(path)) => rong::api::of_fault(&fault, path),
            (Some(fault), None) if self.in_browser => error::page(&fault),
            (Some(fault), None) => fault.error_response(),
            (None, _) => response,
        }
    }

    /// The last touch on every answer.
    fn sign(&self, mut response: HttpResponse<BoxBody>) -> HttpResponse<BoxBody> {
        let headers = response.headers_mut();
        headers::complete(headers, self.https);
        if let Ok(id) = header::HeaderValue::from_str(self.id.as_str()) {
            headers.insert(header::HeaderName::from_static("x-request-id"), id);
        }
        let status = response.status().as_u16();
        self.figures.count_request(self.surface, status);
        debug!(request.id = self.id.as_str(), surface = self.surface, status, "Answered a request with {status}");
        response
    }

    /// An error that stands for a finished answer: only so can the request be left out.
    fn fail(&self, error: &Error) -> Error {
        let response = self.shape(HttpResponse::from_error(clone_of(error)));
        InternalError::from_response("answered", self.sign(response)).into()
    }
}

fn clone_of(error: &Error) -> Error {
    match error.as_error::<Fault>() {
        Some(fault) => fault.clone().into(),
        None => error::from_status(error.as_response_error().status_code()).into(),
    }
}

/// The fault behind an answer; `None` when it is no refusal, or the handler wrote a body of its own.
fn fault_of(response: &HttpResponse<BoxBody>) -> Option<Fault> {
    if let Some(error) = response.error() {
        return error.as_error::<Fault>().cloned().or_else(|| Some(error::from_status(response.status())));
    }
    let silent = matches!(response.body().size(), BodySize::None | BodySize::Sized(0));
    let refused = response.status().is_client_error() || response.status().is_server_error();
    (refused && silent).then(|| error::from_status(response.status()))
}

/// What is refused before any handler sees it (W7).
fn refusal(request: &ServiceRequest, visit: &Visit) -> Option<Fault> {
    let headers = request.headers();
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    if !known.contains(request.method()) {
        return Some(error::from_status(StatusCode::METHOD_NOT_ALLOWED));
    }
    if let Err(fault) = check_size(request.uri(), headers) {
        return Some(fault);
    }
    if headers.get_all(header::CONTENT_ENCODING).any(|encoding| encoding != "identity") {
        return Some(Fault::new(Code::UnsupportedMediaType, "send the body without Content-Encoding"));
    }
    if declared_length(request.request()).is_some_and(|length| length > visit.max_body) {
        return Some(Fault::new(Code::TooLarge, format!("the body is larger than {} bytes", visit.max_body)));
    }
    let health = request.app_data::<Data<Health>>().expect("the application carries its health");
    (health.is_draining() && visit.surface != "health").then(health::restarting)
}

/// Whether the address and the headers keep within their limits (W7).
pub(super) fn check_size(uri: &Uri, headers: &HeaderMap) -> Result<(), Fault> {
    if uri.path_and_query().map_or(0, |path| path.as_str().len()) > MAX_ADDRESS {
        return Err(Fault::new(Code::TooLarge, format!("the address is longer than {MAX_ADDRESS} bytes")));
    }
    if headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>() > MAX_HEAD {
        return Err(Fault::new(Code::TooLarge, format!("the headers are longer than {MAX_HEAD} bytes")));
    }
    Ok(())
}

fn declared_length(request: &HttpRequest) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn accepts_pages(request: &ServiceRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    matches!(*request.method(), Method::GET | Method::HEAD) && accept.is_some_and(|accept| accept.contains("text/html"))
}

/// Files come whole; everything else is small.
fn largest_body(path: &str, limits: &Limits) -> u64 {
    if matches!(path, "/files" | "/v1/files" | "/upload") {
        limits.file_bytes.max(limits.image_bytes)
    } else {
        limits.body_bytes as u64
    }
}

/// Which part of the server a path belongs to; a closed set.
fn surface(path: &str) -> &'static str {
    match path.split('/').nth(1).unwrap_or_default() {
        "w" => "widget",
        "console" => "console",
        "ws" | "websocket" => "socket",
        "navi.js" | "cometnavi.js" | "ping" => "navi",
        _ if path == "/message/exist.js" => "navi",
        "poll" | "pullmsg.js" => "poll",
        "v1" => "api",
        _ if rong::api::is_ours(path) => "server_api",
        "assets" => "assets",
        "files" | "upload" => "files",
        "health" | "ready" => "health",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{App, body::to_bytes, middleware::from_fn, test, web};

    use super::*;

    async fn broken() -> HttpResponse {
        panic!("with a secret in its words")
    }

    async fn failing() -> Result<HttpResponse, Fault> {
        Err(Fault::new(Code::RateLimited, "slowly").retry_after(7))
    }

    async fn ask(path: &str, accept: &str) -> (HttpResponse<impl MessageBody>, Data<Figures>) {
        let figures = Data::new(Figures::default());
        let app = App::new()
            .app_data(Data::new(Config::default()))
            .app_data(Data::new(Health::default()))
            .app_data(figures.clone())
            .wrap(from_fn(watch))
            .service(web::resource("/broken").route(web::get().to(broken)))
            .service(web::resource("/failing").route(web::get().to(failing)));
        let app = test::init_service(app).await;
        let request = test::TestRequest::get().uri(path).insert_header((header::ACCEPT, accept)).to_request();
        let response = match test::try_call_service(&app, request).await {
            Ok(response) => response.into_parts().1.map_into_boxed_body(),
            Err(error) => error.error_response(),
        };
        (response, figures)
    }

    #[actix_web::test]
    async fn w6_a_panic_is_counted_and_answered_without_its_words() {
        let (response, figures) = ask("/broken", "*/*").await;
        assert_eq!((response.status().as_u16(), figures.panics.get()), (500, 1));
        assert!(response.headers().contains_key("x-request-id"));
        assert!(response.headers().contains_key("content-security-policy"));
        let body = to_bytes(response.into_body()).await.unwrap_or_default();
        let body = String::from_utf8_lossy(&body).into_owned();
        assert!(body.contains("\"internal\"") && !body.contains("secret"), "{body}");
    }

    #[actix_web::test]
    async fn a_panic_behind_a_page_is_a_page() {
        let (response, _) = ask("/broken", "text/html").await;
        assert_eq!(response.headers().get("content-type").unwrap(), "text/html; charset=utf-8");
    }

    #[actix_web::test]
    async fn a_fault_keeps_its_code_and_its_time() {
        let (response, _) = ask("/failing", "*/*").await;
        assert_eq!(response.status().as_u16(), 429);
        assert_eq!(response.headers().get("retry-after").unwrap(), "7");
    }
}
