//! Short-lived hints that somebody is composing. Never stored.

use super::{Im, error::not_found};
use crate::model::{Caller, ConnectionId, Content, ConversationId, Event, Fault, Stage, content::names};

impl Im {
    /// Tells the others. An agent may hint only where they may write.
    pub(super) async fn typing(
        &self,
        caller: &Caller,
        connection: ConnectionId,
        conversation: ConversationId,
        on: bool,
    ) -> Result<(), Fault> {
        let route = self.route(caller, conversation).await?;
        if !route.has(caller.id()) {
            return Err(not_found());
        }
        if route.stage.as_ref().is_some_and(|stage: &Stage| !stage.is_open()) {
            return Ok(());
        }
        self.may_say(caller, route.kind, names::TYPING).await?;
        self.not_blocked(&caller.app, &caller.person, route.kind, &route.participants).await?;
        let mut audience = route.audience(&caller.app);
        audience.users.retain(|user| user != caller.id());
        audience.except = Some(connection);
        self.publish(audience, Event::Typing { conversation, person: caller.person.clone(), on });
        if on && self.led_for(caller).await?.is_some() {
            let body = serde_json::json!({ "typingContentType": names::TEXT, "data": "" });
            self.hint_up(caller, Content::of(names::TYPING, &body));
        }
        Ok(())
    }
}
