//! Answers of the domain as this protocol puts them: pages of history and the list of conversations.
//!
//! Source: compatible protocol, "Conversations and history".

use std::collections::HashSet;

mod chatroom;
mod discussion;
mod settings;

pub use chatroom::{attributes, chatroom_info, chatroom_messages};
pub use discussion::discussion_info;
pub use settings::{presence, settings, status};

use super::{dialect::Dialect, down::Reader, place::Place};
use crate::{
    model::{Conversation, Kind, Message, Millis, Person, UserId, command::Page, content::names},
    proto::rong::{HistoryMessagesOuput, QueryBlackListOutput, RelationInfo, RelationsOutput},
};

/// A page of history: newest first in either direction. Its time is where the next page begins, so it counts messages
/// that were taken back or thrown away, too, though they are not listed.
pub fn history(page: &Page, newer: bool, asked: Millis, reader: &Reader<'_>) -> HistoryMessagesOuput {
    let edge = if newer { page.messages.last() } else { page.messages.first() };
    HistoryMessagesOuput {
        list: page.messages.iter().rev().filter(|message| is_there(message)).map(|it| reader.message(it)).collect(),
        sync_time: edge.map_or(asked, |message| message.at).get(),
        has_msg: page.more.into(),
    }
}

/// The user's conversations, newest message first, whatever is pinned. Clients drop entries without a message, so they
/// are left out; chatrooms are never listed; all episodes with one desk are one conversation.
pub fn conversations(found: &[Conversation], user: &UserId, dialect: Dialect) -> RelationsOutput {
    let mut newest: Vec<_> =
        found.iter().filter_map(|conversation| Some((conversation.last.as_ref()?, conversation))).collect();
    newest.sort_by_key(|(last, _)| std::cmp::Reverse((last.at, last.uid)));
    let mut seen = HashSet::new();
    let entry = |(last, conversation): (&Message, &Conversation)| {
        let place = Place::of(conversation, user).filter(|place| place.kind != Kind::Chatroom)?;
        seen.insert(place.clone()).then(|| relation(last, conversation, &Reader { user, place: &place, dialect }))
    };
    RelationsOutput { info: newest.into_iter().filter_map(entry).collect() }
}

fn relation(last: &Message, conversation: &Conversation, reader: &Reader<'_>) -> RelationInfo {
    let mine = conversation.mine.as_ref();
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    RelationInfo {
        r#type: reader.place.kind.number().into(),
        user_id: reader.place.target.to_string(),
        msg: Some(reader.message(last)),
        unread_count: mine.map(|mine| number(mine.unread)),
        remind_count: mine.map(|mine| number(mine.mentions)),
        ..RelationInfo::default()
    }
}

/// Whom the user blocked.
pub fn blocked(users: &[Person]) -> QueryBlackListOutput {
    QueryBlackListOutput { user_ids: users.iter().map(|person| person.id.to_string()).collect() }
}

/// Whether history shows a message: not when it was taken back, nor when its reader threw it away.
pub fn is_there(message: &Message) -> bool {
    !message.content.is_recalled() && message.content.name.as_str() != names::DELETED
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::down::tests::said, *};
    use crate::{
        model::{
            Content, ConversationId, Mine, Position, Role, Seq, Service, Stage,
            conversation::{Context, Participant},
        },
        proto::rong::DownStreamMessage,
    };

    fn bob() -> UserId {
        "bob".parse().unwrap()
    }

    fn page(times: &[i64], more: bool) -> Page {
        let messages = times.iter().map(|at| said("ann", *at, Content::text("hi"))).collect();
        Page { head: Position { epoch: 1, seq: Seq(9) }, messages, more, offline_before: None }
    }

    fn times(list: &[DownStreamMessage]) -> Vec<i64> {
        list.iter().map(|message| message.data_time).collect()
    }

    fn answered(page: &Page, newer: bool, asked: i64) -> (Vec<i64>, i64, i32) {
        let (user, place) = (bob(), Place::new(Kind::Private, "ann").unwrap());
        let reader = Reader { user: &user, place: &place, dialect: Dialect::of_socket("2.5.3") };
        let answer = history(page, newer, Millis::new(asked), &reader);
        (times(&answer.list), answer.sync_time, answer.has_msg)
    }

    #[test]
    fn check_41_and_42_pages_are_newest_first_and_say_where_the_next_one_begins() {
        assert_eq!(answered(&page(&[3, 4, 5], true), false, 6), (vec![5, 4, 3], 3, 1));
        assert_eq!(answered(&page(&[3, 4, 5], false), true, 2), (vec![5, 4, 3], 5, 0));
        assert_eq!(answered(&page(&[], false), false, 6), (vec![], 6, 0));
    }

    #[test]
    fn check_26_and_44_what_was_taken_back_or_thrown_away_is_not_listed_but_counts_for_the_place() {
        let mut page = page(&[3, 4, 5], true);
        page.messages[0].content = Content::of(names::RECALLED, &json!({}));
        page.messages[2].content = Content::deleted();
        assert_eq!(answered(&page, false, 9), (vec![4], 3, 1));
        assert_eq!(answered(&page, true, 1), (vec![4], 5, 1));
    }

    fn person(id: &str) -> Person {
        Person { id: id.parse().unwrap(), name: String::new(), role: Role::User, portrait: None }
    }

    fn conversation(id: u128, kind: Kind, other: &str, last: Option<i64>) -> Conversation {
        let there = |id: &str| Participant {
            person: person(id),
            online: false,
            delivered: Seq(0),
            read: Seq(0),
            read_at: None,
            unread: 0,
            member: None,
        };
        let service = (kind == Kind::Service).then(|| Service {
            site: "shop".parse().unwrap(),
            visitor: bob(),
            stage: Stage::Offline { since: Millis::new(0) },
            waiting_since: None,
            ahead: None,
            context: Context::default(),
            rating: None,
        });
        Conversation {
            id: ConversationId::from_u128(id),
            kind,
            handle: (!kind.is_pair()).then(|| other.parse().unwrap()),
            head: Position { epoch: 1, seq: Seq(1) },
            created_at: Millis::new(0),
            changed_at: Millis::new(0),
            participants: vec![there("bob"), there(other)],
            last: last.map(|at| said(other, at, Content::text("hi"))),
            service,
            group: None,
            mine: Some(Mine { unread: 2, mentions: 1, pinned: id == 1, ..Mine::default() }),
        }
    }

    #[test]
    fn check_39_the_list_is_newest_first_with_a_message_each_and_one_entry_for_a_desk() {
        let found = [
            conversation(1, Kind::Private, "ann", Some(3)),
            conversation(2, Kind::Group, "g1", Some(9)),
            conversation(3, Kind::Private, "cy", None),
            conversation(4, Kind::Service, "agent7", Some(4)),
            conversation(5, Kind::Service, "agent8", Some(7)),
            conversation(6, Kind::Chatroom, "r1", Some(8)),
        ];
        let list = conversations(&found, &bob(), Dialect::of_socket("2.5.3")).info;
        let entries: Vec<_> = list
            .iter()
            .map(|entry| (entry.r#type, entry.user_id.as_str(), entry.msg.as_ref().unwrap().data_time))
            .collect();
        assert_eq!(entries, [(3, "g1", 9), (5, "shop", 7), (1, "ann", 3)]);
        assert_eq!((list[0].unread_count, list[0].remind_count), (Some(2), Some(1)));
    }

    #[test]
    fn a_pair_of_others_is_no_place_of_the_reader() {
        let foreign = conversation(1, Kind::Private, "ann", Some(3));
        assert_eq!(Place::of(&foreign, &"cy".parse().unwrap()), None);
    }

    #[test]
    fn check_45_the_blacklist_names_everybody_on_it() {
        assert_eq!(blocked(&[person("ann"), person("cy")]).user_ids, ["ann", "cy"]);
    }
}
