//! What came for somebody while they were away, over all their conversations.

use std::{collections::HashMap, sync::Arc};

use super::Im;
use crate::model::{Caller, Code, Conversation, Fault, Inbox, Message};

/// Messages for one person, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InboxPage {
    /// Each with its conversation: what that is and who takes part, as in [`Im::find`]. A page never ends between two
    /// messages of one millisecond: the next one begins after the time of its last message.
    pub messages: Vec<(Arc<Conversation>, Message)>,
    /// There are newer ones.
    pub more: bool,
}

impl Im {
    /// A page of what came for the caller in all conversations in which they take part, without chatrooms and without
    /// what they do not (any longer) see.
    pub async fn inbox(&self, caller: &Caller, window: Inbox) -> Result<InboxPage, Fault> {
        if !(1..=Inbox::MAX_LIMIT).contains(&window.limit) {
            let message = format!("`limit` is {}; allowed are 1 to {}", window.limit, Inbox::MAX_LIMIT);
            return Err(Fault::new(Code::BadRequest, message));
        }
        let found = self.store.inbox(&caller.app, caller.id(), &window).await?;
        let mut conversations = HashMap::new();
        let mut messages = Vec::with_capacity(found.messages.len());
        for message in found.messages {
            let id = message.conversation;
            let conversation = match conversations.get(&id) {
                Some(known) => Arc::clone(known),
                None => self.remembered(&caller.app, id).await?,
            };
            conversations.insert(id, conversation.clone());
            messages.push((conversation, message));
        }
        Ok(InboxPage { messages, more: found.more })
    }
}
