//! `GET /compat/frame`: the page in which a user of an app talks to others, and `GET /compat/desk`: the way to the
//! desk's frame. Who the user is the page around it says, over a port; nothing secret stands in an address.

use std::collections::BTreeMap;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Query},
};
use askama::{Template, filters::Safe};
use serde::Serialize;

use super::{Asked, site};
use crate::{
    config::Config,
    http::{
        assets, error,
        headers::{self, Nonce},
        page::{self, page_data, widget::blank},
    },
    im::Im,
    model::{Fault, Site, site::Origin},
    view::{
        Locale, Palette,
        locale::{Text, WIDGET},
    },
};

use crate::http::page::widget::Row;

/// `GET /compat/desk`: the frame of the site that lists the page's origin.
pub(in crate::http) async fn desk(asked: Query<Asked>, im: Data<Im>) -> Result<HttpResponse, Fault> {
    let site = site(&im, &asked).await?;
    Ok(HttpResponse::Found().insert_header((header::LOCATION, format!("/w/{}", site.key))).finish())
}

/// `GET /compat/frame`
pub(in crate::http) async fn frame(
    request: HttpRequest,
    asked: Query<Asked>,
    im: Data<Im>,
    config: Data<Config>,
) -> Result<HttpResponse, Fault> {
    let site = site(&im, &asked).await?;
    let languages = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let locale = WIDGET.best(languages, &site.look.language);
    let limits = Limits { image: im.file_limits().image_bytes, file: im.file_limits().file_bytes };
    let nonce = Nonce::random();
    let html = FramePage::new(&site, locale, &nonce, limits).render().map_err(|_| error::internal())?;
    let mut answer = HttpResponse::Ok();
    headers::compat_frame(&nonce, &config.server, &site.origins, &asked.page).set(&mut answer);
    answer.insert_header((header::VARY, "accept-language"));
    Ok(page::html(&request, answer, html))
}

/// How large files may be, in bytes.
#[derive(Clone, Copy, Serialize)]
struct Limits {
    image: u64,
    file: u64,
}

/// What the scripts of the page start from.
#[derive(Serialize)]
struct PageData<'a> {
    app: &'a str,
    site: &'a str,
    origins: &'a [Origin],
    language: &'a str,
    texts: BTreeMap<&'a str, &'a Text>,
    modules: Modules,
    limits: Limits,
    /// Brand, on-brand, hover, press and edge, for the button on the page around the frame.
    light: [String; 5],
    dark: [String; 5],
}

/// Scripts that are loaded at their first use.
#[derive(Serialize)]
struct Modules {
    emoji: String,
    lightbox: String,
}

/// Texts by what their keys begin with.
const USED: &[&str] = &[
    "a11y-", "comp-", "compat-", "day-", "else-", "emoji-", "file-", "head-", "image-", "kind-", "list-", "log-",
    "msg-", "net-", "note-", "preview-", "state-", "status-", "typing-", "undo", "voice-",
];

/// Every icon that the page or its scripts show.
const ICONS: &[&str] = &[
    "chevron-start",
    "chevron-down",
    "close",
    "send",
    "search",
    "sound",
    "sound-off",
    "trash",
    "room",
    "notice",
    "download",
    "clock",
    "check",
    "check-double",
    "alert",
    "retry",
    "offline",
    "attach",
    "emoji",
    "image",
    "play",
    "pause",
];

#[derive(Template)]
#[template(path = "compat/frame.html")]
struct FramePage<'a> {
    nonce: &'a str,
    locale: &'a Locale,
    title: String,
    stylesheet: String,
    script: String,
    palette: Safe<String>,
    data: Safe<String>,
    icons: &'static [&'static str],
    blank: Row,
}

impl<'a> FramePage<'a> {
    fn new(site: &'a Site, locale: &'a Locale, nonce: &'a Nonce, limits: Limits) -> Self {
        let palette = Palette::of(&site.look.colour);
        let used = |key: &&String| USED.iter().any(|prefix| key.starts_with(prefix));
        let texts = locale.texts().iter().filter(|(key, _)| used(key));
        Self {
            nonce: nonce.as_str(),
            locale,
            title: locale.get("list-title"),
            stylesheet: assets::url("messenger.css"),
            script: assets::url("messenger.js"),
            palette: Safe(palette.css()),
            data: page_data(&PageData {
                app: site.app.as_str(),
                site: &site.name,
                origins: &site.origins,
                language: locale.tag(),
                texts: texts.map(|(key, text)| (key.as_str(), text)).collect(),
                modules: Modules { emoji: assets::url("emoji.js"), lightbox: assets::url("lightbox.js") },
                limits,
                light: palette.light.five(),
                dark: palette.dark.five(),
            }),
            icons: ICONS,
            blank: blank(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Millis, site::Look};

    #[test]
    fn the_frame_renders_in_every_language() {
        let site = Site {
            key: "demo1234".parse().unwrap(),
            app: "app12345".parse().unwrap(),
            name: "</script><b>".to_owned(),
            origins: vec![Origin::parse("https://shop.example").unwrap()],
            look: Look::default(),
            created_at: Millis::new(0),
        };
        for locale in WIDGET.locales() {
            let html = FramePage::new(&site, locale, &Nonce::random(), Limits { image: 1, file: 2 }).render().unwrap();
            assert!(html.contains(&format!(r#"lang="{}""#, locale.tag())) && !html.contains("<b>"));
            let keys = locale.texts().keys().filter(|key| key.contains('-'));
            let missing: Vec<_> = keys.filter(|key| html.contains(&format!(">{key}<"))).collect();
            assert!(missing.is_empty(), "{missing:?}");
            for key in ["list-empty", "compat-choose", "compat-delete-of", "undo"] {
                assert!(html.contains(&format!("\"{key}\":")), "{key}");
            }
        }
    }
}
