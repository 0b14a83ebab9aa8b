//! One content for many, with words that differ.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{Content, Fault};

/// Words by the name of their mark.
pub type Words = BTreeMap<String, String>;

/// The content with every `{mark}` in its texts replaced by the words for it. Marks without words stay.
pub(super) fn fill(content: &Content, words: &Words) -> Result<Content, Fault> {
    let mut body: Value = content.view().unwrap_or_default();
    fill_value(&mut body, words);
    let body = serde_json::value::to_raw_value(&body).expect("a JSON value serialises");
    Ok(Content::new(content.name.clone(), body)?)
}

/// Bodies nest 16 levels at most, and so does this.
fn fill_value(value: &mut Value, words: &Words) {
    match value {
        Value::String(text) => *text = fill_text(text, words),
        Value::Array(values) => values.iter_mut().for_each(|value| fill_value(value, words)),
        Value::Object(fields) => fields.values_mut().for_each(|value| fill_value(value, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// In one pass, so that words never fill other words.
fn fill_text(text: &str, words: &Words) -> String {
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let word = after.split_once('}').and_then(|(mark, behind)| Some((words.get(mark)?, behind)));
        if let Some((word, behind)) = word {
            filled.push_str(word);
            rest = behind;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn marks_are_filled_wherever_a_text_stands_and_words_stay_words() {
        let words: Words = [("who", "A\"{b}\""), ("b", "B")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let content =
            Content::of("x:y", &json!({ "content": "{who} {{b} {c} {", "more": [{ "url": "/{b}" }], "n": 1 }));
        let filled: Value = fill(&content, &words).unwrap().view().unwrap();
        assert_eq!(filled, json!({ "content": "A\"{b}\" {B {c} {", "more": [{ "url": "/B" }], "n": 1 }));
    }
}
