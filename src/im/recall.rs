//! Taking messages back for everybody, and throwing them away for oneself.

use std::sync::Arc;

use serde_json::json;

use super::{Im, error::not_found};
use crate::model::{
    Audience, Caller, Code, ConnectionId, Content, Event, Fault, Message, MessageUid, command::Delete, content::names,
};

/// Most messages thrown away at once.
const MOST_DELETED: usize = 100;

impl Im {
    /// Takes one of the caller's own messages back: what it said is gone for ever. Doing so twice is harmless.
    pub(super) async fn recall(
        &self,
        caller: &Caller,
        connection: ConnectionId,
        uid: MessageUid,
    ) -> Result<Message, Fault> {
        let no_message = || Fault::new(Code::NotFound, "no such message, or you may not see it");
        let message = self.store.message(&caller.app, uid).await?.ok_or_else(no_message)?;
        let route = self.route(caller, message.conversation).await.map_err(|_| no_message())?;
        if message.from.id != *caller.id() {
            return Err(Fault::new(Code::Forbidden, "only your own messages can be taken back"));
        }
        if message.content.is_recalled() {
            return Ok(message);
        }
        let secs = self.settings.recall_secs;
        if self.clock.now().since(message.at) > i64::from(secs) * 1000 {
            return Err(Fault::new(Code::TooLate, format!("messages can be taken back for {secs} seconds only")));
        }
        let notice = json!({
            "messageUId": uid,
            "conversationType": route.kind.number(),
            "targetId": route.id,
            "sentTime": message.at,
            "user": { "id": message.from.id, "name": message.from.name },
        });
        let notice = Content::of(names::RECALLED, &notice);
        let recalled =
            self.store.replace_content(&caller.app, uid, notice, self.clock.now()).await?.ok_or_else(no_message)?;
        let audience = Audience { except: Some(connection), ..route.audience(&caller.app) };
        self.publish(audience, Event::Recalled(Arc::new(recalled.clone())));
        Ok(recalled)
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
