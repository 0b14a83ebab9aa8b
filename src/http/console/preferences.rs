//! `POST /console/api/language`: which language the console speaks on this device.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    csrf::Anywhere,
    page::{LANGUAGE_COOKIE, is_language},
    session,
};
use crate::{
    http::extract::Json,
    model::{Code, Fault},
};

/// The request's body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    language: String,
}

/// Remembers it in a cookie that holds nothing else.
pub async fn language(request: HttpRequest, _: Anywhere, body: Json<Language>) -> Result<HttpResponse, Fault> {
    let Json(Language { language }) = body;
    if !is_language(&language) {
        return Err(Fault::new(Code::BadRequest, "the console does not speak this language"));
    }
    let cookie = Cookie::build(LANGUAGE_COOKIE, language)
        .path("/console")
        .http_only(true)
        .secure(session::server(&request).is_https())
        .same_site(SameSite::Strict)
        .max_age(Duration::days(365))
        .finish();
    Ok(HttpResponse::Ok().cookie(cookie).json(json!({})))
}
