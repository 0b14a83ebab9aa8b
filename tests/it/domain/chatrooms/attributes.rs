//! Attributes of chatrooms.

use parlor::model::{
    Code, Event, Fault, Reply,
    chatroom::{Attributes, ChatroomCommand, ChatroomNews, RemoveAttributes, SetAttributes},
    content::names,
};

use super::{
    super::world::{Someone, World, code, field},
    handle, join,
};

fn set(pairs: &[(&str, &str)]) -> SetAttributes {
    SetAttributes {
        chatroom: handle("lobby"),
        attributes: pairs.iter().map(|(key, value)| (key.parse().unwrap(), (*value).to_owned())).collect(),
        auto_delete: false,
        force: false,
        notify: None,
    }
}

fn remove(key: &str, force: bool) -> RemoveAttributes {
    RemoveAttributes { chatroom: handle("lobby"), keys: vec![key.parse().unwrap()], force, notify: None }
}

impl Someone {
    async fn sets(&self, set: SetAttributes) -> Result<u64, Fault> {
        version(self.tries(ChatroomCommand::SetAttributes(set)).await)
    }

    async fn removes(&self, remove: RemoveAttributes) -> Result<u64, Fault> {
        version(self.tries(ChatroomCommand::RemoveAttributes(remove)).await)
    }

    async fn looks_up(&self, keys: &[&str]) -> Result<Attributes, Fault> {
        let keys = keys.iter().map(|key| key.parse().unwrap()).collect();
        match self.tries(ChatroomCommand::Attributes { chatroom: handle("lobby"), keys }).await? {
            Reply::Attributes(found) => Ok(found),
            other => panic!("{other:?}"),
        }
    }
}

fn version(reply: Result<Reply, Fault>) -> Result<u64, Fault> {
    match reply? {
        Reply::Version { version } => Ok(version),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn everybody_sees_the_same_attributes() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    alice.joins("lobby").await;
    assert_eq!(alice.sets(set(&[("seat", "1"), ("door", "open")])).await.unwrap(), 1);
    let joined = bob.joins("lobby").await;
    assert_eq!((joined.attributes.version, joined.attributes.list.len()), (1, 2));
    world.hints();
    assert_eq!(alice.sets(set(&[("seat", "2")])).await.unwrap(), 2);
    assert_eq!(alice.removes(remove("door", false)).await.unwrap(), 3);
    let news = world.news();
    let [ChatroomNews::Attributes { version: 2, set: one, .. }, ChatroomNews::Attributes { version: 3, removed, .. }] =
        &news[..]
    else {
        panic!("{news:?}")
    };
    assert_eq!((one[0].value.as_str(), removed[0].as_str()), ("2", "door"));
    assert_eq!(bob.looks_up(&[]).await.unwrap().list.len(), 1);
    assert_eq!(bob.looks_up(&["seat"]).await.unwrap().list[0].by, *alice.id());
}

#[tokio::test]
async fn only_who_set_it_changes_it_unless_forced() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    alice.joins("lobby").await;
    assert_eq!(code(bob.sets(set(&[("seat", "1")])).await), Code::NotInChatroom);
    bob.joins("lobby").await;
    alice.sets(set(&[("seat", "1")])).await.unwrap();
    assert_eq!(code(bob.sets(set(&[("seat", "2")])).await), Code::AttributeTaken);
    assert_eq!(code(bob.removes(remove("seat", false)).await), Code::AttributeTaken);
    assert_eq!(code(bob.removes(remove("none", true)).await), Code::NoAttribute);
    bob.sets(SetAttributes { force: true, ..set(&[("seat", "2")]) }).await.unwrap();
    assert_eq!(code(alice.sets(set(&[("seat", "3")])).await), Code::AttributeTaken, "it is his now");
    bob.removes(remove("seat", false)).await.unwrap();
}

#[tokio::test]
async fn w3_attributes_have_limits() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    alice.joins("lobby").await;
    let huge = "x".repeat(4097);
    assert_eq!(code(alice.sets(set(&[("a", &huge)])).await), Code::TooLarge);
    alice.sets(set(&[("a", &huge[1..])])).await.unwrap();
    assert_eq!(code(alice.sets(set(&[("a", "nul\0")])).await), Code::BadRequest);
    assert_eq!(code(alice.sets(set(&[])).await), Code::BadRequest);
    let named = |from: usize, to: usize| {
        let attributes = (from..to).map(|n| (format!("k{n}").parse().unwrap(), String::new())).collect();
        SetAttributes { attributes, ..set(&[]) }
    };
    assert_eq!(code(alice.sets(named(0, 11)).await), Code::BadRequest);
    for step in 0..9 {
        alice.sets(named(step * 10, step * 10 + 10)).await.unwrap();
    }
    alice.sets(named(90, 99)).await.unwrap();
    assert_eq!(code(alice.sets(named(100, 101)).await), Code::AttributesFull);
    world.clock.advance_secs(1);
    let mut taken = 0;
    for _ in 0..120 {
        taken += usize::from(alice.sets(set(&[("a", "1")])).await.is_ok());
    }
    assert_eq!(taken, 100, "in one second");
    world.clock.advance_secs(1);
    alice.sets(set(&[("a", "1")])).await.unwrap();
}

#[tokio::test]
async fn what_goes_with_its_setter_goes_when_they_leave_or_do_not_come_back() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    alice.joins("lobby").await;
    let place = world.im.enter_chatroom(&bob.caller, bob.connection, &join("lobby")).await.unwrap();
    let mine = |key: &str| SetAttributes { auto_delete: true, ..set(&[(key, "1")]) };
    bob.sets(mine("bobs")).await.unwrap();
    bob.sets(set(&[("stays", "1")])).await.unwrap();
    alice.sets(mine("hers")).await.unwrap();
    world.hints();
    world.im.chatroom_lost(&bob.caller, bob.connection, &place);
    world.later(30).await;
    let news = world.news();
    assert!(
        matches!(&news[..], [ChatroomNews::Attributes { removed, .. }] if removed[0].as_str() == "bobs"),
        "{news:?}"
    );
    let keys: Vec<_> = alice.looks_up(&[]).await.unwrap().list.into_iter().map(|one| one.key.to_string()).collect();
    assert_eq!(keys, ["hers", "stays"]);
    bob.joins("lobby").await;
    alice.tries(ChatroomCommand::Quit(handle("lobby"))).await.unwrap();
    assert_eq!(bob.looks_up(&[]).await.unwrap().list.len(), 1);
}

#[tokio::test]
async fn a_change_can_be_told_as_a_message_that_is_not_kept() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let room = alice.joins("lobby").await.room.id;
    world.hints();
    alice.sets(SetAttributes { notify: Some("x".to_owned()), ..set(&[("seat", "1")]) }).await.unwrap();
    alice.removes(RemoveAttributes { notify: Some(String::new()), ..remove("seat", false) }).await.unwrap();
    let notes: Vec<_> = world
        .hints()
        .into_iter()
        .filter(|hint| hint.audience.room == Some(room))
        .filter_map(|hint| match hint.event {
            Event::Message(message) => Some(message),
            _ => None,
        })
        .collect();
    assert!(notes.iter().all(|note| note.content.name.as_str() == names::ATTRIBUTE_NOTICE && note.seq.is_none()));
    let told = |at: usize| ["/type", "/key", "/value", "/extra"].map(|name| field(&notes[at], name).to_string());
    assert_eq!(told(0), ["1", "\"seat\"", "\"1\"", "\"x\""]);
    assert_eq!(told(1), ["2", "\"seat\"", "\"\"", "\"\""]);
    let lie = parlor::model::content::Content::of(names::ATTRIBUTE_NOTICE, &serde_json::json!({ "key": "seat" }));
    let to = parlor::model::command::Target::Chatroom(handle("lobby"));
    assert_eq!(code(alice.send(to, "k1", lie).await), Code::Forbidden);
}

#[tokio::test]
async fn the_back_end_sets_attributes_in_the_name_of_a_user() {
    let world = World::new().await;
    let back_end = world.im.backend(&world.app);
    let (alice, host) = (world.user("alice").await, world.user("host").await);
    alice.joins("lobby").await;
    back_end.set_chatroom_attributes(host.id(), set(&[("title", "Hello")])).await.unwrap();
    let found = back_end.chatroom_attributes(&handle("lobby"), &[]).await.unwrap();
    assert_eq!((found.list[0].by.as_str(), found.list[0].value.as_str()), ("host", "Hello"));
    assert_eq!(code(alice.sets(set(&[("title", "Bye")])).await), Code::AttributeTaken);
    back_end.remove_chatroom_attributes(alice.id(), remove("title", true)).await.unwrap();
    assert!(alice.looks_up(&[]).await.unwrap().list.is_empty());
}
