//! `GET /w/{site}.js`: the launcher, with the site's configuration as the argument of the function around it.

use std::{collections::BTreeMap, io::Write, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Path},
};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use moka::sync::Cache;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    config::Config,
    http::{assets, error, headers},
    im::Im,
    model::{Fault, Site},
    view::{
        Palette,
        locale::{Locale, Text, WIDGET},
    },
};

/// What the script needs to know of its site. Nothing about the visitor: it is the same for everybody (E6).
#[derive(Serialize)]
struct Configuration<'a> {
    origin: String,
    site: &'a str,
    language: &'a str,
    words: BTreeMap<&'static str, Value>,
    light: [String; 5],
    dark: [String; 5],
}

/// Compressed scripts by the hash of their text. Kept by content, so that it never has to be forgotten.
static COMPRESSED: LazyLock<Cache<String, Bytes>> = LazyLock::new(|| Cache::new(1_000));

/// `GET /w/{site}.js`
pub async fn launcher(
    request: HttpRequest,
    path: Path<String>,
    im: Data<Im>,
    config: Data<Config>,
) -> Result<HttpResponse, Fault> {
    let site = super::site(&im, &path).await?;
    let script = script(&site, config.server.origin())?;
    Ok(answer(&request, script))
}

fn script(site: &Site, origin: String) -> Result<String, Fault> {
    let code = assets::text("launcher.js").ok_or_else(error::internal)?;
    let palette = Palette::of(&site.look.colour);
    let configuration = Configuration {
        origin,
        site: site.key.as_str(),
        language: &site.look.language,
        words: WIDGET.locales().iter().map(|locale| (locale.tag(), words(locale, &site.name))).collect(),
        light: palette.light.five(),
        dark: palette.dark.five(),
    };
    let argument = crate::http::page::page_data(&configuration).0;
    Ok(format!("(function(PARLOR){{{code}}})({argument});"))
}

/// Open, with unread messages, close, and the panel's title.
fn words(locale: &Locale, site: &str) -> Value {
    let unread = match locale.texts().get("launcher-unread") {
        Some(Text::Plural(forms)) => json!(forms),
        Some(Text::Plain(text)) => json!({ "other": text }),
        None => json!({ "other": "" }),
    };
    json!([
        locale.get("launcher-open"),
        unread,
        locale.get("launcher-close"),
        locale.format("panel-title", &[("site", site.into())])
    ])
}

/// Answers with a script that was put together: under a tag of its content, compressed once.
pub(in crate::http) fn answer(request: &HttpRequest, script: String) -> HttpResponse {
    let tag = HEXLOWER.encode(&Sha256::digest(&script));
    let quoted = header::EntityTag::new_strong(tag.clone());
    let mut answer = HttpResponse::Ok();
    headers::asset(false).set(&mut answer);
    answer.insert_header(header::ETag(quoted.clone())).insert_header((header::VARY, "accept-encoding"));
    if assets::has(request, &quoted) {
        return answer.status(StatusCode::NOT_MODIFIED).finish();
    }
    answer.content_type("text/javascript; charset=utf-8");
    if assets::takes_brotli(request.headers()) {
        let packed = COMPRESSED.get_with(tag, || compress(&script));
        return answer.insert_header((header::CONTENT_ENCODING, "br")).body(packed);
    }
    answer.body(script)
}

fn compress(script: &str) -> Bytes {
    let mut packer = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
    packer.write_all(script.as_bytes()).expect("writing to memory does not fail");
    packer.into_inner().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Millis, site::Look};

    fn site(name: &str) -> Site {
        Site {
            key: "demo1234".parse().unwrap(),
            app: "app12345".parse().unwrap(),
            name: name.to_owned(),
            origins: Vec::new(),
            look: Look::default(),
            created_at: Millis::new(0),
        }
    }

    #[test]
    fn the_launcher_fits_its_budget() {
        let script = script(&site("Halden"), "https://chat.example.com".to_owned()).unwrap();
        let packed = compress(&script).len();
        assert!(packed <= 4096, "{packed} bytes of brotli");
    }

    #[test]
    fn a_site_name_cannot_become_code() {
        let script = script(&site("\"});alert(1)//</script>\u{2028}"), "https://chat.example.com".to_owned()).unwrap();
        assert!(script.contains(r#"\"});alert(1)//\u003c/script\u003e\u2028"#));
    }
}
