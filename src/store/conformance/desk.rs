//! What agents see and do.

use super::{House, NOON, at, message, person, refused, user};
use crate::{
    model::{
        ConversationId, Role, Stage,
        command::List,
        conversation::{EndedBy, View},
    },
    store::{DeskCounts, NewMessage, Store, StoreError, Transition},
};

/// Visitors `v1` … `vN`, each queued one second after the one before.
async fn queue(house: &House<'_>, count: i64) -> Vec<ConversationId> {
    let mut ids = Vec::new();
    for number in 1..=count {
        let name = format!("v{number}");
        house.store.save_user(&house.app, person(&name, Role::Visitor), NOON).await.unwrap();
        ids.push(house.queued(&name, at(number)).await.id);
    }
    ids
}

pub(crate) async fn one_of_many_racing_agents_gets_the_conversation(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.queued("vera", NOON).await.id;
    let names: Vec<_> = (0..8).map(|number| format!("agent{number}")).collect();
    for name in &names {
        store.save_user(&house.app, person(name, Role::Agent), NOON).await.unwrap();
    }
    let racing = names.iter().map(|name| house.accept(id, name, at(1)));
    let outcomes = futures_util::future::join_all(racing).await;
    let winners: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
    assert_eq!(winners.len(), 1);
    assert!(outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).all(|e| matches!(e, StoreError::WrongStage)));
    assert_eq!(house.get(id).await, *winners[0]);
    assert_eq!(winners[0].participants.len(), 2);
}

pub(crate) async fn only_its_agent_may_end_a_conversation(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.queued("vera", NOON).await.id;
    house.accept(id, "anna", at(1)).await.unwrap();
    refused!(house.end(id, "ben", at(2)).await, StoreError::WrongStage);
    let ended = house.end(id, "anna", at(3)).await.unwrap();
    let stage = Stage::Ended { at: at(3), by: EndedBy::AgentClosed, agent: Some(user("anna")) };
    let service = ended.service.unwrap();
    assert_eq!((service.stage, service.waiting_since, ended.changed_at), (stage, None, at(3)));
    refused!(house.end(id, "anna", at(4)).await, StoreError::WrongStage);
    refused!(house.accept(id, "anna", at(4)).await, StoreError::WrongStage);
    let unheld = house.queued("viktor", NOON).await.id;
    assert!(house.end(unheld, "ben", at(5)).await.is_ok(), "nobody has it");
    let visitor = house.queued("vera", at(6)).await.id;
    let to = Stage::Ended { at: at(7), by: EndedBy::VisitorClosed, agent: None };
    let transition =
        Transition { conversation: visitor, from: &["queued"], only_agent: None, to: to.clone(), at: at(7) };
    assert_eq!(store.transition(&house.app, transition).await.unwrap().service.unwrap().stage, to);
}

pub(crate) async fn taking_makes_the_agent_a_participant(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.queued("vera", NOON).await.id;
    house.says(id, person("vera", Role::Visitor), "hello", NOON).await;
    let taken = house.accept(id, "anna", at(1)).await.unwrap();
    let people: Vec<_> = taken.participants.iter().map(|p| (p.person.id.as_str(), p.unread)).collect();
    assert_eq!(people, [("vera", 0), ("anna", 1)]);
    assert_eq!(taken.last.unwrap().content.words().as_deref(), Some("hello"));
    let list = List { limit: 10, ..List::default() };
    assert_eq!(store.conversations_of(&house.app, &user("anna"), &list).await.unwrap().len(), 1);
    // The writer's memory of the conversation must have heard of it too.
    house.says(id, person("anna", Role::Agent), "hi", at(2)).await;
    let conversation = house.get(id).await;
    let people: Vec<_> = conversation.participants.iter().map(|p| (p.person.id.as_str(), p.unread)).collect();
    assert_eq!(people, [("vera", 1), ("anna", 0)]);
}

pub(crate) async fn views_show_what_they_say(store: &dyn Store) {
    let house = House::new(store).await;
    let ids = queue(&house, 5).await;
    house.accept(ids[0], "anna", at(10)).await.unwrap();
    house.accept(ids[1], "ben", at(11)).await.unwrap();
    house.accept(ids[2], "anna", at(12)).await.unwrap();
    house.end(ids[2], "anna", at(13)).await.unwrap();
    house.says(ids[0], person("v1", Role::Visitor), "hello", at(20)).await;
    assert_eq!(house.view("anna", View::Waiting).await, [ids[3], ids[4]]);
    assert_eq!(house.view("anna", View::Mine).await, [ids[0]]);
    assert_eq!(house.view("ben", View::Mine).await, [ids[1]]);
    assert_eq!(house.view("anna", View::Closed).await, [ids[2]]);
    assert_eq!(house.view("anna", View::All).await, [ids[0], ids[2], ids[1], ids[4], ids[3]]);
    let counts = DeskCounts { waiting: 2, mine: 1 };
    assert_eq!(store.desk_counts(&house.app, &user("anna")).await.unwrap(), counts);
    let nobody = DeskCounts { waiting: 2, mine: 0 };
    assert_eq!(store.desk_counts(&house.app, &user("nobody")).await.unwrap(), nobody);
}

pub(crate) async fn the_waiting_view_pages_in_queue_order(store: &dyn Store) {
    let house = House::new(store).await;
    let ids = queue(&house, 7).await;
    // A word while waiting changes the conversation, not its place in the queue.
    house.says(ids[1], person("v2", Role::Visitor), "hello?", at(100)).await;
    for view in [View::Waiting, View::All] {
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let list = List { view: Some(view), before, limit: 3, ..List::default() };
            let page = store.desk_view(&house.app, &user("anna"), &list).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some((last.changed_at, last.id));
            seen.extend(page.iter().map(|conversation| conversation.id));
        }
        let expected = match view {
            View::Waiting => ids.clone(),
            _ => vec![ids[1], ids[6], ids[5], ids[4], ids[3], ids[2], ids[0]],
        };
        assert_eq!(seen, expected);
    }
}

pub(crate) async fn the_queue_counts_those_who_wait_longer(store: &dyn Store) {
    let house = House::new(store).await;
    let ids = queue(&house, 3).await;
    let place = |id| store.queue_position(&house.app, id);
    assert_eq!(place(ids[0]).await.unwrap(), Some(0));
    assert_eq!(place(ids[2]).await.unwrap(), Some(2));
    house.accept(ids[0], "anna", at(10)).await.unwrap();
    assert_eq!(place(ids[0]).await.unwrap(), None);
    assert_eq!(place(ids[2]).await.unwrap(), Some(1));
}

pub(crate) async fn waiting_begins_with_the_visitors_words_and_ends_with_the_agents(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.queued("vera", NOON).await.id;
    let (vera, anna) = (person("vera", Role::Visitor), person("anna", Role::Agent));
    let waits = || async { house.get(id).await.service.unwrap().waiting_since };
    house.says(id, vera.clone(), "hello", at(1)).await;
    assert_eq!(waits().await, Some(NOON));
    house.accept(id, "anna", at(2)).await.unwrap();
    assert_eq!(waits().await, Some(NOON), "taken is not answered");
    let note = NewMessage { counted: false, ..message(id, anna.clone(), "note", at(3)) };
    store.append(&house.app, note).await.unwrap();
    assert_eq!(waits().await, Some(NOON), "a note is no answer");
    house.says(id, anna.clone(), "hi", at(4)).await;
    assert_eq!(waits().await, None);
    house.says(id, vera.clone(), "question", at(5)).await;
    house.says(id, vera, "more", at(6)).await;
    assert_eq!(waits().await, Some(at(5)));
    let to = Stage::Queued { since: at(7) };
    let back = Transition { conversation: id, from: &["human"], only_agent: None, to, at: at(7) };
    let back = store.transition(&house.app, back).await.unwrap();
    assert_eq!(back.service.unwrap().waiting_since, Some(at(5)), "the wait goes on");
    house.end(id, "anna", at(8)).await.unwrap();
    assert_eq!(waits().await, None);
}

pub(crate) async fn idle_conversations_come_oldest_first(store: &dyn Store) {
    let house = House::new(store).await;
    let ids = queue(&house, 4).await;
    house.end(ids[0], "anna", at(5)).await.unwrap();
    house.says(ids[1], person("v2", Role::Visitor), "still here", at(50)).await;
    house.begin("vera", Stage::Offline { since: NOON }, NOON).await;
    let idle = |secs, limit| async move {
        let found = store.idle_services(at(secs), limit).await.unwrap();
        found.iter().map(|idle| (idle.conversation, idle.visitor.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(idle(40, 10).await, [(ids[2], "v3".to_owned()), (ids[3], "v4".to_owned())]);
    assert_eq!(idle(100, 1).await, [(ids[2], "v3".to_owned())]);
    assert_eq!(idle(100, 10).await.len(), 3);
    assert_eq!(store.idle_services(at(100), 1).await.unwrap()[0].app, house.app);
}
