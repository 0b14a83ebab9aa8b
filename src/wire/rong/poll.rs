//! Frames ⇄ the JSON of long polling, for pages without WebSocket.
//!
//! The same operations and the same bodies, with the field names of the protocol as keys; `data` is JSON *text* inside
//! the object, and `content` inside that is JSON text again. Clients find some keys by pattern instead of parsing:
//! objects are written without blanks, `sessionid` as a string, and a DISCONNECT begins with `{"headerCode":-32,`.
//! Copies of own messages cannot be told by a synced PUBLISH here. Later clients read the first byte as it is, and do
//! know copies. Source: compatible protocol, "Long polling".

use bytestring::ByteString;
use serde::{Serialize, de::DeserializeOwned};

use super::frame::{BadFrame, ClientFrame, ConnAck, MAX_BYTES, MAX_FIELDS, Push, Request, ServerFrame};
use crate::model::json::outside_texts;

/// The whole answer when the session is not known (any more): the client connects anew.
pub const LOST: &str = "lost params";
/// A poll without news must be answered before the client gives up on it, after 45 s.
pub const LONGEST_SECS: u64 = 40;

/// Query parameters of a POST that stand for a frame's head.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// `header`: the first byte in decimal, such as 82 for QUERY with an answer wanted.
    pub header: u8,
    /// `messageid`.
    pub id: u16,
    /// `topic`; absent for PUBACK and QUERYCON.
    pub topic: &'a str,
    /// `targetid`; absent for PUBACK and QUERYCON.
    pub target: &'a str,
}

/// Reads a POST as the frame that it stands for.
pub fn read(head: Head<'_>, body: &[u8]) -> Result<ClientFrame, BadFrame> {
    if body.len() > MAX_BYTES {
        return Err(BadFrame::TooLarge);
    }
    let request = || Request {
        topic: head.topic.to_owned(),
        target: head.target.to_owned(),
        id: head.id,
        wants_answer: head.header & 0b0110 != 0,
        body: body.to_vec(),
    };
    match head.header >> 4 {
        3 => Ok(ClientFrame::Publish(request())),
        5 => Ok(ClientFrame::Query(request())),
        4 => Ok(ClientFrame::PubAck { id: head.id }),
        7 => Ok(ClientFrame::QueryCon { id: head.id }),
        other => Err(BadFrame::Operation(other)),
    }
}

/// Reads a JSON body. Absent fields read as 0 or empty.
pub fn read_body<M: DeserializeOwned>(body: &[u8]) -> Result<M, BadFrame> {
    // As many values as a protobuf body may have fields, whatever their nesting.
    if outside_texts(body).filter(|byte| *byte == b',').count() > MAX_FIELDS {
        return Err(BadFrame::TooManyFields);
    }
    serde_json::from_slice(body).map_err(|_| BadFrame::Body)
}

/// The object for a frame. `None` for PINGRESP, and for synced messages, which exist for `later` clients only.
pub fn write(frame: &ServerFrame, later: bool) -> Option<ByteString> {
    let object = match frame {
        ServerFrame::ConnAck(ConnAck::Accepted { user, session, at }) => Object {
            user_id: Some(user),
            session: Some(session),
            timestamp: Some(at.get()),
            status: Some(0),
            ..Object::new(32, 0)
        },
        ServerFrame::ConnAck(ConnAck::Refused(status)) => {
            Object { status: Some((*status).into()), ..Object::new(32, 0) }
        }
        ServerFrame::Publish(push) if push.synced && !later => return None,
        ServerFrame::Publish(push) => Object {
            topic: Some(&push.topic),
            target: Some(&push.target),
            data: Some(data(&push.body)),
            ..Object::new(published(push), push.id)
        },
        ServerFrame::PubAck { id, status, at, uid } => {
            Object { status: Some(*status), timestamp: Some(at.get()), uid: Some(uid), ..Object::new(64, *id) }
        }
        ServerFrame::QueryAck(answer) => Object {
            status: Some(answer.status),
            date: Some(answer.at.get().div_euclid(1000)),
            data: Some(data(&answer.body)).filter(|data| !data.is_empty()),
            ..Object::new(if answer.wants_answer { 98 } else { 96 }, answer.id)
        },
        ServerFrame::Pong => return None,
        // 224; as the earlier client's eight signed bits, because by any other spelling it goes on polling.
        ServerFrame::Disconnect(status) => {
            Object { status: Some((*status).into()), ..Object::new(if later { 224 } else { -32 }, 0) }
        }
    };
    Some(serde_json::to_string(&object).expect("an object of texts and numbers serialises").into())
}

/// The first byte of a PUBLISH.
const fn published(push: &Push) -> i16 {
    match (push.wants_answer, push.synced) {
        (false, false) => 48,
        (true, false) => 50,
        (false, true) => 56,
        (true, true) => 58,
    }
}

fn data(body: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(body)
}

/// What every object may have, in the order in which it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    header_code: i16,
    message_id: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "sessionid")]
    session: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "targetId")]
    target: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<std::borrow::Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "messageUId")]
    uid: Option<&'a str>,
}

impl Object<'_> {
    const fn new(header_code: i16, message_id: u16) -> Self {
        Self {
            header_code,
            message_id,
            status: None,
            user_id: None,
            session: None,
            timestamp: None,
            date: None,
            topic: None,
            target: None,
            data: None,
            uid: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        model::Millis,
        proto::rong::{DownStreamMessages, SubUserStatusInput, SyncRequestMsg},
        wire::rong::frame::Answer,
    };

    const AT: Millis = Millis::new(1_795_383_033_398);

    fn written(frame: &ServerFrame) -> String {
        write(frame, false).unwrap().to_string()
    }

    fn head(header: u8) -> Head<'static> {
        Head { header, id: 7, topic: "pullMsg", target: "bob" }
    }

    #[test]
    fn check_54_and_56_every_frame_has_its_object() {
        let accepted = ConnAck::Accepted { user: "bob".into(), session: "cs1".into(), at: AT };
        let body = serde_json::to_vec(&DownStreamMessages { finished: Some(true), ..<_>::default() }).unwrap();
        let answer = Answer { id: 1, status: 0, at: AT, wants_answer: false, body: body.clone() };
        let push = Push {
            topic: "s_msg".into(),
            target: "bob".into(),
            id: 1,
            wants_answer: true,
            synced: false,
            at: AT,
            body: br#"{"content":"{}"}"#.to_vec(),
        };
        let table = [
            (
                ServerFrame::ConnAck(accepted),
                r#"{"headerCode":32,"messageId":0,"status":0,"userId":"bob","sessionid":"cs1","timestamp":1795383033398}"#,
            ),
            (ServerFrame::ConnAck(ConnAck::Refused(4)), r#"{"headerCode":32,"messageId":0,"status":4}"#),
            (
                ServerFrame::PubAck { id: 2, status: 0, at: AT, uid: "B003-AB".into() },
                r#"{"headerCode":64,"messageId":2,"status":0,"timestamp":1795383033398,"messageUId":"B003-AB"}"#,
            ),
            (
                ServerFrame::QueryAck(answer),
                r#"{"headerCode":96,"messageId":1,"status":0,"date":1795383033,"data":"{\"list\":[],\"syncTime\":0,\"finished\":true}"}"#,
            ),
            (
                ServerFrame::QueryAck(Answer { id: 1, status: 405, at: AT, wants_answer: false, body: Vec::new() }),
                r#"{"headerCode":96,"messageId":1,"status":405,"date":1795383033}"#,
            ),
            (
                ServerFrame::Publish(push.clone()),
                r#"{"headerCode":50,"messageId":1,"topic":"s_msg","targetId":"bob","data":"{\"content\":\"{}\"}"}"#,
            ),
        ];
        for (frame, object) in table {
            assert_eq!(written(&frame), object, "{frame:?}");
        }
        let copy = ServerFrame::Publish(Push { synced: true, ..push });
        assert_eq!(write(&copy, false), None);
        assert!(write(&copy, true).unwrap().starts_with(r#"{"headerCode":58,"messageId":1,"topic":"s_msg""#));
        assert_eq!(write(&ServerFrame::Pong, true), None);
    }

    #[test]
    fn check_58_a_disconnect_begins_as_clients_look_for_it() {
        assert_eq!(written(&ServerFrame::Disconnect(1)), r#"{"headerCode":-32,"messageId":0,"status":1}"#);
        let later = write(&ServerFrame::Disconnect(1), true).unwrap();
        assert_eq!(&*later, r#"{"headerCode":224,"messageId":0,"status":1}"#, "later clients read the byte as it is");
    }

    #[test]
    fn a_post_is_the_frame_of_its_first_byte() {
        let pull = br#"{"syncTime":5,"ispolling":false,"isPullSend":true}"#;
        let Ok(ClientFrame::Query(asked)) = read(head(82), pull) else { panic!("82 is a QUERY") };
        assert!(asked.wants_answer && asked.topic == "pullMsg" && asked.id == 7);
        assert_eq!(read_body::<SyncRequestMsg>(&asked.body).unwrap().is_pull_send, Some(true));
        assert!(matches!(read(head(80), b"{}"), Ok(ClientFrame::Query(query)) if !query.wants_answer));
        assert!(matches!(read(head(50), b"{}"), Ok(ClientFrame::Publish(sent)) if sent.wants_answer));
        assert_eq!(read(head(64), br#""""#), Ok(ClientFrame::PubAck { id: 7 }));
        assert_eq!(read(head(112), br#""""#), Ok(ClientFrame::QueryCon { id: 7 }));
        assert_eq!(read(head(32), b""), Err(BadFrame::Operation(2)));
        assert_eq!(read(head(192), b""), Err(BadFrame::Operation(12)), "there is no ping in a long poll");
    }

    #[test]
    fn w5_a_body_of_many_elements_is_refused() {
        let many = format!(r#"{{"userid":["a"{}]}}"#, r#","a""#.repeat(MAX_FIELDS + 1));
        let refused = read_body::<SubUserStatusInput>(many.as_bytes());
        assert_eq!(refused.unwrap_err(), BadFrame::TooManyFields);
        let talkative = format!(r#"{{"userid":["a\"{}"]}}"#, ",".repeat(MAX_FIELDS + 1));
        assert!(read_body::<SubUserStatusInput>(talkative.as_bytes()).is_ok());
        assert_eq!(read(head(80), &vec![b' '; MAX_BYTES + 1]), Err(BadFrame::TooLarge));
    }

    proptest! {
        #[test]
        fn no_post_panics(header: u8, body: Vec<u8>) {
            let _ = read(head(header), &body);
            let _ = read_body::<SyncRequestMsg>(&body);
        }
    }
}
