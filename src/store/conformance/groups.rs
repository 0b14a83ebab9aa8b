//! Groups and discussions.

use super::{House, at, client_id, fresh_id, message, no_conversation, person, refused, user};
use crate::{
    model::{Conversation, ConversationId, Kind, Role, Seq, command::History},
    store::{Demand, GroupStep, NewGroup, NewMessage, Store, StoreError},
};

/// Alice founds a group with Bob.
async fn found(house: &House<'_>) -> Conversation {
    let new = NewGroup {
        handle: None,
        id: fresh_id(),
        kind: Kind::Group,
        name: "Team".to_owned(),
        owner: user("alice"),
        users: vec![user("bob")],
        at: at(0),
    };
    house.store.create_group(&house.app, new).await.unwrap()
}

async fn step(
    house: &House<'_>,
    id: ConversationId,
    step: GroupStep,
    second: i64,
) -> super::super::Result<Conversation> {
    house.store.change_group(&house.app, id, step, at(second)).await
}

fn owners(group: &Conversation) -> Vec<&str> {
    let owners = group.participants.iter().filter(|p| p.member.unwrap().owner);
    owners.map(|p| p.person.id.as_str()).collect()
}

pub(crate) async fn members_come_and_go_and_the_oldest_inherits(store: &dyn Store) {
    let house = House::new(store).await;
    let group = found(&house).await;
    assert_eq!((group.kind, group.group.as_ref().unwrap().name.as_str()), (Kind::Group, "Team"));
    assert_eq!(owners(&group), ["alice"]);
    let more = step(&house, group.id, GroupStep::Add(vec![user("anna"), user("bob")]), 1).await.unwrap();
    assert_eq!(more.participants.len(), 3);
    let out = GroupStep::Remove { user: user("alice"), ban: false };
    let inherited = step(&house, group.id, out.clone(), 2).await.unwrap();
    assert_eq!(owners(&inherited), ["bob"]);
    refused!(step(&house, group.id, out, 3).await, StoreError::Missing("member"));
    for name in ["bob", "anna"] {
        step(&house, group.id, GroupStep::Remove { user: user(name), ban: false }, 4).await.unwrap();
    }
    assert_eq!(house.get(group.id).await.group.unwrap().dismissed_at, Some(at(4)), "the last one turns off the light");
    let private = house.private().await.id;
    assert!(no_conversation(&step(&house, private, GroupStep::Dismiss, 5).await));
}

pub(crate) async fn unread_is_counted_per_member_from_the_day_they_came(store: &dyn Store) {
    let house = House::new(store).await;
    let id = found(&house).await.id;
    house.says(id, person("alice", Role::User), "one", at(1)).await;
    step(&house, id, GroupStep::Add(vec![user("anna")]), 2).await.unwrap();
    house.says(id, person("bob", Role::User), "two", at(3)).await;
    let group = house.get(id).await;
    let unread = |name: &str| group.participant(&user(name)).unwrap().unread;
    assert_eq!((unread("alice"), unread("bob"), unread("anna")), (1, 0, 1));
    let newest = History::newest(id, 10);
    let seen = store.page_for(&house.app, &user("anna"), &newest).await.unwrap();
    assert_eq!(seen.messages.iter().map(|message| message.seq).collect::<Vec<_>>(), [Some(Seq(2))]);
}

pub(crate) async fn rights_names_and_bans_are_kept(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let id = found(&house).await.id;
    step(&house, id, GroupStep::SilenceAll(true), 1).await.unwrap();
    step(&house, id, GroupStep::Allow(user("bob"), true), 2).await.unwrap();
    step(&house, id, GroupStep::Silence { user: user("alice"), on: true, until: None }, 3).await.unwrap();
    let group = step(&house, id, GroupStep::Rename("Crew".to_owned()), 4).await.unwrap();
    let rights = |name: &str| group.participant(&user(name)).unwrap().member.unwrap();
    assert!(rights("bob").allowed && !rights("bob").silenced && rights("alice").silenced);
    assert_eq!((group.group.as_ref().unwrap().name.as_str(), group.changed_at), ("Crew", at(4)));
    assert!(group.group.unwrap().silenced);
    refused!(step(&house, id, GroupStep::Allow(user("anna"), true), 5).await, StoreError::Missing("member"));
    let bans = async || store.banned(&house.app, id, &[user("bob"), user("alice")]).await.unwrap();
    step(&house, id, GroupStep::Remove { user: user("bob"), ban: true }, 6).await.unwrap();
    assert_eq!(bans().await, [user("bob")]);
    step(&house, id, GroupStep::Add(vec![user("bob")]), 7).await.unwrap();
    assert_eq!(bans().await, [], "who is brought back is forgiven");
    assert_eq!(store.banned(&other.app, id, &[user("bob")]).await.unwrap(), []);
    let elsewhere = store.change_group(&other.app, id, GroupStep::Dismiss, at(8)).await;
    assert!(no_conversation(&elsewhere));
}

pub(crate) async fn a_dismissed_group_takes_no_messages(store: &dyn Store) {
    let house = House::new(store).await;
    let id = found(&house).await.id;
    let alice = person("alice", Role::User);
    house.says(id, alice.clone(), "one", at(1)).await;
    step(&house, id, GroupStep::Dismiss, 2).await.unwrap();
    refused!(store.append(&house.app, message(id, alice, "two", at(3))).await, StoreError::WrongStage);
    refused!(step(&house, id, GroupStep::SilenceAll(true), 4).await, StoreError::WrongStage);
}

pub(crate) async fn z3_rights_are_those_of_the_moment_the_message_is_kept(store: &dyn Store) {
    let house = House::new(store).await;
    let id = found(&house).await.id;
    let bobs =
        |words: &str| NewMessage { demand: Demand::MayWrite, ..message(id, person("bob", Role::User), words, at(9)) };
    let first = NewMessage { client_id: Some(client_id("one")), ..bobs("one") };
    store.append(&house.app, first.clone()).await.unwrap();
    step(&house, id, GroupStep::SilenceAll(true), 1).await.unwrap();
    refused!(store.append(&house.app, bobs("two")).await, StoreError::Silenced);
    store.append(&house.app, NewMessage { demand: Demand::Inside, ..bobs("two") }).await.unwrap();
    step(&house, id, GroupStep::Allow(user("bob"), true), 2).await.unwrap();
    store.append(&house.app, bobs("three")).await.unwrap();
    step(&house, id, GroupStep::Remove { user: user("bob"), ban: false }, 3).await.unwrap();
    for demand in [Demand::Inside, Demand::MayWrite] {
        assert!(no_conversation(&store.append(&house.app, NewMessage { demand, ..bobs("four") }).await));
    }
    store.append(&house.app, NewMessage { demand: Demand::Open, ..bobs("from outside") }).await.unwrap();
    assert!(store.append(&house.app, first).await.unwrap().repeated, "what was taken stays taken");
    assert_eq!(house.get(id).await.head.seq, Seq(4));
}

pub(crate) async fn a_silence_ends_by_itself(store: &dyn Store) {
    let house = House::new(store).await;
    let id = found(&house).await.id;
    let silence = GroupStep::Silence { user: user("bob"), on: true, until: Some(at(60)) };
    let group = step(&house, id, silence, 1).await.unwrap();
    let member = group.participant(&user("bob")).unwrap().member.unwrap();
    assert_eq!((member.silenced, member.silenced_until), (true, Some(at(60))));
    assert_eq!((member.is_silenced(at(59)), member.is_silenced(at(60))), (true, false));
    let bobs =
        |second| NewMessage { demand: Demand::MayWrite, ..message(id, person("bob", Role::User), "hm", at(second)) };
    refused!(store.append(&house.app, bobs(59)).await, StoreError::Silenced);
    store.append(&house.app, bobs(60)).await.unwrap();
}
