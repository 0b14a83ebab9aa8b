//! What a message carries: an object name and a JSON body, kept as given.
//!
//! Source: spec "Message types and enums" §1 and §2. Unknown names and unknown fields pass through untouched.

use std::{borrow::Cow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{FileId, UserId};

/// The wire name of a content type, such as `RC:TxtMsg`: 1–32 visible ASCII characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ObjectName(Arc<str>);

impl ObjectName {
    /// Longest allowed name in characters (§1 "objectName").
    pub const MAX: usize = 32;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the type is one that every client knows, and not an app's own.
    pub fn is_built_in(&self) -> bool {
        self.0.starts_with("RC:")
    }

    /// Whether messages of this type are signals of the moment, which back ends are not told of.
    pub fn is_status(&self) -> bool {
        is_status(self.as_str())
    }

    /// How messages of this type are kept and counted (§2, columns P and C). Unknown names are kept and counted.
    pub fn flags(&self) -> Flags {
        flags_of(self.as_str())
    }
}

impl FromStr for ObjectName {
    type Err = InvalidContent;

    fn from_str(text: &str) -> Result<Self, InvalidContent> {
        if (1..=Self::MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidContent::Name)
        }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for ObjectName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ObjectName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether a message is stored, and whether it raises unread counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flags {
    /// Kept in history, given a `seq`.
    pub stored: bool,
    /// Raises the unread count of the other participants.
    pub counted: bool,
}

/// Names of the contents that the domain itself must understand.
pub mod names {
    /// Plain text: `{content}`.
    pub const TEXT: &str = "RC:TxtMsg";
    /// A picture: `{content, imageUri}` with a small JPEG in base64 and the address of the large one.
    pub const IMAGE: &str = "RC:ImgMsg";
    /// A moving picture: `{gifDataSize, remoteUrl, width, height}`.
    pub const GIF: &str = "RC:GIFMsg";
    /// Sound kept as a file: `{remoteUrl, duration, type}`.
    pub const VOICE: &str = "RC:HQVCMsg";
    /// A film: `{sightUrl, content, duration, size, name}`.
    pub const VIDEO: &str = "RC:SightMsg";
    /// Anything to save: `{name, size, type, fileUrl}`.
    pub const FILE: &str = "RC:FileMsg";
    /// A title, a text, a picture and an address: `{title, content, imageUri, url}`.
    pub const RICH: &str = "RC:ImgTextMsg";
    /// What a visitor looks at, as pages of the original widget tell it: `{title, url, content, imageUrl}`.
    pub const PRODUCT: &str = "cs:product";
    /// A grey note: `{message}`.
    pub const INFO: &str = "RC:InfoNtf";
    /// Stands where a message was taken back: `{messageUId, conversationType, targetId, sentTime, user}`.
    pub const RECALLED: &str = "RC:RcCmd";
    /// Who came, went or changed what in a group: `{operatorUserId, operation, data, message}`.
    pub const GROUP_NOTICE: &str = "RC:GrpNtf";
    /// The same for discussions: `{type, extension, operation}`.
    pub const DISCUSSION_NOTICE: &str = "RC:DizNtf";
    /// An attribute of a chatroom changed: `{type, key, value, extra}`; 1 set, 2 removed.
    pub const ATTRIBUTE_NOTICE: &str = "RC:chrmKVNotiMsg";
    /// Stands where somebody threw a message away, or where one is that is not for them: `{}`.
    pub const DELETED: &str = "parlor:deleted";
    /// Visitor asks for service: `{userInfo, requestInfo, contactInfo, groupid}`.
    pub const HANDSHAKE: &str = "RC:CsHs";
    /// Answer to the handshake: `{status, msg, data}`.
    pub const HANDSHAKE_RESPONSE: &str = "RC:CsHsR";
    /// Visitor asks for a person (spelling of the web SDK); `RC:CsCha` is the newer spelling.
    pub const CHANGE_MODE: &str = "RC:CSCha";
    /// Newer spelling of [`CHANGE_MODE`].
    pub const CHANGE_MODE_NEW: &str = "RC:CsCha";
    /// Answer to the request for a person: `{code, msg, data: {status}}`.
    pub const CHANGE_MODE_RESPONSE: &str = "RC:CsChaR";
    /// Who serves now: `{serviceStatus, sid}`.
    pub const STATUS_UPDATE: &str = "RC:CsUpdate";
    /// Visitor leaves: `{sid, uid, pid}`.
    pub const SUSPEND: &str = "RC:CsSp";
    /// Service ended: `{code, msg, sid}`.
    pub const TERMINATE: &str = "RC:CsEnd";
    /// Rating: `{uid, sid, pid, source, suggest, isresolve, type, tag}`.
    pub const EVALUATE: &str = "RC:CsEva";
    /// Asks the visitor to leave a message: `{content}`.
    pub const PULL_LEAVE_MESSAGE: &str = "RC:CsPLM";
    /// A left message: one key per form item.
    pub const LEAVE_MESSAGE: &str = "RC:CsLm";
    /// Another form of a left message.
    pub const CONTACT: &str = "RC:CsContact";
    /// Who has read this? `{messageUId}`.
    pub const READ_REQUEST: &str = "RC:RRReqMsg";
    /// I have read these: `{receiptMessageDic: {sender: [messageUId]}}`.
    pub const READ_RESPONSE: &str = "RC:RRRspMsg";
    /// I have read everything up to there, to the other one: `{messageUId, lastMessageSendTime, type}`.
    pub const READ: &str = "RC:ReadNtf";
    /// The same, to the own devices: `{lastMessageSendTime}`.
    pub const SYNC_READ: &str = "RC:SRSMsg";
    /// Somebody is composing; online only.
    pub const TYPING: &str = "RC:TypSts";
}

/// Flags by name, §2.1–§2.5. `RC:CsLm` is stored, unlike the SDK's built-in tag: a left message must not vanish.
fn flags_of(name: &str) -> Flags {
    let (stored, counted) = match name {
        "RC:InfoNtf" | "RC:ContactNtf" | "RC:ProfileNtf" | "RC:CmdNtf" | "RC:GrpNtf" | "RC:DizNtf" | "RC:RcCmd" => {
            (true, false)
        }
        "RC:CmdMsg" | "RC:chrmKVNotiMsg" | "RC:TypSts" | "RC:ReadNtf" | "RC:RRReqMsg" | "RC:RRRspMsg" | "RC:SRSMsg"
        | "RC:CsHs" | "RC:CsHsR" | "RC:CSCha" | "RC:CsCha" | "RC:CsChaR" | "RC:CsUpdate" | "RC:CsSp" | "RC:CsEnd"
        | "RC:CsEva" | "RC:CsContact" | "RC:CsPullEva" | "RC:CsPLM" | "RC:CsCEI" | "RC:CsEI" | "RC:CsDHM"
        | "RC:CsHM" | "RC:VCInvite" | "RC:VCRinging" | "RC:VCAccept" | "RC:VCHangup" | "RC:VCSummary"
        | "RC:VCModifyMedia" | "RC:VCModifyMem" | "RC:MsgExMsg" | "RC:RRMsg" | "RC:LogCmdMsg" | "RC:InterceptMsg" => {
            (false, false)
        }
        _ => (true, true),
    };
    Flags { stored, counted }
}

/// Signals of the moment: who types, who read what. Nobody but those present is told.
fn is_status(name: &str) -> bool {
    matches!(name, "RC:TypSts" | "RC:ReadNtf" | "RC:RRReqMsg" | "RC:RRRspMsg" | "RC:RRMsg" | "RC:SRSMsg")
}

/// Why a name or body is not a content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContent {
    /// The object name is empty, too long or not visible ASCII.
    #[error("`type` must be 1 to 32 visible ASCII characters, such as RC:TxtMsg")]
    Name,
    /// The body is not a JSON object.
    #[error("`content` must be a JSON object")]
    NotAnObject,
    /// The body is larger than [`Content::MAX_BYTES`].
    #[error("`content` is {len} bytes long; the limit is {max} bytes")]
    TooLarge {
        /// Bytes given.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// The body nests deeper than allowed.
    #[error("`content` is nested deeper than {max} levels")]
    TooDeep {
        /// Levels allowed.
        max: usize,
    },
    /// The body holds U+0000, which the stores refuse.
    #[error("`content` holds the character U+0000")]
    Nul,
    /// The body holds half of a surrogate pair, which is no character.
    #[error("`content` holds half of a surrogate pair")]
    Surrogate,
}

/// An object name and a JSON object, byte for byte as the sender wrote it. Cheap to clone.
#[derive(Clone)]
pub struct Content {
    /// The type.
    pub name: ObjectName,
    body: Arc<RawValue>,
    /// How it is kept and counted, where its sender decides that.
    flags: Option<Flags>,
}

impl Content {
    /// Largest body in bytes (§1 "Max content size").
    pub const MAX_BYTES: usize = 128 * 1024;
    /// Deepest nesting of objects and arrays (W5).
    pub const MAX_DEPTH: usize = 16;
    /// Most files that one content can name: one per field that may hold an address.
    pub const MOST_FILES: usize = 4;

    /// Checks size, shape and depth. The body stays as given.
    pub fn new(name: ObjectName, body: Box<RawValue>) -> Result<Self, InvalidContent> {
        let text = body.get();
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidContent::TooLarge { len: text.len(), max: Self::MAX_BYTES });
        }
        if !text.starts_with('{') {
            return Err(InvalidContent::NotAnObject);
        }
        check_depth(text)?;
        check_escapes(text)?;
        Ok(Self { name, body: Arc::from(body), flags: None })
    }

    /// A content made by ourselves.
    pub fn of(name: &str, body: &impl Serialize) -> Self {
        let name = name.parse().expect("our own object names are valid");
        let body = serde_json::value::to_raw_value(body).expect("our own bodies are plain data and serialise");
        Self { name, body: Arc::from(body), flags: None }
    }

    /// Plain text.
    pub fn text(text: &str) -> Self {
        Self::of(names::TEXT, &serde_json::json!({ "content": text }))
    }

    /// A stored body, as it was checked when it came in.
    pub fn from_stored(name: &str, body: String) -> Result<Self, InvalidContent> {
        let body = RawValue::from_string(body).map_err(|_| InvalidContent::NotAnObject)?;
        Ok(Self { name: name.parse()?, body: Arc::from(body), flags: None })
    }

    /// The same type with an empty body.
    #[must_use]
    pub fn emptied(&self) -> Self {
        let body = Arc::from(RawValue::from_string("{}".to_owned()).expect("an object"));
        Self { name: self.name.clone(), body, flags: None }
    }

    /// The same, kept and counted as its sender wants it. Only types of an app's own are.
    #[must_use]
    pub fn with_flags(self, flags: Flags) -> Self {
        Self { flags: Some(flags), ..self }
    }

    /// How it is kept and counted: by its name, unless its sender decides that.
    pub fn flags(&self) -> Flags {
        self.flags.unwrap_or_else(|| self.name.flags())
    }

    /// How its sender wants it kept and counted, if they decided that.
    pub const fn chosen_flags(&self) -> Option<Flags> {
        self.flags
    }

    /// The JSON text of the body.
    pub fn body(&self) -> &str {
        self.body.get()
    }

    /// The body for embedding into other JSON without copying.
    pub fn raw(&self) -> &RawValue {
        &self.body
    }

    /// The body as a typed view; unknown fields are ignored. `None` when it does not have that shape.
    pub fn view<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_str(self.body.get()).ok()
    }

    /// The words of a content that is a title, a text and an address, a line each; `None` for other contents.
    /// `static/shared/models/card.js` says the same.
    pub fn card(&self) -> Option<String> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Card {
            title: String,
            content: String,
            url: String,
        }
        if !matches!(self.name.as_str(), names::RICH | names::PRODUCT) {
            return None;
        }
        let Card { title, content, url } = self.view().unwrap_or_default();
        let lines = [title, content, url];
        Some(lines.iter().filter(|line| !line.is_empty()).map(String::as_str).collect::<Vec<_>>().join("\n"))
    }

    /// Stands, for one reader, where they threw a message away.
    pub fn deleted() -> Self {
        Self::of(names::DELETED, &serde_json::json!({}))
    }

    /// Whether this stands where a message was taken back.
    pub fn is_recalled(&self) -> bool {
        self.name.as_str() == names::RECALLED
    }

    /// Whether this stands where a message was, for everybody: taken back, or deleted by the back end.
    pub fn is_gone(&self) -> bool {
        self.is_recalled() || self.name.as_str() == names::DELETED
    }

    /// Who is called by name in this message (`mentionedInfo`).
    pub fn mentions(&self) -> Mentions {
        #[derive(Deserialize)]
        struct Body {
            #[serde(rename = "mentionedInfo")]
            info: Option<Info>,
        }
        #[derive(Deserialize)]
        struct Info {
            #[serde(rename = "type")]
            kind: u8,
            #[serde(rename = "userIdList", default)]
            users: Vec<String>,
        }
        // Most messages call nobody: they are not read twice.
        if !self.body().contains("\"mentionedInfo\"") {
            return Mentions::Nobody;
        }
        match self.view::<Body>().and_then(|body| body.info) {
            Some(Info { kind: 1, .. }) => Mentions::Everybody,
            Some(Info { kind: 2, users }) => {
                Mentions::These(users.iter().take(Mentions::MOST).filter_map(|user| user.parse().ok()).collect())
            }
            _ => Mentions::Nobody,
        }
    }

    /// The files of this server that the content names, at most [`Content::MOST_FILES`]. Addresses elsewhere are not
    /// ours to care for.
    pub fn files(&self) -> Vec<FileId> {
        // Most messages name no file: they are not read twice. A slash may be escaped.
        if !self.body().contains("files") {
            return Vec::new();
        }
        let mut found: Vec<FileId> = self.addresses().iter().filter_map(|text| FileId::referred(text)).collect();
        found.dedup();
        found
    }

    /// What stands in the fields that may hold the address of a file.
    pub fn addresses(&self) -> Vec<String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            image_uri: Option<String>,
            file_url: Option<String>,
            remote_url: Option<String>,
            sight_url: Option<String>,
        }
        let Some(body) = self.view::<Body>() else { return Vec::new() };
        [body.image_uri, body.file_url, body.remote_url, body.sight_url].into_iter().flatten().collect()
    }

    /// The words that a list or notification shows for this message: text, note or left message; `None` for others.
    pub fn words(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Words {
            content: Option<String>,
            message: Option<String>,
            msg_content: Option<String>,
        }
        let words: Words = self.view()?;
        match self.name.as_str() {
            names::TEXT => words.content,
            names::INFO => words.message,
            names::LEAVE_MESSAGE => words.msg_content,
            _ => None,
        }
    }
}

/// Who is called by name in a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Mentions {
    /// Nobody.
    #[default]
    Nobody,
    /// Everybody in the conversation.
    Everybody,
    /// These users; those who take no part hear nothing.
    These(Vec<UserId>),
}

impl Mentions {
    /// Most users called in one message.
    pub const MOST: usize = 100;
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.body.get() == other.body.get()
    }
}

/// Never prints the body: message text stays out of logs (L1).
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({}, {} bytes)", self.name, self.body.get().len())
    }
}

fn check_depth(json: &str) -> Result<(), InvalidContent> {
    // Few bodies have more brackets at all than levels are allowed; only those are walked.
    if json.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() <= Content::MAX_DEPTH {
        return Ok(());
    }
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                if depth > Content::MAX_DEPTH {
                    return Err(InvalidContent::TooDeep { max: Content::MAX_DEPTH });
                }
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// What JSON can escape and no store can keep: U+0000, and halves of surrogate pairs that stand alone (W8).
fn check_escapes(json: &str) -> Result<(), InvalidContent> {
    let (mut rest, mut half) = (json.as_bytes(), false);
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let (unit, after) = match rest.get(at + 1..).unwrap_or_default() {
            [b'u', a, b, c, d, after @ ..] => (hex([*a, *b, *c, *d]), after),
            [_, after @ ..] => (None, after),
            [] => (None, [].as_slice()),
        };
        let is_low = unit.is_some_and(|unit| (0xDC00..=0xDFFF).contains(&unit));
        if is_low != half || (half && at != 0) {
            return Err(InvalidContent::Surrogate);
        }
        if unit == Some(0) {
            return Err(InvalidContent::Nul);
        }
        half = unit.is_some_and(|unit| (0xD800..=0xDBFF).contains(&unit));
        rest = after;
    }
    if half { Err(InvalidContent::Surrogate) } else { Ok(()) }
}

fn hex(digits: [u8; 4]) -> Option<u16> {
    u16::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(body: &str) -> Result<Content, InvalidContent> {
        Content::new("RC:TxtMsg".parse().unwrap(), RawValue::from_string(body.to_owned()).unwrap())
    }

    #[test]
    fn a_card_is_its_lines() {
        let card =
            serde_json::json!({ "title": "Lamp 3", "url": "https://shop.example/3", "imageUrl": "x", "content": "" });
        assert_eq!(Content::of(names::PRODUCT, &card).card().unwrap(), "Lamp 3\nhttps://shop.example/3");
        assert_eq!(Content::of(names::RICH, &serde_json::json!({ "title": 3 })).card().unwrap(), "");
        assert_eq!(Content::of(names::TEXT, &card).card(), None);
    }

    #[test]
    fn a_body_is_kept_byte_for_byte() {
        let body = r#"{"content":"hi","unknown":[1, 2.50]}"#;
        assert_eq!(content(body).unwrap().body(), body);
    }

    #[test]
    fn a_body_that_is_no_object_is_refused() {
        assert_eq!(content("[1]").unwrap_err(), InvalidContent::NotAnObject);
    }

    #[test]
    fn mentions_are_read_from_the_body() {
        let called = |body: &str| content(body).unwrap().mentions();
        assert_eq!(called(r#"{"content":"hi"}"#), Mentions::Nobody);
        assert_eq!(called(r#"{"content":"\"mentionedInfo\""}"#), Mentions::Nobody);
        assert_eq!(called(r#"{"mentionedInfo":null}"#), Mentions::Nobody);
        assert_eq!(called(r#"{"mentionedInfo":{"type":1}}"#), Mentions::Everybody);
        let these = Mentions::These(vec!["bob".parse().unwrap()]);
        assert_eq!(called(r#"{"mentionedInfo":{"type":2,"userIdList":["bob","not an id"]}}"#), these);
    }

    #[test]
    fn files_of_ours_are_read_from_the_body() {
        let id = FileId::from_u128(7);
        let named = |body: &str| content(body).unwrap().files();
        assert_eq!(named(&format!(r#"{{"content":"","imageUri":"/files/{id}"}}"#)), [id]);
        assert_eq!(named(&format!(r#"{{"fileUrl":"\/files\/{id}","imageUri":null}}"#)), [id]);
        assert_eq!(named(&format!(r#"{{"imageUri":"https://cdn.example/files/{id}"}}"#)), []);
        assert_eq!(named(r#"{"content":"see /files/x"}"#), []);
    }

    #[test]
    fn every_type_of_the_catalogue_has_its_flags() {
        let rows = [
            (
                (true, true),
                &[
                    "RC:TxtMsg",
                    "RC:ImgMsg",
                    "RC:VcMsg",
                    "RC:HQVCMsg",
                    "RC:LBSMsg",
                    "RC:FileMsg",
                    "RC:ImgTextMsg",
                    "RC:SightMsg",
                    "RC:GIFMsg",
                    "RC:ReferenceMsg",
                    "RC:CombineMsg",
                    "RC:StkMsg",
                    "RCJrmf:RpMsg",
                    "RCJrmf:RpOpendMsg",
                    "RC:PSImgTxtMsg",
                    "RC:PSMultiImgTxtMsg",
                    "RC:CardMsg",
                    "RC:CsLm",
                    "cs:product",
                    "shop:whatever",
                ][..],
            ),
            (
                (true, false),
                &["RC:InfoNtf", "RC:ContactNtf", "RC:ProfileNtf", "RC:CmdNtf", "RC:GrpNtf", "RC:DizNtf", "RC:RcCmd"][..],
            ),
            (
                (false, false),
                &[
                    "RC:CmdMsg",
                    "RC:chrmKVNotiMsg",
                    "RC:TypSts",
                    "RC:ReadNtf",
                    "RC:RRReqMsg",
                    "RC:RRRspMsg",
                    "RC:SRSMsg",
                    "RC:CsHs",
                    "RC:CsHsR",
                    "RC:CSCha",
                    "RC:CsCha",
                    "RC:CsChaR",
                    "RC:CsUpdate",
                    "RC:CsSp",
                    "RC:CsEnd",
                    "RC:CsEva",
                    "RC:CsContact",
                    "RC:CsPullEva",
                    "RC:CsPLM",
                    "RC:CsCEI",
                    "RC:CsEI",
                    "RC:CsDHM",
                    "RC:CsHM",
                    "RC:VCInvite",
                    "RC:VCRinging",
                    "RC:VCAccept",
                    "RC:VCHangup",
                    "RC:VCSummary",
                    "RC:VCModifyMedia",
                    "RC:VCModifyMem",
                    "RC:MsgExMsg",
                    "RC:RRMsg",
                    "RC:LogCmdMsg",
                    "RC:InterceptMsg",
                ][..],
            ),
        ];
        for ((stored, counted), names) in rows {
            for name in names {
                assert_eq!(name.parse::<ObjectName>().unwrap().flags(), Flags { stored, counted }, "{name}");
            }
        }
    }

    #[test]
    fn a_deep_body_is_refused() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(16), "]".repeat(16));
        assert_eq!(content(&deep).unwrap_err(), InvalidContent::TooDeep { max: 16 });
    }

    #[test]
    fn brackets_in_text_are_not_depth() {
        assert!(content(&format!("{{\"content\":\"{}\\\"\"}}", "[".repeat(50))).is_ok());
    }

    #[test]
    fn nul_is_refused_but_its_spelling_is_not() {
        assert_eq!(content(r#"{"content":"\u0000"}"#).unwrap_err(), InvalidContent::Nul);
        assert!(content(r#"{"content":"\\u0000"}"#).is_ok());
    }

    #[test]
    fn w8_halves_of_surrogate_pairs_are_refused_and_whole_pairs_are_not() {
        for body in
            [r"\ud83d", r"\ude00", r"\ud83d x", r"\ud83d\n", r"\ud83d\ud83d\ude00", r"\ude00\ud83d", r"\uD83D\\uDE00"]
        {
            let refused = content(&format!(r#"{{"a":["{body}"]}}"#));
            assert_eq!(refused.unwrap_err(), InvalidContent::Surrogate, "{body}");
        }
        for body in [r"\ud83d\ude00", r"\uD83D\uDE00 \n\u00e9", r"\\ud83d", r"\\\ud83d\ude00", "\u{1f600}"] {
            assert!(content(&format!(r#"{{"a":["{body}"]}}"#)).is_ok(), "{body}");
        }
    }

    #[test]
    fn debug_output_never_shows_the_text() {
        assert!(!format!("{:?}", Content::text("secret")).contains("secret"));
    }
}
