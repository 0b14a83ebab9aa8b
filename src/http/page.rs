//! Pages: one module per surface, a struct per template beside its handler.

use std::{fmt::Write as _, io::Write as _};

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{self, HeaderValue},
};
use askama::filters::Safe;
use serde::Serialize;

use super::assets;

pub mod widget;

/// Good enough for a page made on the spot: a millisecond, and nearly as small as the best.
const QUALITY: u32 = 5;

/// Answers with a page, compressed when the browser takes it. A page that holds a secret beside what somebody else
/// chose must not come this way: its length would tell.
pub fn html(request: &HttpRequest, mut answer: HttpResponseBuilder, html: String) -> HttpResponse {
    answer.content_type("text/html; charset=utf-8");
    answer.append_header((header::VARY, HeaderValue::from_static("accept-encoding")));
    if !assets::takes_brotli(request.headers()) {
        return answer.body(html);
    }
    let mut packer = brotli::CompressorWriter::new(Vec::with_capacity(html.len() / 3), 4096, QUALITY, 20);
    packer.write_all(html.as_bytes()).expect("writing to memory does not fail");
    answer.insert_header((header::CONTENT_ENCODING, "br")).body(packer.into_inner())
}

/// Data for a page's `<script type="application/json">`: nothing in it can end the element or start a comment (B2).
pub fn page_data(data: &impl Serialize) -> Safe<String> {
    let json = serde_json::to_string(data).expect("page data has no maps with odd keys");
    let mut escaped = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                write!(escaped, "\\u{:04x}", u32::from(c)).expect("writing to a string does not fail");
            }
            _ => escaped.push(c),
        }
    }
    Safe(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b2_page_data_cannot_leave_its_element() {
        let Safe(json) = page_data(&["</script><!--&\u{2028}"]);
        assert_eq!(json, r#"["\u003c/script\u003e\u003c!--\u0026\u2028"]"#);
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), ["</script><!--&\u{2028}"]);
    }
}
