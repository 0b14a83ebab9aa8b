//! `GET /compat/rong-widget.js`: the adapter, with the server's address and the launcher's words as its argument.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    config::Config,
    http::{
        assets, error,
        page::{page_data, widget::wrapped_script},
    },
    model::Fault,
    view::locale::{Locale, Text, WIDGET},
};

/// What the script needs to know before a page calls it. The same for every site of this server.
#[derive(Serialize)]
struct Configuration {
    origin: String,
    words: BTreeMap<&'static str, Value>,
}

/// `GET /compat/rong-widget.js`
pub(in crate::http) async fn adapter(request: HttpRequest, config: Data<Config>) -> Result<HttpResponse, Fault> {
    let script = script(config.server.origin())?;
    Ok(wrapped_script(&request, script))
}

fn script(origin: String) -> Result<String, Fault> {
    let code = assets::text("rong-widget.js").ok_or_else(error::internal)?;
    let words = WIDGET.locales().iter().map(|locale| (locale.tag(), words(locale))).collect();
    let argument = page_data(&Configuration { origin, words }).0;
    Ok(format!("(function(PARLOR){{{code}}})({argument});"))
}

fn words(locale: &Locale) -> Value {
    let unread = match locale.texts().get("a11y-unread") {
        Some(Text::Plural(forms)) => json!(forms),
        Some(Text::Plain(text)) => json!({ "other": text }),
        None => json!({ "other": "" }),
    };
    json!({
        "recent": locale.get("list-title"),
        "service": locale.get("launcher-label"),
        "unread": unread,
        "picture": locale.get("kind-image"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_adapter_speaks_every_language() {
        let script = script("https://chat.example.com".to_owned()).unwrap();
        assert!(script.starts_with("(function(PARLOR){") && script.contains(r#""origin":"https://chat.example.com""#));
        for locale in WIDGET.locales() {
            assert!(script.contains(&format!(r#""{}":{{"#, locale.tag())), "{}", locale.tag());
        }
    }
}
