//! Everything that a batch of messages and receipts needs to know, locked where it will be written.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{batcher::Copy, files::Named, names::Names};
use crate::{
    model::{AppKey, ConversationId, FileId, Message, MessageUid, UserId},
    store::{NewMessage, StoreError},
};

pub(super) use load::newest;

mod load;
mod locks;

/// Most users inside a conversation whose times are looked at one by one.
pub(super) const FEW: i64 = 64;
/// An id from elsewhere that lies further ahead than this is not taken over: later ones of ours must be greater.
const MOST_AHEAD_SECS: i64 = 60;

/// Where a conversation stands.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) row: i64,
    pub(super) app: i64,
    pub(super) kind: i64,
    pub(super) began_at: i64,
    pub(super) seq: i64,
    /// The same before this batch.
    pub(super) seq_before: i64,
    /// The number of the newest message.
    pub(super) newest: i64,
    pub(super) counted: i64,
    pub(super) told: i64,
    pub(super) said_at: i64,
    pub(super) stirred_until: i64,
    pub(super) changed_at: i64,
    pub(super) waiting_since: Option<i64>,
    pub(super) visitor: Option<i64>,
    pub(super) desk: DeskSide,
    pub(super) silenced: bool,
    /// A message of this batch was kept in it.
    pub(super) moved: bool,
    /// Places given in this batch, and how many messages count up to each.
    pub(super) places: Vec<(i64, i64)>,
    /// Who is inside; nothing when they are too many to look at.
    pub(super) inside: Option<Vec<i64>>,
}

/// What the desk's stage means for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum DeskSide {
    /// Not a service conversation.
    #[default]
    None,
    /// Nobody has it.
    Waiting,
    /// An agent answers.
    Human,
    /// Over, or a group or chatroom that is.
    Ended,
}

/// One participant: how far they got, and what they may do.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) delivered: i64,
    pub(super) read: i64,
    pub(super) read_counted: i64,
    pub(super) read_at: Option<i64>,
    privileged: bool,
    silenced: bool,
    silenced_until: Option<i64>,
    pub(super) moved: bool,
}

impl Member {
    /// Whether they may write at this instant, while all others may or may not.
    pub(super) fn may_write(&self, all_silenced: bool, at: i64) -> bool {
        let silenced = self.silenced && self.silenced_until.is_none_or(|until| at < until);
        !silenced && (!all_silenced || self.privileged)
    }

    /// Moves the watermarks forward: what was read is a place and how many messages count up to there. Tells whether
    /// anything moved.
    pub(super) fn advance(&mut self, delivered: i64, read: Option<(i64, i64)>, at: i64) -> bool {
        let mut moved = false;
        if delivered > self.delivered {
            self.delivered = delivered;
            moved = true;
        }
        if let Some((seq, counted)) = read
            && seq > self.read
        {
            (self.read, self.read_counted, self.read_at) = (seq, counted, Some(at));
            self.delivered = self.delivered.max(seq);
            moved = true;
        }
        self.moved |= moved;
        moved
    }
}

/// A message that used a client id first, and what its sender wrote when that was changed on the way.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) message: Message,
    pub(super) original: Option<Vec<u8>>,
}

/// What a batch knows.
#[derive(Debug)]
pub(super) struct Loaded<'j> {
    names: &'j Names,
    pub(super) heads: HashMap<ConversationId, Head>,
    pub(super) members: BTreeMap<(i64, i64), Member>,
    pub(super) files: HashMap<FileId, Named>,
    known: HashMap<(i64, i64, String), Known>,
    /// Copies that are there already, by their apps and their ids there.
    pub(super) mirrors: HashMap<(i64, String), Message>,
    /// Numbers that copies ask for and that are taken.
    pub(super) taken: HashSet<i64>,
    /// Counted messages up to places that receipts name.
    counted: HashMap<(i64, i64), i64>,
    /// The newest times of users, and of apps' large groups.
    pub(super) moments: BTreeMap<i64, i64>,
    pub(super) everybody: BTreeMap<i64, i64>,
    /// The newest time that anybody can have got, for large groups.
    ceiling: i64,
    /// Apps with webhooks.
    pub(super) listened: HashSet<i64>,
}

impl<'j> Loaded<'j> {
    fn of(names: &'j Names) -> Self {
        Self {
            names,
            heads: HashMap::new(),
            members: BTreeMap::new(),
            files: HashMap::new(),
            known: HashMap::new(),
            mirrors: HashMap::new(),
            taken: HashSet::new(),
            counted: HashMap::new(),
            moments: BTreeMap::new(),
            everybody: BTreeMap::new(),
            ceiling: 0,
            listened: HashSet::new(),
        }
    }

    /// The number inside the id of a copy's original, when we may have it too.
    pub(super) fn free_number(&self, copy: &Copy) -> Option<i64> {
        let uid: MessageUid = copy.uid.parse().ok()?;
        let ours = uid.number() > 0 && uid.minted_at() <= copy.now.plus_secs(MOST_AHEAD_SECS);
        (ours && !self.taken.contains(&uid.number())).then_some(uid.number())
    }

    /// The app's row.
    pub(super) fn app(&self, key: &AppKey) -> Result<i64, StoreError> {
        self.names.app(key)
    }

    /// The user's row.
    pub(super) fn user(&self, app: i64, id: &UserId) -> Result<i64, StoreError> {
        self.names.user(app, id)
    }

    /// The head of the app's conversation.
    pub(super) fn head(&self, app: i64, id: ConversationId) -> Result<&Head, StoreError> {
        self.heads.get(&id).filter(|head| head.app == app).ok_or(StoreError::NoConversation)
    }

    /// The message that used this client id first.
    pub(super) fn known(&self, conversation: i64, sender: i64, new: &NewMessage) -> Option<&Known> {
        let client_id = new.client_id.as_ref()?;
        self.known.get(&(conversation, sender, client_id.as_str().to_owned()))
    }

    /// A message of this batch used its client id first.
    pub(super) fn remember(&mut self, (conversation, sender): (i64, i64), new: &NewMessage, known: Known) {
        if let Some(client_id) = &new.client_id {
            self.known.insert((conversation, sender, client_id.as_str().to_owned()), known);
        }
    }

    /// The time of a new message in a conversation, when the clock says `clock`: after everything that anybody inside
    /// got, and at the clock unless that is not after it.
    pub(super) fn moment(&mut self, app: i64, id: ConversationId, clock: i64) -> i64 {
        let Some(head) = self.heads.get(&id) else { return clock };
        let everybody = self.everybody.get(&app).copied().unwrap_or(0);
        let theirs = match &head.inside {
            None => self.ceiling,
            Some(users) => users.iter().filter_map(|user| self.moments.get(user)).copied().max().unwrap_or(0),
        };
        let at = clock.max(everybody.max(theirs).max(head.said_at) + 1);
        match &head.inside {
            None => drop(self.everybody.insert(app, at)),
            Some(users) => self.moments.extend(users.iter().map(|user| (*user, at))),
        }
        self.ceiling = self.ceiling.max(at);
        at
    }

    /// Counted messages up to a place.
    pub(super) fn counted_at(&self, id: ConversationId, seq: i64) -> i64 {
        let Some(head) = self.heads.get(&id) else { return 0 };
        let here = head.places.iter().rev().find(|(place, _)| *place <= seq).map(|(_, counted)| *counted);
        // The head as it was before the batch counts where nothing was kept since.
        here.or_else(|| self.counted.get(&(head.row, seq)).copied()).unwrap_or(head.counted)
    }
}
