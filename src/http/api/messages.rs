//! Sending as anybody, taking messages back, clearing histories.

use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use utoipa::ToSchema;

use super::{
    answer::{Done, Json, Listing},
    call::Call,
    input::{At, Body},
    operation::{Operation, Tag},
    shape::MessageView,
};
use crate::{
    im::backend::messages::{Addressees, Place, Post, Posted, TakeBack, Words},
    model::{Code, Content, ConversationId, Fault, Handle, Kind, MessageUid, Millis, ObjectName, Scope, UserId},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/v1/messages", send)
            .named("sendMessage")
            .of(Tag::Messages)
            .needs(Scope::Messages)
            .says("Sends a message to users or groups")
            .explains(
                "One of `users` (1 to 1,000, each in private), `system` (1 to 100 users, who can only read it; with a \
                 public service as sender: in their conversation with it) and `groups` (1 to 3). It is not held up by \
                 silences. `Idempotency-Key` makes it harmless to repeat: each addressee gets one message per key. The \
                 answer names for each addressee its ids or why it was not sent.",
            )
            .sends(json!({
                "from": "anna",
                "users": ["bob"],
                "type": "RC:TxtMsg",
                "content": { "content": "Your order {order} is on its way" },
                "words": [{ "order": "4711" }],
            }))
            .fails(&[Code::NotFound, Code::TooLarge]),
        Operation::post("/v1/messages/{uid}/recall", recall)
            .named("recallMessage")
            .of(Tag::Messages)
            .needs(Scope::Messages)
            .says("Takes a message back, however old")
            .explains("Doing so twice is harmless. Unread counts stay as they are.")
            .sends(json!({ "admin": true }))
            .fails(&[Code::NotFound])
            .audited(),
        Operation::post("/v1/users/{user}/conversations/{conversation}/clear", clear)
            .named("clearHistory")
            .of(Tag::Messages)
            .needs(Scope::Messages)
            .says("Hides from a user what was said in a conversation until an instant")
            .explains("Others still see it.")
            .sends(json!({ "until": 1_790_000_000_000_i64 }))
            .fails(&[Code::NotFound])
            .audited(),
    ]
}

/// A message to send.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMessage)]
struct MessageForm {
    /// Whose it is. Needed in private; else the app's own without it.
    from: Option<UserId>,
    /// To these users, each in private.
    #[schema(min_items = 1, max_items = 1000)]
    users: Option<Vec<UserId>>,
    /// To these users, as a system message.
    #[schema(min_items = 1, max_items = 100)]
    system: Option<Vec<UserId>>,
    /// Into these groups and discussions.
    #[schema(min_items = 1, max_items = 3)]
    groups: Option<Vec<GroupForm>>,
    /// Its type, such as `RC:TxtMsg`.
    #[serde(rename = "type")]
    #[schema(value_type = String, min_length = 1, max_length = 32)]
    name: ObjectName,
    /// Its body, of at most 128 KB.
    #[schema(value_type = Object)]
    content: Box<RawValue>,
    /// Words for the `{marks}` in the content's texts: one set per addressee, in their order.
    words: Option<Vec<Words>>,
    /// Kept, whatever its type says.
    stored: Option<bool>,
    /// Counted as unread, whatever its type says.
    counted: Option<bool>,
    /// The sender's own devices hear it too.
    #[serde(default)]
    include_sender: bool,
    /// Who has blocked the sender does not hear it.
    #[serde(default)]
    respect_blocks: bool,
    /// In one group: for these members and the sender only.
    #[schema(max_items = 100)]
    to: Option<Vec<UserId>>,
}

/// A group or discussion: by your own id, or by ours.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GroupName)]
struct GroupForm {
    /// Your id of it.
    id: Option<Handle>,
    /// `group` (without it) or `discussion`.
    kind: Option<Kind>,
    /// Our id of it.
    conversation: Option<ConversationId>,
}

/// What became of a message for one addressee: its ids, or an error.
#[derive(Serialize, ToSchema)]
#[schema(as = SentMessage)]
struct PostedView {
    /// The user, or the group as it was named.
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<MessageUid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationId>,
    /// Its place; absent for messages that are not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Millis>,
    /// Why it was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView>,
}

/// Why something was not done.
#[derive(Serialize, ToSchema)]
#[schema(as = ItemError)]
struct ErrorView {
    /// One of the error codes.
    code: &'static str,
    message: String,
}

/// How to take a message back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Recall)]
struct RecallForm {
    /// It is shown as taken back by an administrator, not by its sender.
    #[serde(default)]
    admin: bool,
    /// Nothing is shown in its place: it is deleted for everybody.
    #[serde(default)]
    delete: bool,
}

/// Up to when.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Clear)]
struct ClearForm {
    until: Millis,
}

impl From<Posted> for PostedView {
    fn from(Posted { to, outcome }: Posted) -> Self {
        let none = Self { to, uid: None, conversation: None, seq: None, at: None, error: None };
        match outcome {
            Ok(sent) => Self {
                uid: Some(sent.uid),
                conversation: Some(sent.conversation),
                seq: sent.seq.map(|seq| seq.0),
                at: Some(sent.at),
                ..none
            },
            Err(fault) => {
                Self { error: Some(ErrorView { code: fault.code.name(), message: fault.message.into_owned() }), ..none }
            }
        }
    }
}

impl GroupForm {
    fn place(self) -> Result<Place, Fault> {
        match (self.id, self.conversation) {
            (Some(id), None) => Ok(Place::Handle(self.kind.unwrap_or(Kind::Group), id)),
            (None, Some(conversation)) => Ok(Place::Conversation(conversation)),
            _ => Err(Fault::new(Code::BadRequest, "a group is named by one of `id` and `conversation`")),
        }
    }
}

async fn send(call: Call, Body(form): Body<MessageForm>) -> Result<Listing<PostedView>, Fault> {
    let to = match (form.users, form.system, form.groups) {
        (Some(users), None, None) => Addressees::Users(users),
        (None, Some(users), None) => Addressees::System(users),
        (None, None, Some(groups)) => {
            Addressees::Groups(groups.into_iter().map(GroupForm::place).collect::<Result<_, _>>()?)
        }
        _ => return Err(Fault::new(Code::BadRequest, "give one of `users`, `system` and `groups`")),
    };
    let post = Post {
        from: form.from,
        to,
        content: Content::new(form.name, form.content)?,
        words: form.words,
        client_id: Some(call.client_id()),
        stored: form.stored,
        counted: form.counted,
        include_sender: form.include_sender,
        respect_blocks: form.respect_blocks,
        only: form.to.unwrap_or_default(),
        any_sender: false,
    };
    Ok(Listing::whole(call.backend().send(post).await?))
}

async fn recall(
    call: Call,
    (At(uid), Body(form)): (At<MessageUid>, Body<RecallForm>),
) -> Result<Json<MessageView>, Fault> {
    let how = TakeBack { admin: form.admin, delete: form.delete };
    Ok(Json(call.backend().recall(uid, how).await?.into()))
}

async fn clear(
    call: Call,
    (At((user, conversation)), Body(form)): (At<(UserId, ConversationId)>, Body<ClearForm>),
) -> Result<Done, Fault> {
    call.backend().clear_history(&user, conversation, form.until).await?;
    Ok(Done)
}
