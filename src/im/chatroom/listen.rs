//! What was said in a chatroom, for those inside who were told only that something was.

use crate::{
    im::Im,
    model::{
        AppKey, Caller, Code, ConversationId, Fault, Handle, Message, Millis, Seq,
        chatroom::{MOST_LATEST, Rule},
        command::History,
    },
};

impl Im {
    /// After which message those who are connected here hear what is said in a chatroom: the newest when the first of them
    /// came. A place and no time: nodes have clocks of their own. `None`: nobody is here, or the back end stopped what is
    /// said there.
    pub(in crate::im) async fn heard_in_room_after(
        &self,
        app: &AppKey,
        id: ConversationId,
    ) -> Result<Option<Seq>, Fault> {
        let Some(room) = self.chatrooms.by_id(app, id) else { return Ok(None) };
        let stopped = self.rules_of(app, &room.handle).await?.holds(Rule::Stopped);
        Ok(room.heard_after().filter(|_| !stopped))
    }

    /// The newest messages of a chatroom that were said after an instant, at most `newest` of them (0–50), oldest
    /// first. The caller must be inside; nothing changes by it.
    pub async fn said_in_room(
        &self,
        caller: &Caller,
        chatroom: &Handle,
        after: Millis,
        newest: u16,
    ) -> Result<Vec<Message>, Fault> {
        if newest > MOST_LATEST {
            let message = format!("`newest` is {newest}; allowed are 0 to {MOST_LATEST}");
            return Err(Fault::new(Code::BadRequest, message));
        }
        let room = self.room_of_member(caller, chatroom).await?;
        if newest == 0 {
            return Ok(Vec::new());
        }
        let said = History {
            after_at: Some(after),
            // From above, so that the newest are chosen.
            before: Some(Seq(u64::MAX)),
            ..History::newest(room.id, newest)
        };
        Ok(self.store.page(&caller.app, &said).await?.messages)
    }
}
