//! What contents are called, and what their names say about them.
//!
//! Source: spec "Message types and enums" §1 and §2.

use std::{borrow::Cow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::InvalidContent;

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
