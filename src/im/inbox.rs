//! What came for somebody while they were away, over all their conversations.

use std::{collections::HashMap, sync::Arc};

use super::Im;
use crate::model::{Arrival, Caller, Code, Conversation, Fault, Inbox};

/// What came for one person, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InboxPage {
    /// Each with its conversation: what that is and who takes part, as in [`Im::find`]. A page never ends between two
    /// of one millisecond: the next one begins after the time of its last.
    pub arrivals: Vec<(Arc<Conversation>, Arrival)>,
    /// There is newer.
    pub more: bool,
}

impl Im {
    /// A page of what came for the caller in all conversations in which they take part, without chatrooms and without
    /// what they do not (any longer) see. That something was taken back comes at the time of that.
    pub async fn inbox(&self, caller: &Caller, window: Inbox) -> Result<InboxPage, Fault> {
        if !(1..=Inbox::MAX_LIMIT).contains(&window.limit) {
            let message = format!("`limit` is {}; allowed are 1 to {}", window.limit, Inbox::MAX_LIMIT);
            return Err(Fault::new(Code::BadRequest, message));
        }
        let found = self.store.inbox(&caller.app, caller.id(), &window).await?;
        let mut conversations = HashMap::new();
        let mut arrivals = Vec::with_capacity(found.arrivals.len());
        for arrival in found.arrivals {
            let id = arrival.message.conversation;
            let conversation = match conversations.get(&id) {
                Some(known) => Arc::clone(known),
                None => self.remembered(&caller.app, id).await?,
            };
            conversations.insert(id, conversation.clone());
            arrivals.push((conversation, arrival));
        }
        Ok(InboxPage { arrivals, more: found.more })
    }
}
