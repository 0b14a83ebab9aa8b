//! One person, as this node and others see them.
//!
//! All nodes keep the same entries for a person until the last grace time is over. Then one tells that they went: the
//! node that they left last, by its own clock and then its id, so that every node names the same one whatever its clock
//! says. For people of a node that died it is the living one with the lowest id.

use super::Change;
use crate::model::{AppKey, Millis, NodeId, Person, command::AgentStatus, node::PersonNews, presence::Transport};

/// Somebody who is here, or was a moment ago.
#[derive(Debug, Clone)]
pub(super) struct Here {
    pub(super) person: Person,
    /// How they stand at this node, if they were ever here.
    pub(super) mine: Option<Mine>,
    /// How they stand at others.
    pub(super) there: Vec<There>,
    pub(super) since: Millis,
    pub(super) status: AgentStatus,
    /// How often they chose a status.
    pub(super) choice: u64,
    /// How often they came as one who may have one device only.
    pub(super) alone: u64,
}

/// How somebody stands at this node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mine {
    pub(super) connections: u32,
    /// When the first of them came.
    pub(super) since: Millis,
    /// Of the newest connection.
    pub(super) transport: Transport,
    /// When the last connection went; `None` while there is one.
    pub(super) gone_at: Option<Millis>,
    pub(super) turn: u64,
    /// The number of the newest connection, if it came as the only one they may have.
    pub(super) alone: u64,
}

/// How somebody stands at another node, as that one told it.
#[derive(Debug, Clone, Copy)]
pub(super) struct There {
    pub(super) node: NodeId,
    pub(super) turn: u64,
    /// When they came or went, by that node's clock.
    pub(super) at: Millis,
    pub(super) transport: Transport,
    /// When this node heard that they went; `None` while they are there.
    pub(super) gone_at: Option<Millis>,
    /// That node is not there any more.
    pub(super) orphan: bool,
}

impl Mine {
    pub(super) const fn new(transport: Transport, now: Millis) -> Self {
        Self { connections: 0, since: now, transport, gone_at: None, turn: 0, alone: 0 }
    }

    pub(super) const fn is_here(self) -> bool {
        self.connections > 0
    }
}

impl Here {
    pub(super) const fn new(person: Person, now: Millis) -> Self {
        let status = AgentStatus::Online;
        Self { person, mine: None, there: Vec::new(), since: now, status, choice: 0, alone: 0 }
    }

    /// When each node's last connection went, by this node's clock; `None` for one that stands.
    fn ends(&self) -> impl Iterator<Item = Option<Millis>> {
        self.mine.iter().map(|mine| mine.gone_at).chain(self.there.iter().map(|there| there.gone_at))
    }

    pub(super) fn counts_at(&self, now: Millis, grace_secs: i64) -> bool {
        self.ends().any(|gone| gone.is_none_or(|gone| now < gone.plus_secs(grace_secs)))
    }

    /// Whether they have a connection anywhere.
    pub(super) fn is_connected(&self) -> bool {
        self.ends().any(|gone| gone.is_none())
    }

    /// When the last grace time is over; `None` while a connection stands.
    pub(super) fn over_at(&self, grace_secs: i64) -> Option<Millis> {
        self.gone_at().map(|gone| gone.plus_secs(grace_secs))
    }

    /// When the last connection went, by this node's clock; `None` while there is one.
    pub(super) fn gone_at(&self) -> Option<Millis> {
        if self.is_connected() { None } else { self.ends().flatten().max() }
    }

    /// By what the connection was made that counts.
    pub(super) fn transport(&self) -> Transport {
        let there = || self.there.iter().max_by_key(|there| (there.gone_at.is_none(), there.at));
        match (&self.mine, there()) {
            (Some(mine), Some(there)) if !mine.is_here() && there.at > mine.gone_at.unwrap_or(mine.since) => {
                there.transport
            }
            (Some(mine), _) => mine.transport,
            (None, Some(there)) => there.transport,
            (None, None) => Transport::WebSocket,
        }
    }

    /// Whether this node tells that they went. `lowest`: it has the lowest id of those that live.
    pub(super) fn is_mine_to_tell(&self, me: Option<NodeId>, lowest: bool) -> bool {
        let Some(me) = me else { return true };
        let mine = self.mine.and_then(|mine| mine.gone_at).map(|at| (at, me));
        let theirs = self.there.iter().filter(|there| !there.orphan).map(|there| (there.at, there.node));
        match mine.into_iter().chain(theirs).max() {
            Some((_, node)) => node == me,
            None => lowest,
        }
    }

    /// How they stand at this node, for others.
    pub(super) fn news(&self, app: &AppKey) -> Option<PersonNews> {
        let mine = self.mine?;
        let at = mine.gone_at.unwrap_or(mine.since);
        Some(PersonNews { here: mine.is_here(), transport: mine.transport, turn: mine.turn, ..self.last_news(app, at) })
    }

    /// That they went, for others.
    pub(super) fn last_news(&self, app: &AppKey, at: Millis) -> PersonNews {
        PersonNews {
            app: app.clone(),
            person: self.person.clone(),
            here: false,
            at,
            transport: self.transport(),
            status: self.status,
            choice: self.choice,
            alone: 0,
            told: false,
            turn: 0,
        }
    }

    /// As [`Here::news`], for a node that may have heard none of it: also whether the connection here came as the only one
    /// they may have. What others know by now is left out, so that an old connection does not pass for theirs.
    pub(super) fn news_once_more(&self, app: &AppKey) -> Option<PersonNews> {
        let alone = self.mine.filter(|mine| mine.is_here()).map_or(0, |mine| mine.alone);
        self.news(app).map(|news| PersonNews { alone, ..news })
    }

    pub(super) fn change(&self, online: bool, at: Millis) -> Change {
        Change { online, at, transport: self.transport() }
    }
}
