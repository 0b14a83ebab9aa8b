//! Chatrooms, their attributes, and what the back end decides.

use super::{House, at, fresh_id, message, no_conversation, person, refused, user};
use crate::{
    model::{
        Handle, Kind, Millis, ObjectName, Role, Seq,
        chatroom::{AttributeKey, Chatroom, Entitled, Lifetime, MOST_ATTRIBUTES, Priority, Right, Rule},
        command::{History, List},
    },
    store::{
        Store, StoreError,
        chatrooms::{AttributesChanged, ChatroomRules, NewAttributes, NewChatroom, RightOf},
    },
};

fn handle(text: &str) -> Handle {
    text.parse().unwrap()
}

fn new(name: &str, secs: i64) -> NewChatroom {
    let (handle, lifetime) = (handle(name), Lifetime::Idle(None));
    NewChatroom { id: fresh_id(), handle, name: String::new(), lifetime, due_at: at(secs + 60), at: at(secs) }
}

async fn open(house: &House<'_>, name: &str, secs: i64) -> Chatroom {
    house.store.open_chatroom(&house.app, new(name, secs)).await.unwrap().0
}

async fn says(house: &House<'_>, room: &Chatroom, secs: i64) -> Seq {
    house.says(room.id, person("alice", Role::User), "hello", at(secs)).await
}

pub(crate) async fn a_chatroom_is_made_once_and_found_by_its_handle(store: &dyn Store) {
    let house = House::new(store).await;
    assert_eq!(store.chatroom(&house.app, &handle("lobby")).await.unwrap(), None);
    let (first, made) = store.open_chatroom(&house.app, new("lobby", 1)).await.unwrap();
    let (again, made_again) = store.open_chatroom(&house.app, new("lobby", 2)).await.unwrap();
    assert_eq!((made, made_again, &first), (true, false, &again));
    assert_eq!(store.chatroom(&house.app, &handle("lobby")).await.unwrap(), Some(first.clone()));
    assert_eq!((first.created_at, first.head.seq, first.lifetime), (at(1), Seq(0), Lifetime::Idle(None)));
    let other = open(&house, "attic", 3).await;
    assert_ne!(other.id, first.id);
    let handles = async |after: Option<&str>, limit| {
        let found = store.chatrooms(&house.app, after.map(handle).as_ref(), limit).await.unwrap();
        found.into_iter().map(|room| room.handle.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(handles(None, 10).await, ["attic", "lobby"]);
    assert_eq!((handles(None, 1).await, handles(Some("attic"), 9).await), (vec!["attic".into()], vec!["lobby".into()]));
    assert_eq!(store.count_chatrooms(&house.app).await.unwrap(), 2);
    let until = Some((Lifetime::Until(at(99)), at(99)));
    let changed = store.change_chatroom(&house.app, first.id, Some("Lobby".to_owned()), until).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.lifetime), ("Lobby", Lifetime::Until(at(99))));
}

pub(crate) async fn a_chatroom_that_ended_is_made_anew_behind_its_last_message(store: &dyn Store) {
    let house = House::new(store).await;
    let room = open(&house, "lobby", 0).await;
    says(&house, &room, 1).await;
    says(&house, &room, 2).await;
    assert!(store.end_chatroom(&house.app, room.id, at(3)).await.unwrap());
    assert!(!store.end_chatroom(&house.app, room.id, at(4)).await.unwrap(), "it had ended");
    assert_eq!(store.chatroom(&house.app, &room.handle).await.unwrap(), None);
    let late = message(room.id, person("alice", Role::User), "late", at(5));
    refused!(store.append(&house.app, late).await, StoreError::WrongStage);
    assert!(no_conversation(&store.attributes(&house.app, room.id, &[]).await));
    let (anew, made) = store.open_chatroom(&house.app, new("lobby", 6)).await.unwrap();
    assert_eq!((anew.id, made, anew.created_at, anew.head.seq), (room.id, true, at(6), Seq(2)));
    assert_eq!(house.page(room.id, None, None, 10).await, (vec![], false), "what was said before is gone");
    assert_eq!(says(&house, &anew, 7).await, Seq(3));
    assert_eq!(house.page(room.id, None, Some(1), 10).await, (vec![3], false));
}

pub(crate) async fn chatrooms_are_nobodys_conversations_and_count_nothing(store: &dyn Store) {
    let house = House::new(store).await;
    let room = open(&house, "lobby", 0).await;
    says(&house, &room, 1).await;
    let conversation = house.get(room.id).await;
    assert_eq!((conversation.kind, conversation.participants.len()), (Kind::Chatroom, 0));
    assert_eq!(conversation.handle, Some(room.handle));
    let alice = user("alice");
    assert_eq!(store.conversations_of(&house.app, &alice, &List::default()).await.unwrap(), []);
    assert_eq!(store.unread(&house.app, &alice, &[]).await.unwrap().total, 0);
    let newest = History::newest(room.id, 10);
    assert_eq!(store.page_for(&house.app, &user("bob"), &newest).await.unwrap().messages.len(), 1);
}

pub(crate) async fn due_chatrooms_come_until_they_are_postponed_or_end(store: &dyn Store) {
    let house = House::new(store).await;
    let (first, second) = (open(&house, "one", 0).await, open(&house, "two", 10).await);
    let due = async |secs| {
        let found = store.due_chatrooms(at(secs), 10).await.unwrap();
        assert!(found.iter().all(|due| due.app == house.app));
        found.into_iter().map(|due| due.room.id).collect::<Vec<_>>()
    };
    assert_eq!((due(59).await, due(60).await, due(70).await), (vec![], vec![first.id], vec![first.id, second.id]));
    store.postpone_chatroom(&house.app, first.id, at(100)).await.unwrap();
    store.postpone_chatroom(&house.app, first.id, at(80)).await.unwrap();
    store.end_chatroom(&house.app, second.id, at(70)).await.unwrap();
    store.postpone_chatroom(&house.app, second.id, at(71)).await.unwrap();
    assert_eq!((due(99).await, due(100).await), (vec![], vec![first.id]));
}

pub(crate) async fn trimming_leaves_the_newest(store: &dyn Store) {
    let house = House::new(store).await;
    let room = open(&house, "lobby", 0).await;
    for secs in 1..=6 {
        says(&house, &room, secs).await;
    }
    assert_eq!(store.trim_chatroom(&house.app, room.id, 2).await.unwrap(), 4);
    assert_eq!(store.trim_chatroom(&house.app, room.id, 2).await.unwrap(), 0);
    assert_eq!(house.page(room.id, None, None, 10).await, (vec![5, 6], false));
    let private = house.private().await.id;
    house.says(private, person("alice", Role::User), "kept", at(9)).await;
    assert_eq!(store.trim_chatroom(&house.app, private, 0).await.unwrap(), 0, "only chatrooms forget");
}

fn key(text: &str) -> AttributeKey {
    text.parse().unwrap()
}

fn attributes(by: &str, pairs: &[(&str, &str)]) -> NewAttributes {
    let attributes = pairs.iter().map(|(name, value)| (key(name), (*value).to_owned())).collect();
    NewAttributes { attributes, by: user(by), auto_delete: false, force: false, at: at(5) }
}

pub(crate) async fn attributes_belong_to_who_set_them(store: &dyn Store) {
    let house = House::new(store).await;
    let id = open(&house, "lobby", 0).await.id;
    let set = async |new| store.set_attributes(&house.app, id, new).await.unwrap();
    assert_eq!(set(attributes("alice", &[("seat", "1")])).await, AttributesChanged::Done(1));
    assert_eq!(set(attributes("alice", &[("seat", "2")])).await, AttributesChanged::Done(2));
    assert_eq!(set(attributes("bob", &[("door", "open"), ("seat", "3")])).await, AttributesChanged::Taken(key("seat")));
    let forced = NewAttributes { force: true, ..attributes("bob", &[("seat", "3")]) };
    assert_eq!(set(forced).await, AttributesChanged::Done(3));
    let found = store.attributes(&house.app, id, &[]).await.unwrap();
    let seat = &found.list[0];
    assert_eq!((found.version, found.list.len()), (3, 1), "a refused change leaves nothing behind");
    assert_eq!((seat.key.as_str(), seat.value.as_str(), &seat.by, seat.at), ("seat", "3", &user("bob"), at(5)));
    let remove = async |by: &str, name: &str, force| {
        store.remove_attributes(&house.app, id, &[key(name)], &user(by), force).await.unwrap()
    };
    assert_eq!(remove("alice", "seat", false).await, AttributesChanged::Taken(key("seat")));
    assert_eq!(remove("alice", "none", true).await, AttributesChanged::Missing(key("none")));
    assert_eq!(remove("alice", "seat", true).await, AttributesChanged::Done(4));
    assert_eq!(store.attributes(&house.app, id, &[key("seat")]).await.unwrap().list, []);
}

pub(crate) async fn attributes_are_bounded_and_change_all_or_nothing(store: &dyn Store) {
    let house = House::new(store).await;
    let id = open(&house, "lobby", 0).await.id;
    let named = |from: usize, to: usize| {
        let mut new = attributes("alice", &[]);
        new.attributes = (from..to).map(|n| (key(&format!("k{n}")), n.to_string())).collect();
        new
    };
    let set = async |new| store.set_attributes(&house.app, id, new).await.unwrap();
    assert_eq!(set(named(0, MOST_ATTRIBUTES)).await, AttributesChanged::Done(1));
    assert_eq!(set(named(MOST_ATTRIBUTES - 1, MOST_ATTRIBUTES + 1)).await, AttributesChanged::TooMany);
    assert_eq!(set(named(0, 3)).await, AttributesChanged::Done(2), "known keys need no room");
    assert_eq!(store.attributes(&house.app, id, &[]).await.unwrap().list.len(), MOST_ATTRIBUTES);
}

pub(crate) async fn what_goes_with_a_user_goes_alone(store: &dyn Store) {
    let house = House::new(store).await;
    let id = open(&house, "lobby", 0).await.id;
    let mine = NewAttributes { auto_delete: true, ..attributes("alice", &[("a", "1"), ("b", "2")]) };
    store.set_attributes(&house.app, id, mine).await.unwrap();
    store.set_attributes(&house.app, id, attributes("alice", &[("stays", "3")])).await.unwrap();
    let (version, mut keys) = store.remove_attributes_of(&house.app, id, &user("alice")).await.unwrap();
    keys.sort();
    assert_eq!((version, keys), (3, vec![key("a"), key("b")]));
    assert_eq!(store.remove_attributes_of(&house.app, id, &user("alice")).await.unwrap(), (3, vec![]));
    assert_eq!(store.attributes(&house.app, id, &[]).await.unwrap().list.len(), 1);
}

fn entitled(id: &str, until: Option<Millis>) -> Entitled {
    Entitled { user: user(id), until }
}

pub(crate) async fn rights_outlive_the_room_and_end_in_time(store: &dyn Store) {
    let house = House::new(store).await;
    let of = |right| RightOf { handle: Some(handle("lobby")), right };
    let give = async |of: RightOf, who: Entitled| {
        assert!(store.entitle(&house.app, &of, &[who], 10, at(0)).await.unwrap());
    };
    give(of(Right::Gagged), entitled("alice", Some(at(60)))).await;
    give(of(Right::Blocked), entitled("bob", None)).await;
    give(RightOf { handle: None, right: Right::Gagged }, entitled("bob", None)).await;
    give(RightOf { handle: Some(handle("other")), right: Right::Allowed }, entitled("alice", None)).await;
    assert!(store.set_chatroom_rule(&house.app, Rule::Silenced, &[handle("lobby")], true, 10).await.unwrap());
    let id = open(&house, "lobby", 1).await.id;
    store.end_chatroom(&house.app, id, at(2)).await.unwrap();
    let rules = store.chatroom_rules(&house.app, &handle("lobby"), at(59)).await.unwrap();
    assert_eq!((rules.rules, rules.people.len()), (vec![Rule::Silenced], 3));
    let late = store.chatroom_rules(&house.app, &handle("lobby"), at(60)).await.unwrap();
    assert_eq!(late.people.len(), 2, "her gag is over");
    let gagged = async |secs| store.entitled(&house.app, &of(Right::Gagged), at(secs)).await.unwrap();
    assert_eq!((gagged(59).await, gagged(60).await), (vec![entitled("alice", Some(at(60)))], vec![]));
    store.disentitle(&house.app, &of(Right::Blocked), &[user("bob"), user("alice")]).await.unwrap();
    assert_eq!(store.entitled(&house.app, &of(Right::Blocked), at(0)).await.unwrap(), []);
    let stranger = store.entitle(&house.app, &of(Right::Gagged), &[entitled("nobody", None)], 10, at(0)).await;
    refused!(stranger, StoreError::Missing("user"));
}

pub(crate) async fn lists_have_an_end(store: &dyn Store) {
    let house = House::new(store).await;
    let protect = async |ids: &[&str]| {
        let of = RightOf { handle: Some(handle("lobby")), right: Right::Protected };
        let users: Vec<Entitled> = ids.iter().map(|id| entitled(id, None)).collect();
        store.entitle(&house.app, &of, &users, 2, at(0)).await.unwrap()
    };
    assert!(protect(&["alice"]).await && protect(&["alice", "bob", "bob"]).await);
    assert!(!protect(&["alice", "anna"]).await);
    let alive = async |names: &[&str], on| {
        let handles: Vec<Handle> = names.iter().map(|name| handle(name)).collect();
        store.set_chatroom_rule(&house.app, Rule::KeptAlive, &handles, on, 2).await.unwrap()
    };
    assert!(alive(&["a", "b"], true).await && alive(&["b"], true).await && !alive(&["b", "c"], true).await);
    assert!(alive(&["b", "x"], false).await);
    assert_eq!(store.chatrooms_under(&house.app, Rule::KeptAlive).await.unwrap(), [handle("a")]);
    let names = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<Vec<ObjectName>>();
    let put = async |priority, list: &[&str], on| {
        store.set_priority(&house.app, priority, &names(list), on, 2).await.unwrap()
    };
    assert!(put(Priority::Low, &["app:like", "app:gift"], true).await && !put(Priority::Low, &["app:x"], true).await);
    assert!(put(Priority::High, &["app:gift"], true).await);
    let lists: Vec<_> = store.priorities(&house.app).await.unwrap();
    let lists: Vec<_> = lists.iter().map(|(priority, name)| (*priority, name.as_str())).collect();
    assert_eq!(lists, [(Priority::High, "app:gift"), (Priority::Low, "app:like")]);
    assert!(put(Priority::Low, &["app:like", "app:gift"], false).await);
    assert_eq!(store.priorities(&house.app).await.unwrap().len(), 1, "it is on the other list");
}

pub(crate) async fn z1_another_apps_chatrooms_do_not_exist(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let room = open(&house, "lobby", 0).await;
    store.set_attributes(&house.app, room.id, attributes("alice", &[("a", "1")])).await.unwrap();
    let of = RightOf { handle: Some(room.handle.clone()), right: Right::Gagged };
    store.entitle(&house.app, &of, &[entitled("alice", None)], 9, at(0)).await.unwrap();
    store.set_chatroom_rule(&house.app, Rule::Stopped, std::slice::from_ref(&room.handle), true, 9).await.unwrap();
    assert_eq!(store.chatroom(&other.app, &room.handle).await.unwrap(), None);
    assert_eq!(store.chatrooms(&other.app, None, 9).await.unwrap(), []);
    assert_eq!(store.count_chatrooms(&other.app).await.unwrap(), 0);
    assert_ne!(open(&other, "lobby", 1).await.id, room.id);
    assert!(!store.end_chatroom(&other.app, room.id, at(1)).await.unwrap());
    assert_eq!(store.trim_chatroom(&other.app, room.id, 0).await.unwrap(), 0);
    store.postpone_chatroom(&other.app, room.id, at(999)).await.unwrap();
    assert_eq!(store.due_chatrooms(at(60), 9).await.unwrap().len(), 1);
    assert!(no_conversation(&store.attributes(&other.app, room.id, &[]).await));
    assert!(no_conversation(&store.set_attributes(&other.app, room.id, attributes("alice", &[("a", "1")])).await));
    let removed = store.remove_attributes(&other.app, room.id, &[key("a")], &user("alice"), true).await;
    assert!(no_conversation(&removed));
    assert!(no_conversation(&store.change_chatroom(&other.app, room.id, None, None).await));
    assert_eq!(store.chatroom_rules(&other.app, &room.handle, at(0)).await.unwrap(), ChatroomRules::default());
    assert_eq!(store.entitled(&other.app, &of, at(0)).await.unwrap(), []);
}
