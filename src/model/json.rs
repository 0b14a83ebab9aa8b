//! What JSON text looks like, before anybody reads what it says.

/// Deepest nesting of objects and arrays in what comes from outside (W5).
pub const MAX_DEPTH: usize = 16;

/// Whether objects and arrays nest more than `levels` deep. What is no JSON at all is for its reader to find.
pub fn nests_deeper(json: &str, levels: usize) -> bool {
    // Little JSON has more brackets at all than levels are allowed; only that is walked.
    if json.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() <= levels {
        return false;
    }
    let mut depth = 0_usize;
    outside_texts(json.as_bytes()).any(|byte| {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > levels
    })
}

/// The bytes of JSON that stand outside its texts: brackets, commas, colons, numbers, blanks and closing quotes.
pub fn outside_texts(json: &[u8]) -> impl Iterator<Item = u8> {
    let (mut in_text, mut escaped) = (false, false);
    json.iter().copied().filter(move |byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ => {}
        }
        !in_text
    })
}

/// Whether JSON writes U+0000 anywhere, which PostgreSQL cannot keep in a text. As itself it is no JSON.
pub fn escapes_nul(json: &str) -> bool {
    // Hardly any JSON has these letters at all.
    json.match_indices("\\u0000").any(|(at, _)| {
        let before = json.as_bytes().iter().take(at).rev().take_while(|byte| **byte == b'\\').count();
        before % 2 == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w5_depth_counts_levels_not_brackets() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(!nests_deeper(&nested(3), 3));
        assert!(nests_deeper(&nested(4), 3));
        assert!(!nests_deeper(r#"[{},{},[[]],{"a":[]}]"#, 3));
    }

    #[test]
    fn what_texts_hold_is_no_form() {
        let outside = |json: &str| String::from_utf8(outside_texts(json.as_bytes()).collect()).unwrap();
        assert_eq!(outside(r#"{"a,[":"\"]\\",7:["{"]}"#), r#"{":",7:["]}"#);
        assert_eq!(outside(r#"["open "#), "[");
    }

    #[test]
    fn u_0000_is_found_wherever_json_writes_it() {
        for (json, holds) in [
            (r#"{"a":"\u0000"}"#, true),
            (r#"{"a":"x\\\u0000"}"#, true),
            (r#"{"a":"\\u0000"}"#, false),
            (r#"{"\u0000":1}"#, true),
            (r#"{"a":"\u00000"}"#, true),
            (r#"{"a":"\u0001 u0000"}"#, false),
        ] {
            assert_eq!(escapes_nul(json), holds, "{json}");
        }
    }
}
