//! What other nodes tell and ask about people, chatrooms and desks: what only memory knows.

use std::{collections::HashSet, time::Duration};

use serde::{Deserialize, Serialize};

mod lost;
mod rounds;

pub(super) use self::{lost::Lost, rounds::Rounds};
use super::Im;
use crate::model::{
    AppKey, Audience, ConversationId, Event, NodeId, Person, Question, Role, Tidings, UserId,
    node::{PeopleQuestion, PersonNews},
};

/// How long other nodes have to tell of their people, and to do what they must have done before somebody hears that it is
/// done. One that lives needs milliseconds.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(2);
/// Most people in one answer, about. More are asked for in parts.
const MOST_ANSWERED: usize = 400;

/// Some of a node's people.
#[derive(Debug, Serialize, Deserialize)]
struct PeopleThere {
    /// What the node told later is newer than this answer.
    turn: u64,
    /// How many the node has, or the part that was asked for; when that is more than fits, nobody is named.
    count: usize,
    people: Vec<PersonNews>,
}

impl Im {
    /// Tells other nodes how somebody stands here.
    pub(super) fn announce_person(&self, news: Option<PersonNews>) {
        if let Some(news) = news {
            self.bus.announce(Tidings::Person(Box::new(news)));
        }
    }

    /// Somebody stands otherwise at another node than before.
    pub(super) fn learn_person(&self, from: NodeId, news: PersonNews) {
        let learned = self.presence.learn(from, &news, self.clock.now());
        let PersonNews { app, person, .. } = news;
        if let Some(change) = learned.change {
            self.tell_watchers(&app, &person.id, &change, Vec::new());
        }
        if learned.desk {
            self.desk_elsewhere(&app);
        }
        if learned.taken_over {
            self.tell_here(Audience { users: vec![person.id], ..Audience::of(app) }, Event::TakenOver);
        }
    }

    /// A chatroom ended: another node's look or request ended it, and this node found out by a hint or in the store. May
    /// be said more than once. Everybody inside here must hear of it.
    pub(super) fn room_ended_elsewhere(&self, app: &AppKey, room: ConversationId) {
        if let Some(room) = self.chatrooms.by_id(app, room) {
            self.room_is_over(&room);
        }
    }

    /// The desk of an app may look different: something happened at another node.
    pub(super) fn desk_elsewhere(&self, app: &AppKey) {
        self.dirty.apps.entry(app.clone()).or_insert(false);
        self.dirty.changed.notify_one();
    }

    /// What this node believes of another one's people may be wrong.
    pub(super) fn node_missed(&self, from: NodeId) {
        self.lost.found(from);
        self.presence.node_missed(from);
        self.nodes_missed.notify_one();
    }

    /// A node is not there any more.
    pub(super) fn node_gone(&self, node: NodeId) {
        for app in self.presence.node_gone(node, self.clock.now()) {
            self.desk_elsewhere(&app);
        }
        // What goes with its owner may have been that node's to watch.
        self.chatrooms.doubt_all();
    }

    /// What this node answers at once.
    pub(super) fn answer(&self, from: NodeId, question: &Question) -> Option<String> {
        match question {
            Question::People(asked) => serde_json::to_string(&self.people_here(from, *asked)).ok(),
            Question::Forget(app, what) => {
                self.forget(app, what);
                Some("true".to_owned())
            }
            Question::Rooms(asked) => serde_json::to_string(&self.rooms_here(asked)).ok(),
            Question::Inside(asked) => serde_json::to_string(&self.inside_here(asked)).ok(),
            Question::Moves(asked) => serde_json::to_string(&self.settle_with(from, asked)).ok(),
            Question::PutOut(asked) => serde_json::to_string(&self.put_out_for_others(asked)).ok(),
            Question::Poll(_) | Question::Ended(..) => None,
        }
    }

    fn people_here(&self, from: NodeId, asked: PeopleQuestion) -> PeopleThere {
        if asked.of <= 1 {
            let count = self.presence.count_people();
            if count > MOST_ANSWERED {
                return PeopleThere { turn: self.presence.turns(), count, people: Vec::new() };
            }
        }
        // First the turn: what changes while the people are gone through is told again.
        let all = || (self.presence.turns(), self.presence.people());
        let (turn, people) = self.rounds.part(from, asked, all);
        let people: Vec<_> = people.iter().filter_map(|key| self.presence.news_of(key)).collect();
        PeopleThere { turn, count: people.len(), people }
    }

    /// Asks the nodes of which too little is known for their people; `true` when one of them must be asked again.
    pub async fn ask_for_people(&self) -> bool {
        let mut again = false;
        for node in self.presence.take_unsure() {
            if self.ask_one_for_people(node).await.is_none() && self.presence.nodes().contains(&node) {
                self.presence.node_missed(node);
                again = true;
            }
        }
        again
    }

    async fn ask_one_for_people(&self, node: NodeId) -> Option<()> {
        let first = self.ask_for_part(node, PeopleQuestion { part: 0, of: 1 }).await?;
        let mut turn = first.turn;
        let mut named: HashSet<(AppKey, UserId)> = HashSet::new();
        let mut take = |there: PeopleThere| {
            for news in there.people {
                named.insert((news.app.clone(), news.person.id.clone()));
                self.learn_person(node, news);
            }
        };
        if first.count > MOST_ANSWERED {
            let of = u16::try_from(2 * first.count / MOST_ANSWERED).unwrap_or(u16::MAX);
            for part in 0..of {
                let there = self.ask_for_part(node, PeopleQuestion { part, of }).await?;
                turn = turn.min(there.turn);
                take(there);
            }
        } else {
            take(first);
        }
        for (app, person, change) in self.presence.learn_all(node, turn, &named, self.clock.now()) {
            self.tell_watchers(&app, &person.id, &change, Vec::new());
            self.desk_of_gone(&app, &person);
        }
        Some(())
    }

    /// Somebody has gone, and another node tells: this one's desk may look different.
    pub(super) fn desk_of_gone(&self, app: &AppKey, person: &Person) {
        if person.role == Role::Agent {
            self.desk_elsewhere(app);
        }
    }

    async fn ask_for_part(&self, node: NodeId, part: PeopleQuestion) -> Option<PeopleThere> {
        let answer = self.bus.ask(node, Question::People(part), ANSWER_TIME).await?;
        let there = serde_json::from_str(&answer);
        if let Err(error) = &there {
            tracing::warn!(error = %error, "Another node told its people in a way that is not known here");
        }
        there.ok()
    }
}
