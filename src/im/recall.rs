//! Taking messages back for everybody, and throwing them away for oneself.

use std::sync::Arc;

use serde_json::json;

use super::{Im, conversation::Route, error::not_found};
use crate::{
    model::{
        Audience, Caller, Code, ConnectionId, Content, Event, Fault, Message, MessageUid, Person, Role,
        command::Delete, content::names,
    },
    store::Replaced,
};

/// Most messages thrown away at once.
pub(super) const MOST_DELETED: usize = 100;

impl Im {
    /// Takes one of the caller's own messages back: what it said is gone for ever. Doing so twice is harmless.
    pub(super) async fn recall(
        &self,
        caller: &Caller,
        connection: ConnectionId,
        uid: MessageUid,
    ) -> Result<Message, Fault> {
        let message = self.store.message(&caller.app, uid).await?.ok_or_else(no_message)?;
        let route = self.route(caller, message.conversation).await.map_err(|_| no_message())?;
        if message.from.id != *caller.id() {
            return Err(Fault::new(Code::Forbidden, "only your own messages can be taken back"));
        }
        if message.content.is_gone() {
            return Ok(message);
        }
        let secs = self.settings.recall_secs;
        if self.clock.now().since(message.at) > i64::from(secs) * 1000 {
            return Err(Fault::new(Code::TooLate, format!("messages can be taken back for {secs} seconds only")));
        }
        self.recall_up(caller, &message).await?;
        let audience = Audience { except: Some(connection), ..route.audience(&caller.app) };
        self.replace(audience, uid, notice(&route, &message, &message.from)).await
    }

    /// Puts another content in the place of a message's own, and tells those of the audience whom it was for.
    pub(super) async fn replace(
        &self,
        mut audience: Audience,
        uid: MessageUid,
        content: Content,
    ) -> Result<Message, Fault> {
        let only = self.store.recipients(&audience.app, uid).await?;
        if !only.is_empty() {
            audience.users = only;
        }
        let Replaced { message, at } =
            self.store.replace_content(&audience.app, uid, content, self.clock.now()).await?.ok_or_else(no_message)?;
        self.publish(audience, Event::Recalled { message: Arc::new(message.clone()), at });
        if let Err(fault) = self.remove_files().await {
            tracing::warn!(code = fault.code.name(), "Files of a replaced message go with the next sweep");
        }
        Ok(message)
    }

    /// Hides messages from the caller only, and tells their other connections.
    pub(super) async fn delete(
        &self,
        caller: &Caller,
        connection: ConnectionId,
        Delete { conversation, seqs }: Delete,
    ) -> Result<(), Fault> {
        if !(1..=MOST_DELETED).contains(&seqs.len()) {
            let message = format!("`seqs` has {} entries; allowed are 1 to {MOST_DELETED}", seqs.len());
            return Err(Fault::new(Code::BadRequest, message));
        }
        let route = self.route(caller, conversation).await?;
        if !route.has(caller.id()) {
            return Err(not_found());
        }
        self.store.delete_for(&caller.app, conversation, caller.id(), &seqs).await?;
        let audience =
            Audience { users: vec![caller.id().clone()], except: Some(connection), ..Audience::of(caller.app.clone()) };
        self.publish(audience, Event::Deleted { conversation, seqs });
        Ok(())
    }
}

/// What stands where a message was taken back. One that an administrator took back says so.
pub(super) fn notice(route: &Route, message: &Message, by: &Person) -> Content {
    let mut body = json!({
        "messageUId": message.uid,
        "conversationType": route.kind.number(),
        "targetId": route.id,
        "sentTime": message.at,
        "user": { "id": by.id, "name": by.name },
    });
    if by.role == Role::System
        && let Some(fields) = body.as_object_mut()
    {
        fields.insert("isAdmin".to_owned(), true.into());
    }
    Content::of(names::RECALLED, &body)
}

/// One answer for "is not there" and "is not yours" (A7).
pub(super) fn no_message() -> Fault {
    Fault::new(Code::NotFound, "no such message, or you may not see it")
}
