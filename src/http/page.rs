//! Pages: one module per surface, a struct per template beside its handler.

use std::fmt::Write as _;

use askama::filters::Safe;
use serde::Serialize;

pub mod widget;

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
