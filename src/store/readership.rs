//! Whom a message is for, and who has read it.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, ConversationId, MessageUid, Millis, Person, Seq, UserId};

/// Somebody who has read a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// Who.
    pub person: Person,
    /// When they last read on; `None` when only their own writing tells.
    pub read_at: Option<Millis>,
}

/// A page of those who have read a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readers {
    /// How many there are in all.
    pub count: u64,
    /// How many could have: everybody whom the message is for but its sender.
    pub of: u64,
    /// Some of them, by id.
    pub readers: Vec<Reader>,
}

/// What not everybody inside sees of a stretch of places.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unseen {
    /// Messages for some only, and for whom they are, their senders among them.
    pub only: BTreeMap<Seq, BTreeSet<UserId>>,
    /// Who threw what away.
    pub thrown_away: BTreeSet<(Seq, UserId)>,
    /// Who sees nothing up to where; those only whom it keeps from one of these places.
    pub cleared: BTreeMap<UserId, Seq>,
}

impl Unseen {
    /// Whether somebody inside sees what stands in a place of the stretch.
    pub fn sees(&self, user: &UserId, place: Seq) -> bool {
        self.only.get(&place).is_none_or(|only| only.contains(user))
            && self.cleared.get(user).is_none_or(|cleared| *cleared < place)
            && !self.thrown_away.contains(&(place, user.clone()))
    }
}

/// Verbs about those for whom messages are.
#[async_trait]
pub trait Readership: Send + Sync {
    /// Whom a message is for, its sender among them; empty when it is for everybody inside, or unknown.
    async fn recipients(&self, app: &AppKey, uid: MessageUid) -> Result<Vec<UserId>>;
    /// What not everybody inside sees of the places from `first` to `last`: one question, however many are inside.
    async fn unseen(&self, app: &AppKey, conversation: ConversationId, first: Seq, last: Seq) -> Result<Unseen>;
    /// Who of those inside has read a message, by id after `after`, at most `limit`. Its sender is not counted.
    async fn readers(&self, app: &AppKey, uid: MessageUid, after: Option<&UserId>, limit: u16) -> Result<Readers>;
}
