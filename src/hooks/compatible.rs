//! Callbacks as the compatible protocol has them: messages as a form, presence and chatrooms as lists, the signature in
//! the address (compatible protocol, "Webhooks").

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use url::{Url, form_urlencoded::Serializer};

use crate::{
    auth::app_secret::SharedSecret,
    model::{
        AppKey, Kind, Millis, Notice, Source, Topic,
        pre_send::{Question, Review},
    },
    outbound::Media,
};

/// A request's address, signed with the app's secret: `appKey`, `nonce`, `signTimestamp` and, under its older name,
/// `timestamp`, `signature`. Without a secret it goes unsigned, and its receiver refuses it.
pub(super) fn address(url: &str, app: &AppKey, secret: Option<&SharedSecret>, nonce: u64, now: Millis) -> String {
    let (Some(secret), Ok(mut url)) = (secret, Url::parse(url)) else { return url.to_owned() };
    let (nonce, at) = (nonce.to_string(), now.get().to_string());
    let signature = secret.sign(&nonce, &at).to_hex();
    url.query_pairs_mut().extend_pairs([
        ("appKey", app.as_str()),
        ("nonce", &nonce),
        ("signTimestamp", &at),
        ("timestamp", &at),
        ("signature", &signature),
    ]);
    url.into()
}

/// A body, and what it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) media: Media,
    pub(super) body: String,
}

/// A notice in this form. What has none, which nobody can ask for, is an empty list.
pub(super) fn written(notice: &Notice) -> Written {
    let body = notice.body.get();
    match notice.topic {
        Topic::MessageSent => Written { media: Media::Form, body: message(body).unwrap_or_default() },
        Topic::UserOnline | Topic::UserOffline => list(presence(body)),
        topic => list(chatroom(topic, notice.at, body)),
    }
}

fn list(entry: Option<Value>) -> Written {
    Written { media: Media::Json, body: Value::from_iter(entry).to_string() }
}

/// What is told of a message, of that what matters here.
#[derive(Deserialize)]
struct Told<'n> {
    uid: &'n str,
    kind: Kind,
    target: String,
    #[serde(default)]
    to: Vec<String>,
    at: i64,
    from: Who,
    #[serde(rename = "type")]
    name: String,
    #[serde(borrow)]
    content: &'n RawValue,
    replaced: bool,
    source: String,
}

#[derive(Deserialize)]
struct Who {
    id: String,
}

fn message(body: &str) -> Option<String> {
    let told: Told<'_> = serde_json::from_str(body).ok()?;
    let at = told.at.to_string();
    let mut form = Serializer::new(String::new());
    form.extend_pairs([
        ("fromUserId", told.from.id.as_str()),
        ("toUserId", &told.target),
        ("objectName", &told.name),
        ("content", told.content.get()),
        ("channelType", channel(told.kind)),
        ("timestamp", &at),
        ("msgTimestamp", &at),
        ("msgUID", told.uid),
        ("sensitiveType", if told.replaced { "2" } else { "0" }),
        ("source", source(&told.source)),
    ]);
    if !told.to.is_empty() {
        form.append_pair("groupUserIds", &json!(told.to).to_string());
    }
    Some(form.finish())
}

/// How the compatible protocol calls a kind of conversation.
const fn channel(kind: Kind) -> &'static str {
    match kind {
        Kind::Private => "PERSON",
        Kind::Discussion => "PERSONS",
        Kind::Group => "GROUP",
        Kind::Chatroom => "TEMPGROUP",
        Kind::Service => "CUSTOMERSERVICE",
        Kind::System => "NOTIFY",
        Kind::AppService => "MC",
        Kind::PublicService => "MP",
    }
}

/// By what a message came: everybody who is connected comes by the web.
fn source(name: &str) -> &'static str {
    if name == Source::Api.name() || name == Source::House.name() { "Server" } else { "Websocket" }
}

fn presence(body: &str) -> Option<Value> {
    #[derive(Deserialize)]
    struct Told {
        user: String,
        online: bool,
        at: i64,
    }
    let told: Told = serde_json::from_str(body).ok()?;
    let status = if told.online { "0" } else { "1" };
    Some(json!({
        "userid": told.user, "status": status, "os": "Websocket", "time": told.at, "clientIp": "", "sessionId": "",
    }))
}

fn chatroom(topic: Topic, at: Millis, body: &str) -> Option<Value> {
    #[derive(Deserialize)]
    struct Told {
        chatroom: String,
        #[serde(default)]
        users: Vec<String>,
        how: Option<String>,
    }
    let told: Told = serde_json::from_str(body).ok()?;
    let kind = match topic {
        Topic::ChatroomCreated => 0,
        Topic::ChatroomJoined => 1,
        Topic::ChatroomLeft => 2,
        Topic::ChatroomEnded => 3,
        _ => return None,
    };
    // Asked for, gone by the server's own rule, put out, ended by itself.
    let status = match told.how.as_deref() {
        Some("away") => 1,
        Some("put_out") => 2,
        Some("due" | "idle") => 3,
        _ => 0,
    };
    Some(json!({ "chatRoomId": told.chatroom, "userIds": told.users, "status": status, "type": kind, "time": at }))
}

/// A question about a message, as a form.
pub(super) fn question(app: &AppKey, id: &str, question: &Question<'_>) -> String {
    let id = question.client_id.map_or(id, |id| id.as_str());
    Serializer::new(String::new())
        .extend_pairs([
            ("appKey", app.as_str()),
            ("fromUserId", question.from.id.as_str()),
            ("targetId", question.target),
            ("msgType", question.name.as_str()),
            ("content", question.content.get()),
            ("channelType", channel(question.kind)),
            ("msgTimeStamp", &question.at.get().to_string()),
            ("messageId", id),
            ("os", source(question.source.name())),
        ])
        .finish()
}

/// What a receiver says: `pass` is 1 or 0, `content` the JSON text of what stands in the message's place.
pub(super) fn verdict(answer: &[u8]) -> Option<Review> {
    #[derive(Deserialize)]
    struct Said {
        pass: Pass,
        content: Option<Value>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Pass {
        Number(u8),
        Text(String),
        Bool(bool),
    }
    let said: Said = serde_json::from_slice(answer).ok()?;
    let pass = match said.pass {
        Pass::Number(0) | Pass::Bool(false) => false,
        Pass::Number(1) | Pass::Bool(true) => true,
        Pass::Text(text) if text == "0" => false,
        Pass::Text(text) if text == "1" => true,
        Pass::Number(_) | Pass::Text(_) => return None,
    };
    let replaced = match said.content {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.is_empty() => None,
        Some(Value::String(text)) => Some(RawValue::from_string(text).ok()?),
        Some(other) => Some(serde_json::value::to_raw_value(&other).ok()?),
    };
    Some(match (pass, replaced) {
        (false, _) => Review::Refuse,
        (true, Some(content)) => Review::Replace(content),
        (true, None) => Review::Pass,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_address_keeps_what_it_had() {
        let (secret, app) = (SharedSecret::from_bytes(b"secret".to_vec()).unwrap(), "halden".parse().unwrap());
        let signed = address("https://shop.example/hook?x=1", &app, Some(&secret), 7, Millis::new(1_790_000_000_000));
        let url = Url::parse(&signed).unwrap();
        let pairs: std::collections::BTreeMap<_, _> = url.query_pairs().collect();
        assert_eq!((pairs["x"].as_ref(), pairs["appKey"].as_ref(), pairs["nonce"].as_ref()), ("1", "halden", "7"));
        assert_eq!(pairs["signTimestamp"], pairs["timestamp"]);
        assert_eq!(pairs["signature"], secret.sign("7", "1790000000000").to_hex());
        assert_eq!(address("https://shop.example/", &app, None, 7, Millis::new(1)), "https://shop.example/");
    }

    #[test]
    fn verdicts_are_read_as_receivers_write_them() {
        let said = |text: &str| verdict(text.as_bytes());
        assert!(matches!(said(r#"{"pass":1}"#), Some(Review::Pass)));
        assert!(matches!(said(r#"{"pass":"1","content":""}"#), Some(Review::Pass)));
        assert!(matches!(said(r#"{"pass":0,"content":"{}"}"#), Some(Review::Refuse)));
        assert!(matches!(said(r#"{"pass":true,"content":"{\"content\":\"b\"}"}"#), Some(Review::Replace(_))));
        assert!(matches!(said(r#"{"pass":1,"content":{"content":"b"}}"#), Some(Review::Replace(_))));
        for text in ["", "ok", "{}", r#"{"pass":2}"#, r#"{"pass":1,"content":"{"}"#] {
            assert!(said(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_has_no_form_here_is_an_empty_list() {
        let notice = Notice::new(Topic::ConversationEnded, Millis::new(1), &json!({ "chatroom": "x" }));
        assert_eq!(written(&notice), Written { media: Media::Json, body: "[]".to_owned() });
    }
}
