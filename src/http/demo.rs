//! The demo page: a made-up company's landing page, on an origin of its own, with nothing of ours but the pasted line.

use actix_web::{
    App, Error, HttpResponse,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    web,
};
use askama::Template;
use bytes::Bytes;

use crate::{config::Server, model::SiteKey};

#[derive(Template)]
#[template(path = "demo/landing.html")]
struct Landing<'a> {
    launcher: &'a str,
}

/// The address of a site's launcher: the part of the pasted line that counts.
fn launcher_url(server: &Server, site: &SiteKey) -> String {
    format!("{}/w/{site}.js", server.origin())
}

/// The one line that a site owner pastes.
pub fn pasted_line(server: &Server, site: &SiteKey) -> String {
    format!("<script async src=\"{}\"></script>", launcher_url(server, site))
}

/// The page with a site's line in it.
pub(super) fn page(server: &Server, site: &SiteKey) -> Bytes {
    let launcher = launcher_url(server, site);
    let html = Landing { launcher: &launcher }.render();
    Bytes::from(html.expect("a template without conditions renders"))
}

/// The demo listener's application: one page and nothing else.
pub(super) fn app(
    page: Bytes,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let answer = move || {
        let page = page.clone();
        async move {
            HttpResponse::Ok()
                .content_type("text/html; charset=utf-8")
                .insert_header(("content-security-policy", "frame-ancestors 'none'"))
                .insert_header(("x-content-type-options", "nosniff"))
                .insert_header(("cache-control", "no-store"))
                .body(page)
        }
    };
    App::new().service(web::resource("/").route(super::read().to(answer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_carries_one_script_and_that_is_the_pasted_line() {
        let page = page(&Server::default(), &"k3v9abcd".parse().unwrap());
        let page = std::str::from_utf8(&page).unwrap();
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.contains(r#"<script async src="http://127.0.0.1:8080/w/k3v9abcd.js"></script>"#));
        assert_eq!(page.matches("http://127.0.0.1").count(), 1, "nothing else points at the server");
    }

    #[test]
    fn the_drawing_of_the_hero_stays_small() {
        let page = include_str!("../../templates/demo/landing.html");
        let drawing = page.split("<svg").nth(1).and_then(|rest| rest.split("</svg>").next()).unwrap();
        assert!(drawing.len() <= 6 << 10, "{} bytes", drawing.len());
    }
}
