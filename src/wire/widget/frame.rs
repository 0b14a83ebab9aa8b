//! The envelope of a frame: `{"id", "cmd", "body"}`.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::command;
use crate::{
    model::{
        Code, Fault,
        json::{MAX_DEPTH, nests_deeper},
    },
    wire::{Refused, Request},
};

/// Largest id a JavaScript client can count to.
const MAX_ID: u64 = (1 << 53) - 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    id: u64,
    #[serde(borrow)]
    cmd: Cow<'a, str>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
}

/// Reads one frame. Strict: unknown or doubled fields, wrong types and deep nesting are refused.
pub fn decode(frame: &str) -> Result<(u64, Request), Refused> {
    if nests_deeper(frame, MAX_DEPTH) {
        let fault = Fault::new(Code::BadRequest, format!("the frame is nested deeper than {MAX_DEPTH} levels"));
        return Err(Refused { id: None, fault, bad_frame: true });
    }
    let envelope: Envelope<'_> = serde_json::from_str(frame).map_err(|error| refuse_envelope(frame, &error))?;
    let id = envelope.id;
    if !(1..=MAX_ID).contains(&id) {
        let fault = Fault::new(Code::BadRequest, format!("`id` is {id}; allowed are 1 to {MAX_ID}"));
        return Err(Refused { id: None, fault, bad_frame: true });
    }
    match command::decode(&envelope.cmd, envelope.body.map_or("{}", RawValue::get)) {
        Ok(request) => Ok((id, request)),
        Err(fault) => {
            let bad_frame = fault.code != Code::UnknownCommand;
            Err(Refused { id: Some(id), fault, bad_frame })
        }
    }
}

/// The cold path: what is wrong, and whether the id can be read all the same.
fn refuse_envelope(frame: &str, error: &serde_json::Error) -> Refused {
    let fields: Option<BTreeMap<Cow<'_, str>, &RawValue>> = serde_json::from_str(frame).ok();
    let Some(fields) = fields else {
        let fault = Fault::new(Code::BadRequest, format!("a frame is one JSON object: {}", plain(error)));
        return Refused { id: None, fault, bad_frame: true };
    };
    let id = fields.get("id").and_then(|id| id.get().parse().ok()).filter(|id| (1..=MAX_ID).contains(id));
    let fault = blame::<u64>(&fields, "id")
        .or_else(|| blame::<String>(&fields, "cmd"))
        .unwrap_or_else(|| Fault::new(Code::BadRequest, plain(error)));
    Refused { id, fault, bad_frame: true }
}

/// The fault of one field, if it is there and has the wrong type.
pub(super) fn blame<T: DeserializeOwned>(fields: &BTreeMap<Cow<'_, str>, &RawValue>, name: &str) -> Option<Fault> {
    let error = serde_json::from_str::<T>(fields.get(name)?.get()).err()?;
    Some(Fault::new(Code::BadRequest, format!("`{name}`: {}", plain(&error))))
}

/// serde's words without its line and column, which mean nothing in a frame.
pub(super) fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text.get(..end).unwrap_or_default().chars().take(240).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Command;

    fn refused(frame: &str) -> (Option<u64>, String) {
        let refused = decode(frame).expect_err(frame);
        (refused.id, refused.fault.message.into_owned())
    }

    #[test]
    fn a_ping_needs_no_body() {
        let ping = Ok((7, Request::Command(Command::Ping)));
        assert_eq!(decode(r#"{"id":7,"cmd":"ping"}"#), ping);
        assert_eq!(decode(r#"{"body":{},"cmd":"p\u0069ng","id":7}"#), ping);
    }

    #[test]
    fn w5_broken_envelopes_are_refused_and_say_why() {
        for (frame, id, words) in [
            ("", None, "one JSON object"),
            ("[]", None, "one JSON object"),
            ("{", None, "one JSON object"),
            (r#"{"id":1,"cmd":"ping"} {"id":2,"cmd":"ping"}"#, None, "one JSON object"),
            (r#"{"cmd":"ping"}"#, None, "missing field `id`"),
            (r#"{"id":"1","cmd":"ping"}"#, None, "`id`: invalid type"),
            (r#"{"id":0,"cmd":"ping"}"#, None, "allowed are 1 to"),
            (r#"{"id":-1,"cmd":"ping"}"#, None, "`id`: invalid value"),
            (r#"{"id":1.5,"cmd":"ping"}"#, None, "`id`: invalid type"),
            (r#"{"id":9007199254740992,"cmd":"ping"}"#, None, "allowed are 1 to"),
            (r#"{"id":3}"#, Some(3), "missing field `cmd`"),
            (r#"{"id":3,"cmd":7}"#, Some(3), "`cmd`: invalid type"),
            (r#"{"id":3,"cmd":"ping","extra":1}"#, Some(3), "unknown field `extra`"),
            (r#"{"id":3,"cmd":"ping","cmd":"ping"}"#, Some(3), "duplicate field `cmd`"),
            (r#"{"id":3,"cmd":"ping","body":7}"#, Some(3), "`body` must be a JSON object"),
            (r#"{"id":3,"cmd":"ping","body":{"x":1}}"#, Some(3), "unknown field `x`"),
            (r#"{"id":3,"cmd":"dance"}"#, Some(3), "dance"),
        ] {
            let (its_id, message) = refused(frame);
            assert_eq!(its_id, id, "{frame}");
            assert!(message.contains(words), "{frame}: {message}");
        }
    }

    #[test]
    fn w5_deep_frames_are_refused_before_they_are_read() {
        let frame = format!(r#"{{"id":1,"cmd":"ping","body":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
        assert!(refused(&frame).1.contains("deeper"));
        let text = format!(r#"{{"id":1,"cmd":"{}"}}"#, "[".repeat(40));
        assert!(!refused(&text).1.contains("deeper"));
    }

    #[test]
    fn an_unknown_command_is_no_broken_frame() {
        let refused = decode(r#"{"id":1,"cmd":"dance"}"#).unwrap_err();
        assert_eq!((refused.fault.code, refused.bad_frame), (Code::UnknownCommand, false));
    }

    proptest! {
        #[test]
        fn decoding_never_panics(frame in ".*") {
            let _ = decode(&frame);
        }

        #[test]
        fn decoding_something_like_a_frame_never_panics(
            cmd in "(hello|send|history|receipt|typing|conversations|conversation|status|[a-z]{3})",
            body in r#"\{("(conversation|user|desk|limit|before|since|v|as|type|content)":("[a-z0-9]{0,27}"|[0-9-]{1,20}|null|true|\[\]|\{\}),?){0,4}\}"#,
        ) {
            let _ = decode(&format!(r#"{{"id":1,"cmd":"{cmd}","body":{body}}}"#));
        }
    }
}
