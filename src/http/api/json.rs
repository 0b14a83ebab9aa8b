//! The form of a JSON body, before anybody looks at what it says.

use serde::de::DeserializeOwned;

use crate::model::{
    Code, Fault,
    json::{MAX_DEPTH, escapes_nul, outside_texts},
};

/// Most items of one array (security §13).
pub(super) const MOST_ITEMS: usize = 1000;

/// Reads a body whose form was checked. serde's own words name fields and types, and of the body one value at most.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::new(Code::BadRequest, error.to_string()))
}

/// Refuses what is nested too deeply, arrays that are too long, and the character U+0000, whether anybody reads them or not.
/// Whether it is JSON at all is for the reader to say.
pub(in crate::http) fn check_form(body: &[u8]) -> Result<(), Fault> {
    if std::str::from_utf8(body).is_ok_and(escapes_nul) {
        return Err(Fault::new(Code::BadRequest, "the body holds the character U+0000, which cannot be kept"));
    }
    // For each open bracket: how many commas stood in it; `None` for objects.
    let mut open: Vec<Option<usize>> = Vec::new();
    for byte in outside_texts(body) {
        match byte {
            b'{' | b'[' => {
                if open.len() == MAX_DEPTH {
                    let message = format!("the body is nested more than {MAX_DEPTH} deep");
                    return Err(Fault::new(Code::BadRequest, message));
                }
                open.push((byte == b'[').then_some(0));
            }
            b'}' | b']' => drop(open.pop()),
            b',' => {
                if let Some(Some(commas)) = open.last_mut() {
                    *commas += 1;
                    if *commas >= MOST_ITEMS {
                        let message = format!("an array of the body has more than {MOST_ITEMS} items");
                        return Err(Fault::new(Code::BadRequest, message));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w5_what_is_nested_too_deeply_is_refused() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(check_form(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(check_form(nested(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(check_form(format!(r#"{{"a":"{}\""}}"#, "[".repeat(40)).as_bytes()).is_ok());
    }

    #[test]
    fn what_no_store_can_keep_is_refused() {
        let refused = check_form(br#"{"name":"a\u0000b"}"#).unwrap_err();
        assert!(refused.message.contains("U+0000"), "{refused:?}");
        assert!(check_form(br#"{"name":"a\\u0000b"}"#).is_ok());
    }

    #[test]
    fn long_arrays_are_refused_wherever_they_stand() {
        let list = |items: usize| format!(r#"{{"x":{{"y":[{}]}}}}"#, vec!["1"; items].join(","));
        assert!(check_form(list(MOST_ITEMS).as_bytes()).is_ok());
        assert!(check_form(list(MOST_ITEMS + 1).as_bytes()).is_err());
        assert!(check_form(format!(r#"["{}"]"#, ",".repeat(5000)).as_bytes()).is_ok());
    }
}
