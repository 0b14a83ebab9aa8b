//! How users keep their conversations, decided for them (compatible protocol, "Conversations, moderation, push").

use serde_json::json;

use super::{
    call::{Call, done},
    form::{Form, read},
    messages::until,
    operation::{Operation, Outcome},
    refusal::Refusal,
};
use crate::{
    im::backend::messages::Place,
    model::{ConversationId, Handle, Kind, UserId},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::form("conversation/notification/set", mute)
            .needs(&["requestId", "conversationType", "targetId", "isMuted"])
            .example("requestId=nora&conversationType=1&targetId=olaf&isMuted=1")
            .says("A user's conversation makes no sound"),
        Operation::form("conversation/notification/get", is_muted)
            .needs(&["requestId", "conversationType", "targetId"])
            .example("requestId=nora&conversationType=1&targetId=olaf")
            .says("Whether it makes none"),
        Operation::form("conversation/top/set", pin)
            .needs(&["userId", "conversationType", "targetId", "setTop"])
            .example("userId=nora&conversationType=1&targetId=olaf&setTop=true")
            .says("A user's conversation stands before the others"),
        Operation::form("conversation/message/history/clean", clean)
            .needs(&["conversationType", "fromUserId", "targetId"])
            .example("conversationType=1&fromUserId=nora&targetId=olaf")
            .says("Hides what was said until an instant from one user"),
    ]
}

/// A conversation as the original API names it: by its kind, the user who looks, and the other side.
pub(super) struct Named<'f> {
    pub(super) kind: Kind,
    pub(super) user: UserId,
    pub(super) target: &'f str,
}

/// The kind of conversation that a request names.
pub(super) fn kind(form: &Form) -> Result<Kind, Refusal> {
    let number = form.number("conversationType", 1..=8, None)?;
    u8::try_from(number)
        .ok()
        .and_then(Kind::from_number)
        .ok_or_else(|| Refusal::parameter("`conversationType` is 1 to 8"))
}

/// Finds what a request names. Between two users there is always a conversation, if only an empty one.
async fn find(call: &Call, form: &Form, user: &str) -> Result<(UserId, ConversationId), Refusal> {
    let named = Named { kind: kind(form)?, user: form.id(user)?, target: form.need("targetId")? };
    let id = match named.kind {
        Kind::Group | Kind::Discussion => {
            let handle: Handle = read("targetId", named.target)?;
            call.backend().group(&Place::Handle(named.kind, handle)).await?.id
        }
        Kind::Chatroom | Kind::Service => {
            return Err(Refusal::parameter("chatrooms and customer service are not kept in a user's list"));
        }
        kind => {
            let other: UserId = read("targetId", named.target)?;
            call.backend().know_users(std::slice::from_ref(&named.user)).await?;
            call.backend().know_users(std::slice::from_ref(&other)).await?;
            call.backend().between(kind, &named.user, &other).await?
        }
    };
    Ok((named.user, id))
}

async fn mute(call: Call, form: Form) -> Outcome {
    let (user, conversation) = find(&call, &form, "requestId").await?;
    let on = form.flag("isMuted", false)?;
    call.backend().keep_for(&user, conversation, None, Some(on)).await?;
    done()
}

async fn is_muted(call: Call, form: Form) -> Outcome {
    let (user, conversation) = find(&call, &form, "requestId").await?;
    let mine = call.backend().kept_by(&user, conversation).await?;
    Ok(json!({ "isMuted": u8::from(mine.muted) }))
}

async fn pin(call: Call, form: Form) -> Outcome {
    let (user, conversation) = find(&call, &form, "userId").await?;
    let on = form.flag("setTop", false)?;
    call.backend().keep_for(&user, conversation, Some(on), None).await?;
    done()
}

async fn clean(call: Call, form: Form) -> Outcome {
    let (user, conversation) = find(&call, &form, "fromUserId").await?;
    call.backend().clear_history(&user, conversation, until(&form, call.im.now())?).await?;
    call.record("clearHistory", user.as_str()).await?;
    done()
}
