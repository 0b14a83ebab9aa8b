//! What a back end is told of a message: everything that a server-side message routing tells, in our words.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    ClientId, ConversationId, Kind, MessageUid, Millis, Notice, ObjectName, Person, Seq, Source, Topic, UserId,
};

/// The body of a `message.sent` notice.
#[derive(Debug, Serialize)]
pub struct ToldMessage<'m> {
    /// The message's id.
    pub uid: MessageUid,
    /// Where it stands.
    pub conversation: ConversationId,
    /// What kind of conversation that is.
    pub kind: Kind,
    /// To whom: the other user, the app's own id of the group or room, the visitor, or the site whose desk was asked.
    pub target: &'m str,
    /// Those to whom it was directed; empty: everybody inside.
    #[serde(skip_serializing_if = "<[UserId]>::is_empty")]
    pub to: &'m [UserId],
    /// Its place; none when it passes without being kept.
    pub seq: Option<Seq>,
    /// When the server took it.
    pub at: Millis,
    /// Who wrote it.
    pub from: &'m Person,
    /// The sender's own id of it.
    pub client_id: Option<&'m ClientId>,
    /// The type of its content.
    #[serde(rename = "type")]
    pub name: &'m ObjectName,
    /// The content as everybody sees it.
    pub content: &'m RawValue,
    /// The app's word list or its pre-send hook put this content in the place of what the sender wrote.
    pub replaced: bool,
    /// By which door it came in.
    pub source: Source,
}

impl ToldMessage<'_> {
    /// The notice.
    pub fn notice(&self) -> Notice {
        let body = serde_json::value::to_raw_value(self).expect("a message has a JSON form");
        Notice {
            topic: Topic::MessageSent,
            conversation: Some(self.conversation),
            seq: self.seq,
            user: None,
            at: self.at,
            body,
        }
    }
}
