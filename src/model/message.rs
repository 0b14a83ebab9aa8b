//! One message, as everybody sees it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error, ser::SerializeStruct};
use serde_json::value::RawValue;

use super::{ClientId, Content, ConversationId, MessageUid, Millis, ObjectName, Person, Role, Seq};

/// A message: stored (with a `seq`) or passing (a command or status without one).
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The public id.
    pub uid: MessageUid,
    /// Where it belongs.
    pub conversation: ConversationId,
    /// Its place; `None` for messages that are not stored.
    pub seq: Option<Seq>,
    /// When the server took it.
    pub at: Millis,
    /// Who wrote it.
    pub from: Person,
    /// The sender's own id of it.
    pub client_id: Option<ClientId>,
    /// What it says.
    pub content: Content,
}

impl Message {
    /// What stands in its place for those whom it is not for: when and where, but not who, whom or what.
    #[must_use]
    pub fn undisclosed(&self) -> Self {
        Self { from: Person::house(), client_id: None, content: Content::deleted(), ..*self }
    }
}

/// The one JSON form: `{uid, conversation, seq, at, from, client_id, type, content}`; `content` byte for byte as sent.
impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Message", 8)?;
        fields.serialize_field("uid", &self.uid)?;
        fields.serialize_field("conversation", &self.conversation)?;
        fields.serialize_field("seq", &self.seq)?;
        fields.serialize_field("at", &self.at)?;
        fields.serialize_field("from", &self.from)?;
        fields.serialize_field("client_id", &self.client_id)?;
        fields.serialize_field("type", &self.content.name)?;
        fields.serialize_field("content", self.content.raw())?;
        fields.end()
    }
}

/// The same form, as another node wrote it. How its sender wanted it kept does not stand in it.
impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Form {
            uid: MessageUid,
            conversation: ConversationId,
            seq: Option<Seq>,
            at: Millis,
            from: Person,
            client_id: Option<ClientId>,
            #[serde(rename = "type")]
            name: ObjectName,
            content: Box<RawValue>,
        }
        let Form { uid, conversation, seq, at, from, client_id, name, content } = Form::deserialize(deserializer)?;
        let content = Content::new(name, content).map_err(D::Error::custom)?;
        Ok(Self { uid, conversation, seq, at, from, client_id, content })
    }
}

/// By which door a message came in. The app's back end is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A visitor's widget.
    Widget,
    /// An agent's console.
    Console,
    /// A client of the app's own, signed in as one of its users.
    Client,
    /// The app's own back end.
    Api,
    /// This server itself: notes and notices.
    House,
}

impl Source {
    /// The door through which people of this role come.
    pub const fn of(role: Role) -> Self {
        match role {
            Role::Visitor => Self::Widget,
            Role::Agent => Self::Console,
            Role::User => Self::Client,
            Role::Robot => Self::Api,
            Role::System => Self::House,
        }
    }

    /// Its name towards back ends.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Widget => "widget",
            Self::Console => "console",
            Self::Client => "client",
            Self::Api => "api",
            Self::House => "house",
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
