//! What all messages of back ends have in common (compatible protocol, "Messages").

use serde_json::{Value, json, value::RawValue};

use super::{
    call::Call,
    form::{Form, read},
    operation::Outcome,
    refusal::Refusal,
};
use crate::{
    im::backend::messages::{Addressees, Post, Posted, Words},
    model::{Code, Content, ObjectName, UserId},
};

/// What a request says of its message. What only steers pushes to phones (`pushContent`, `pushData`, `contentAvailable`
/// …) is taken and has no effect.
pub(super) struct Publish {
    pub(super) from: UserId,
    pub(super) content: Content,
    /// `isPersisted`: 0 is never kept.
    pub(super) stored: Option<bool>,
    /// `isCounted`: 0 never counts.
    pub(super) counted: Option<bool>,
    /// `isIncludeSender`.
    pub(super) include_sender: bool,
    /// `verifyBlacklist`.
    pub(super) verify_blacklist: bool,
}

impl Publish {
    /// From a form.
    pub(super) fn of(form: &Form) -> Result<Self, Refusal> {
        let never = |name| Ok::<_, Refusal>((!form.flag(name, true)?).then_some(false));
        Ok(Self {
            from: form.id("fromUserId")?,
            content: content(form.need("objectName")?, form.need("content")?)?,
            stored: never("isPersisted")?,
            counted: never("isCounted")?,
            include_sender: form.flag("isIncludeSender", false)?,
            verify_blacklist: form.flag("verifyBlacklist", false)?,
        })
    }

    /// The same for the moment only: not kept, not counted.
    pub(super) fn passing(self) -> Self {
        Self { stored: Some(false), counted: Some(false), ..self }
    }

    /// As the domain sends it.
    pub(super) fn post(self, call: &Call, to: Addressees, only: Vec<UserId>, words: Option<Vec<Words>>) -> Post {
        Post {
            from: Some(self.from),
            to,
            content: self.content,
            words,
            client_id: call.client_id(),
            stored: self.stored,
            counted: self.counted,
            include_sender: self.include_sender,
            respect_blocks: self.verify_blacklist,
            only,
            any_sender: true,
        }
    }
}

/// A content from its type and its JSON text.
pub(super) fn content(name: &str, body: &str) -> Result<Content, Refusal> {
    let name: ObjectName = read("objectName", name)?;
    let refused = |error: &dyn std::fmt::Display| Refusal::parameter(&format!("`content`: {error}"));
    let body = RawValue::from_string(body.trim().to_owned()).map_err(|_| refused(&"it is not JSON"))?;
    Content::new(name, body).map_err(|error| refused(&error))
}

/// Sends it, and answers with the ids of the copies: `messageUIDs: [{userId or groupId, messageUID}]`. Who has blocked
/// the sender is passed over; the request fails when nobody got it.
pub(super) async fn send(call: &Call, post: Post, key: &str) -> Outcome {
    if let Some(from) = &post.from {
        call.backend().know_users(std::slice::from_ref(from)).await?;
    }
    if let Addressees::Users(users) | Addressees::System(users) = &post.to {
        call.backend().know_users(users).await?;
    }
    answer(call.backend().send(post).await?, key)
}

fn answer(posted: Vec<Posted>, key: &str) -> Outcome {
    let (mut uids, mut first_refusal) = (Vec::new(), None);
    let mut passed_over = false;
    for Posted { to, outcome } in posted {
        match outcome {
            Ok(sent) => uids.push(Value::Object(
                [(key.to_owned(), json!(to)), ("messageUID".to_owned(), json!(sent.uid))].into_iter().collect(),
            )),
            Err(fault) if matches!(fault.code, Code::Blocked | Code::NotOnList) => passed_over = true,
            Err(fault) => {
                first_refusal.get_or_insert(fault);
            }
        }
    }
    match first_refusal {
        Some(fault) if uids.is_empty() && !passed_over => Err(fault.into()),
        _ => Ok(json!({ "messageUIDs": uids })),
    }
}
