//! Pages that say no, in words (design console §8).

use actix_web::{HttpRequest, HttpResponse, ResponseError, http::header};
use askama::Template;

use super::page::{self, Page};
use crate::{
    http::guard::RequestId,
    model::{Code, Fault},
};

#[derive(Template)]
#[template(path = "console/refusal.html")]
struct RefusalPage {
    page: Page,
    refusal: Refusal,
}

struct Refusal {
    title: String,
    fact: Option<String>,
}

/// A fault as a page; who is not signed in is sent to the door.
pub(super) fn answer(request: &HttpRequest, fault: &Fault) -> Result<HttpResponse, Fault> {
    if fault.code == Code::Unauthorized {
        return Ok(to_the_door(request));
    }
    let locale = page::locale(request);
    let (key, fact) = match fault.code {
        Code::NotFound if request.match_info().get("conversation").is_some() => ("console-not-found", None),
        Code::NotFound => ("console-page-not-found", None),
        Code::Forbidden => ("console-forbidden", None),
        _ => ("console-broken", request_id(request)),
    };
    let fact = fact.map(|id| locale.format("console-broken-fact", &[("id", id.as_str().into())]));
    let mut page = Page::new("refusal", key, &[], locale);
    page.carry(&(), None, |_| false);
    let whole = RefusalPage { refusal: Refusal { title: page.text(key), fact }, page };
    whole.page.answer(request, fault.status_code(), &whole)
}

fn request_id(request: &HttpRequest) -> Option<String> {
    use actix_web::HttpMessage;
    request.extensions().get::<RequestId>().map(|id| id.as_str().to_owned())
}

#[derive(Template)]
#[template(path = "console/again.html")]
struct Again<'a> {
    lang: &'a str,
    address: &'a str,
    words: String,
}

/// The strict cookie does not come along when somebody follows a link from elsewhere. A page of ours asks once more,
/// and then it does.
fn again(request: &HttpRequest) -> Option<HttpResponse> {
    let site = request.headers().get("sec-fetch-site")?.to_str().ok()?;
    if !matches!(site, "cross-site" | "same-site") {
        return None;
    }
    let locale = page::locale(request);
    let address = request.uri().path_and_query()?.as_str();
    let html = Again { lang: locale.tag(), address, words: locale.get("console-moment") }.render().ok()?;
    Some(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html))
}

fn to_the_door(request: &HttpRequest) -> HttpResponse {
    again(request).unwrap_or_else(|| {
        let next = request.uri().path();
        let address = if next == "/console" {
            "/console/login".to_owned()
        } else {
            // A path holds no sign that means something in a query, but for these.
            format!("/console/login?next={}", next.replace('%', "%25").replace('&', "%26").replace('+', "%2B"))
        };
        see(&address)
    })
}

/// 303 to another page of ours.
pub(super) fn see(address: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, address)).finish()
}
