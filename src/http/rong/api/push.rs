//! Pushes to phones (compatible protocol, "Conversations, moderation, push"). There is no phone to push to: they are
//! taken, so that code that sends them works on. What a push carries as a message is sent.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::Call,
    form::read,
    messages::take_everybody,
    operation::{Operation, Outcome},
    posting::content,
    rates::Pace,
    refusal::Refusal,
};
use crate::{
    im::backend::{
        broadcasts::BroadcastCall,
        messages::{Addressees, MOST_SYSTEM_USERS, Post},
    },
    model::{BroadcastId, Content, UserId},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::json("push", push)
            .needs(&["platform", "audience"])
            .example(
                r#"{"platform":["ios","android"],"fromuserid":"news","audience":{"is_to_all":true},"message":{"content":"{\"content\":\"hello\"}","objectName":"RC:TxtMsg"},"notification":{"alert":"hello"}}"#,
            )
            .paced(Pace::Own)
            .says("Taken; a `message` in it is sent as a system message to `userid`s or to everybody, a push is not"),
        Operation::json("push/user", push_user)
            .needs(&["userIds", "notification"])
            .example(r#"{"userIds":["nora"],"notification":{"title":"Hi","pushContent":"hello"}}"#)
            .says("Taken; no push is sent"),
    ]
}

#[derive(Deserialize)]
struct Push {
    platform: Vec<String>,
    #[serde(alias = "fromUserId")]
    fromuserid: Option<String>,
    audience: Audience,
    message: Option<Message>,
    notification: Option<Value>,
}

#[derive(Deserialize)]
struct Audience {
    #[serde(default)]
    is_to_all: bool,
    #[serde(default)]
    userid: Vec<String>,
    #[serde(default)]
    tag: Vec<String>,
    #[serde(default)]
    tag_or: Vec<String>,
}

#[derive(Deserialize)]
struct Message {
    content: String,
    #[serde(rename = "objectName")]
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserPush {
    user_ids: Vec<String>,
}

async fn push(call: Call, body: Push) -> Outcome {
    if let Some(other) =
        body.platform.iter().find(|name| !matches!(name.as_str(), "ios" | "android" | "web" | "HarmonyOS"))
    {
        return Err(Refusal::parameter(&format!("`platform`: `{}` is unknown", other.escape_debug())));
    }
    if body.message.is_none() && body.notification.is_none() {
        return Err(Refusal::parameter("give a `notification` or a `message`"));
    }
    take_everybody(&call).await?;
    let Some(message) = body.message else { return Ok(json!({ "id": new_id() })) };
    let from = body.fromuserid.as_deref().ok_or_else(|| Refusal::missing("fromuserid"))?;
    let (from, content): (UserId, _) = (read("fromuserid", from)?, content(&message.name, &message.content)?);
    call.backend().know_users(std::slice::from_ref(&from)).await?;
    match body.audience {
        Audience { is_to_all: true, .. } => to_everybody(&call, from, content).await,
        Audience { userid, tag, tag_or, .. } if tag.is_empty() && tag_or.is_empty() => {
            to_users(&call, from, content, &userid).await
        }
        Audience { .. } => Err(Refusal::not_open("messages to users by their tags are not there")),
    }
}

fn new_id() -> BroadcastId {
    BroadcastId::random(&mut rand::rng())
}

async fn to_everybody(call: &Call, from: UserId, content: Content) -> Outcome {
    let asked =
        BroadcastCall { from: Some(from), content, client_id: call.client_id(), online_only: false, any_sender: true };
    Ok(json!({ "id": call.backend().broadcast(asked).await?.id }))
}

async fn to_users(call: &Call, from: UserId, content: Content, users: &[String]) -> Outcome {
    let users: Vec<UserId> = users.iter().map(|user| read("userid", user)).collect::<Result<_, _>>()?;
    if users.is_empty() || users.len() > 1000 {
        return Err(Refusal::quantity("`audience.userid` has 1 to 1,000 entries"));
    }
    call.backend().know_users(&users).await?;
    for some in users.chunks(MOST_SYSTEM_USERS) {
        let post = Post {
            from: Some(from.clone()),
            to: Addressees::System(some.to_vec()),
            content: content.clone(),
            words: None,
            client_id: call.client_id(),
            stored: None,
            counted: None,
            include_sender: false,
            respect_blocks: false,
            only: Vec::new(),
            any_sender: true,
        };
        call.backend().send(post).await?;
    }
    Ok(json!({ "id": new_id() }))
}

async fn push_user(_: Call, body: UserPush) -> Outcome {
    let users: Vec<UserId> = body.user_ids.iter().map(|user| read("userIds", user)).collect::<Result<_, _>>()?;
    if users.is_empty() || users.len() > 100 {
        return Err(Refusal::quantity("`userIds` has 1 to 100 entries"));
    }
    Ok(json!({ "id": new_id() }))
}
