//! What a message carries: an object name and a JSON body, kept as given.
//!
//! Source: spec "Message types and enums" §1 and §2. Unknown names and unknown fields pass through untouched.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    FileId, UserId,
    json::{MAX_DEPTH, nests_deeper},
};
use check::check_escapes;
pub use name::{Flags, ObjectName, names};

mod check;
mod name;
#[cfg(test)]
mod tests;

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
        if nests_deeper(text, MAX_DEPTH) {
            return Err(InvalidContent::TooDeep { max: MAX_DEPTH });
        }
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
