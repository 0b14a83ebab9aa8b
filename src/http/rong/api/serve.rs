//! What every request goes through: transport, signature, rate, body, parameters, the work.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    dev::Payload,
    http::header,
    web::{Bytes, Data},
};

use super::{
    ServerApi,
    auth::{Credentials, check_transport},
    call::{Call, body},
    form::Form,
    operation::{Given, Operation, Outcome, Takes},
    refusal::Refusal,
};
use crate::{
    config::Config,
    http::{
        api::json,
        extract::{is_json, read_body},
    },
    im::Im,
    model::Code,
};

/// Serves one request.
pub(super) async fn serve(operation: &Operation, request: HttpRequest, payload: Payload) -> HttpResponse {
    let path = request.path().to_owned();
    match work(operation, request, payload).await {
        Ok(answer) => HttpResponse::Ok().content_type("application/json; charset=utf-8").body(body(answer)),
        Err(refusal) => refusal.answer(&path),
    }
}

/// What answers where nothing is.
pub(super) async fn nothing_here(request: HttpRequest) -> HttpResponse {
    Refusal::new(404, 1007, "there is no such path").answer(request.path())
}

async fn work(operation: &Operation, request: HttpRequest, mut payload: Payload) -> Outcome {
    let (config, im) = (part::<Config>(&request), part::<Im>(&request));
    let client = check_transport(request.peer_addr(), request.headers(), &config)?;
    let credentials = Credentials::of(request.headers())?;
    let api = part::<ServerApi>(&request);
    let app = match im.app_of_joined(credentials.proof()).await {
        Ok(app) => app,
        Err(fault) => {
            if fault.code == Code::Unauthorized {
                api.rates.guessed(im.tallies(), client.network).await?;
            }
            return Err(fault.into());
        }
    };
    let mut call = Call { im, config, api, app, address: client.address, request, body: Bytes::new() };
    call.take_one(operation.path, operation.pace).await?;
    let bytes = read_body(&mut payload, call.config.limits.body_bytes).await.map_err(|fault| match fault.code {
        Code::TooLarge => Refusal::new(413, 1508, &fault.message),
        _ => fault.into(),
    })?;
    let given = take_apart(operation, &call.request, &bytes)?;
    call.body = bytes;
    (operation.run)(call, given).await
}

fn part<T: 'static>(request: &HttpRequest) -> Arc<T> {
    let data = request.app_data::<Data<T>>().expect("the application carries its parts");
    Arc::clone(data)
}

/// The body as what the operation takes, with everything in it that must be.
fn take_apart(operation: &Operation, request: &HttpRequest, bytes: &Bytes) -> Result<Given, Refusal> {
    if bytes.is_empty() && !operation.needs.is_empty() {
        return Err(Refusal::new(400, 1003, "the body is empty"));
    }
    match operation.takes {
        Takes::Form => {
            check_form_type(request)?;
            let form = Form::parse(bytes)?;
            match operation.needs.iter().find(|name| !form.has(name)) {
                Some(name) => Err(Refusal::missing(name)),
                None => Ok(Given::Form(form)),
            }
        }
        Takes::Json => {
            if !is_json(request.headers()) {
                return Err(Refusal::parameter("send JSON with Content-Type: application/json"));
            }
            json::check_form(bytes)?;
            let value: serde_json::Value =
                serde_json::from_slice(bytes).map_err(|_| Refusal::parameter("the body is not JSON"))?;
            match operation.needs.iter().find(|name| value.get(name).is_none_or(serde_json::Value::is_null)) {
                Some(name) => Err(Refusal::missing(name)),
                None => Ok(Given::Json(value)),
            }
        }
    }
}

/// A body without a type is taken for a form, as old code sends it.
fn check_form_type(request: &HttpRequest) -> Result<(), Refusal> {
    let Some(value) = request.headers().get(header::CONTENT_TYPE) else { return Ok(()) };
    let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if kind.is_empty() || kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Ok(());
    }
    Err(Refusal::parameter("send a form with Content-Type: application/x-www-form-urlencoded"))
}
