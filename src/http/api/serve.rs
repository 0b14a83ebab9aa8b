//! What every operation goes through, in this order: headers, key, scope, rate, body, idempotency, the work, the record.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError,
    dev::Payload,
    http::{
        Method, StatusCode,
        header::{self, HeaderMap},
    },
    web::{Bytes, Data},
};

use utoipa::openapi::path::ParameterIn;

use super::{
    Api,
    answer::{File, Rendered},
    call::Call,
    credentials::{Credentials, one},
    idempotency::{self, IdempotencyKey},
    input::{Incoming, Request},
    json,
    operation::Operation,
    rates::Left,
};
use crate::{
    config::Config,
    http::extract::{Client, is_json, read_body},
    im::{Im, keys::Proof},
    model::{ApiKey, Code, Fault},
};

/// Serves one request. Every answer, also a refusal, tells how many requests are left once the key is known.
pub(super) async fn serve(operation: &Operation, request: HttpRequest, payload: Payload) -> HttpResponse {
    let mut left = None;
    let outcome = work(operation, &request, payload, &mut left).await;
    let mut answer = match outcome {
        Ok((rendered, is_first)) => show(rendered, is_first, request.method()),
        Err(fault) => refuse(&fault),
    };
    if let Some(left) = left {
        tell(&mut answer, left);
    }
    answer
}

async fn work(
    operation: &Operation,
    request: &HttpRequest,
    payload: Payload,
    left: &mut Option<Left>,
) -> Result<(Rendered, bool), Fault> {
    let part = Parts::of(request);
    let credentials = Credentials::of(request.headers())?;
    let idempotency = idempotency_key(request)?;
    let (key, body) = part.who(credentials, request, payload).await?;
    let (now_left, taken) = part.api.rates.take(part.im.tallies(), &key, &part.config.limits).await;
    *left = Some(now_left);
    taken?;
    if let Some(scope) = operation.scope.filter(|scope| !key.has(*scope)) {
        return Err(Fault::new(Code::Forbidden, format!("this key lacks the scope `{}`", scope.name())));
    }
    let (input, told) = if operation.described.takes_file {
        let file = body.file(request.headers());
        // Of a file its length stands for its bytes, which nobody has read yet.
        let told = file.size.map_or_else(Bytes::new, |size| size.to_string().into());
        let input = take_apart(operation, request, Bytes::new())?;
        input.file.set(Some(file));
        (input, told)
    } else {
        let input = take_apart(operation, request, body.read(&part.config).await?)?;
        let body = input.body.clone();
        (input, body)
    };
    let hash = idempotency::hash(request.method().as_str(), request.path(), request.query_string(), &told);
    let call = Call {
        im: part.im,
        config: part.config,
        key,
        idempotency,
        address: part.client.address,
        request: request.clone(),
    };
    idempotency::once(&part.api.running, call, input, hash, |call, input| run(operation, call, input)).await
}

/// Does the work, and writes down that it was done.
async fn run(operation: &Operation, call: Call, input: Request) -> Result<Rendered, Fault> {
    if !operation.is_audited {
        return (operation.run)(call, input).await;
    }
    let (asks, target) = (call.clone(), input.path.join(" "));
    asks.recorded(operation.name, &target, (operation.run)(call, input)).await
}

/// What the frame needs of the application.
struct Parts {
    im: Arc<Im>,
    config: Arc<Config>,
    api: Arc<Api>,
    client: Client,
}

impl Parts {
    fn of(request: &HttpRequest) -> Self {
        fn part<T: 'static>(request: &HttpRequest) -> Arc<T> {
            let data = request.app_data::<Data<T>>().expect("the application carries its parts");
            Arc::clone(data)
        }
        let config = part::<Config>(request);
        let client = Client::of(request.peer_addr(), request.headers(), &config.server);
        Self { im: part(request), config, api: part(request), client }
    }

    /// Whose request it is. A signature covers the body, so that it must be read before; a bearer's is read later.
    async fn who(
        &self,
        credentials: Credentials,
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<(ApiKey, Unread), Fault> {
        let found = match credentials {
            Credentials::Bearer(key) => self.im.key_of_bearer(&key).await.map(|key| (key, Unread::Still(payload))),
            Credentials::Signed(by) => {
                let body = Unread::Still(payload).read(&self.config).await?;
                let signed = by.request(request.method().as_str(), request.uri().path(), request.query_string(), &body);
                let proof = Proof { key: &by.key, request: signed, at_secs: by.at_secs, signature: by.signature };
                self.im.key_of_signature(proof).await.map(|key| (key, Unread::Already(body)))
            }
        };
        if found.as_ref().is_err_and(|fault| fault.code == Code::Unauthorized) {
            self.api.rates.guessed(self.im.tallies(), self.client.network).await?;
        }
        found
    }
}

/// A body that may have been read already.
enum Unread {
    Still(Payload),
    Already(Bytes),
}

impl Unread {
    async fn read(self, config: &Config) -> Result<Bytes, Fault> {
        match self {
            Self::Already(body) => Ok(body),
            Self::Still(mut payload) => read_body(&mut payload, config.limits.body_bytes).await,
        }
    }

    /// The body as a file that is read while it comes.
    fn file(self, headers: &HeaderMap) -> Incoming {
        let text = |name: header::HeaderName| headers.get(name)?.to_str().ok();
        let media_type = text(header::CONTENT_TYPE).unwrap_or_default().to_owned();
        let size = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
        let bytes = match self {
            Self::Already(body) => Payload::from(body),
            Self::Still(payload) => payload,
        };
        Incoming { bytes, media_type, size }
    }
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<IdempotencyKey>, Fault> {
    let given = one(request.headers(), "idempotency-key")?;
    if request.method() == Method::POST { given.map(IdempotencyKey::read).transpose() } else { Ok(None) }
}

/// The parts that inputs are read from; the body has the right type and form.
fn take_apart(operation: &Operation, request: &HttpRequest, body: Bytes) -> Result<Request, Fault> {
    if operation.described.body.is_some() {
        if !is_json(request.headers()) {
            return Err(Fault::new(Code::UnsupportedMediaType, "send JSON with Content-Type: application/json"));
        }
        json::check_form(&body)?;
    } else if !matches!(body.trim_ascii(), b"" | b"{}") {
        return Err(Fault::new(Code::BadRequest, "this operation takes no body"));
    }
    let takes_query = operation.described.parameters.iter().any(|it| it.parameter_in == ParameterIn::Query);
    if !takes_query && !request.query_string().is_empty() {
        return Err(Fault::new(Code::BadRequest, "this operation takes nothing after a question mark"));
    }
    let path = request.match_info().iter().map(|(_, part)| decode(part)).collect();
    Ok(Request { path, query: request.query_string().to_owned(), body, ..Request::default() })
}

/// The router has decoded everything but `%25` and `%2F`, so that it could tell parts from slashes in them.
fn decode(part: &str) -> String {
    part.replace("%2F", "/").replace("%2f", "/").replace("%25", "%")
}

/// What the server writes of an answer to HEAD ends with its headers; a file is not even made.
fn show(rendered: Rendered, is_repeated: bool, method: &Method) -> HttpResponse {
    let status = StatusCode::from_u16(rendered.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = HttpResponseBuilder::new(status);
    if let Some(location) = rendered.location {
        answer.insert_header((header::LOCATION, location));
    }
    if is_repeated {
        answer.insert_header(("idempotency-replayed", "true"));
    }
    if let Some(file) = rendered.file
        && let Some(parts) = file.parts.take()
    {
        answer.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)));
        answer.content_type(File::MEDIA);
        return if method == Method::HEAD { answer.finish() } else { answer.streaming(parts) };
    }
    if rendered.body.is_empty() {
        return answer.finish();
    }
    answer.content_type("application/json; charset=utf-8").body(rendered.body)
}

fn refuse(fault: &Fault) -> HttpResponse {
    let mut answer = fault.error_response();
    if fault.code.status() == 401 {
        let scheme = header::HeaderValue::from_static("Bearer");
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    }
    answer
}

fn tell(answer: &mut HttpResponse, left: Left) {
    for (name, value) in left.headers() {
        answer.headers_mut().insert(header::HeaderName::from_static(name), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_an_address_is_decoded_once() {
        assert_eq!(decode("a%2Fb%2fc"), "a/b/c");
        assert_eq!(decode("100%25"), "100%");
        assert_eq!(decode("%252F"), "%2F");
    }
}
