//! Those inside groups, of whom there may be thousands.

use super::{House, at, fresh_id, message, person, refused, user};
use crate::{
    model::{
        ConversationId, Kind, Role, UserId,
        conversation::{Group, Which},
    },
    store::{Demand, GroupStep, NewGroup, NewMessage, Store, StoreError},
};

async fn found(house: &House<'_>, users: Vec<UserId>) -> ConversationId {
    let new = NewGroup {
        handle: None,
        id: fresh_id(),
        kind: Kind::Group,
        name: "Team".to_owned(),
        owner: user("alice"),
        users,
        at: at(0),
    };
    house.store.create_group(&house.app, new).await.unwrap().id
}

async fn crowd(house: &House<'_>, count: usize) -> Vec<UserId> {
    let mut users = Vec::with_capacity(count);
    for number in 0..count {
        let somebody = person(&format!("u{number:04}"), Role::User);
        users.push(somebody.id.clone());
        house.store.save_user(&house.app, somebody, at(0)).await.unwrap();
    }
    users
}

pub(crate) async fn a_crowd_is_named_in_part_and_paged_whole(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let users = crowd(&house, 70).await;
    let id = found(&house, users).await;
    let group = house.get(id).await;
    assert_eq!((group.group.as_ref().unwrap().members, group.participants.len()), (71, 50));
    assert_eq!(group.participants[0].person.id, user("alice"), "the owner comes first");
    let own = store.conversation_for(&house.app, id, &user("u0069")).await.unwrap().unwrap();
    assert!(own.has(&user("u0069")) && own.participants.len() == 51, "and whoever asks is there");
    let (mut after, mut names) = (None, Vec::new());
    loop {
        let page = store.members(&house.app, id, Which::All, after.as_ref(), 30).await.unwrap();
        names.extend(page.iter().map(|member| member.person.id.clone()));
        after = page.last().map(|member| member.person.id.clone());
        if page.len() < 30 {
            break;
        }
    }
    let roster = store.roster(&house.app, id).await.unwrap();
    assert_eq!(names, roster.iter().map(|(user, _)| user.clone()).collect::<Vec<_>>());
    assert_eq!((names.len(), roster.iter().filter(|(_, member)| member.owner).count()), (71, 1));
    assert_eq!(store.members(&other.app, id, Which::All, None, 9).await.unwrap(), []);
    assert_eq!(store.roster(&other.app, id).await.unwrap(), []);
    let groups = store.groups_of(&house.app, &user("u0001"), None, 9).await.unwrap();
    assert_eq!(groups.iter().map(|group| group.id).collect::<Vec<_>>(), [id]);
    assert_eq!(store.groups_of(&house.app, &user("u0001"), Some(id), 9).await.unwrap(), []);
    assert_eq!(store.groups_of(&other.app, &user("alice"), None, 9).await.unwrap(), []);
}

pub(crate) async fn who_is_silenced_allowed_or_banned_is_listed(store: &dyn Store) {
    let house = House::new(store).await;
    let id = found(&house, vec![user("bob"), user("anna"), user("ben")]).await;
    let step = async |step| drop(store.change_group(&house.app, id, step, at(1)).await.unwrap());
    step(GroupStep::Silence { user: user("bob"), on: true, until: Some(at(60)) }).await;
    step(GroupStep::Silence { user: user("anna"), on: true, until: None }).await;
    step(GroupStep::Allow(user("ben"), true)).await;
    let names = async |which| {
        let members = store.members(&house.app, id, which, None, 9).await.unwrap();
        members.iter().map(|member| member.person.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(Which::Silenced(at(59))).await, ["anna", "bob"]);
    assert_eq!(names(Which::Silenced(at(60))).await, ["anna"]);
    assert_eq!(names(Which::Allowed).await, ["ben"]);
    step(GroupStep::Remove { user: user("ben"), ban: true }).await;
    let bans = async || {
        let bans = store.bans(&house.app, id, None, 9).await.unwrap();
        bans.iter().map(|person| person.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(bans().await, ["ben"]);
    step(GroupStep::Forgive(user("ben"))).await;
    assert_eq!(bans().await, Vec::<String>::new());
}

pub(crate) async fn a_group_takes_no_more_than_it_may_have(store: &dyn Store) {
    let house = House::new(store).await;
    let users = crowd(&house, Group::MOST_MEMBERS).await;
    let (most, last) = users.split_at(Group::MOST_MEMBERS - 1);
    let id = found(&house, most.to_vec()).await;
    refused!(store.change_group(&house.app, id, GroupStep::Add(last.to_vec()), at(1)).await, StoreError::TooMany(_));
    assert_eq!(house.get(id).await.group.unwrap().members as usize, Group::MOST_MEMBERS);
    let full = NewMessage { demand: Demand::MayWrite, ..message(id, person("u0001", Role::User), "hello all", at(2)) };
    store.append(&house.app, full).await.unwrap();
    let unread = store.unread(&house.app, &user("u2998"), &[]).await.unwrap();
    assert_eq!(unread.total, 1);
}

pub(crate) async fn silenced_groups_are_listed_by_handle(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let named = async |house: &House<'_>, handle: &str, kind: Kind| {
        let new = NewGroup {
            handle: Some(handle.parse().unwrap()),
            id: fresh_id(),
            kind,
            name: "Team".to_owned(),
            owner: user("alice"),
            users: Vec::new(),
            at: at(0),
        };
        let id = house.store.create_group(&house.app, new).await.unwrap().id;
        house.store.change_group(&house.app, id, GroupStep::SilenceAll(true), at(1)).await.unwrap();
        id
    };
    let gone = named(&house, "a", Kind::Group).await;
    named(&house, "c", Kind::Group).await;
    let loud = named(&house, "b", Kind::Group).await;
    named(&house, "d", Kind::Discussion).await;
    named(&other, "e", Kind::Group).await;
    store.change_group(&house.app, gone, GroupStep::Dismiss, at(2)).await.unwrap();
    let listed = async || store.silenced_groups(&house.app).await.unwrap();
    assert_eq!(listed().await.iter().map(ToString::to_string).collect::<Vec<_>>(), ["b", "c"]);
    store.change_group(&house.app, loud, GroupStep::SilenceAll(false), at(2)).await.unwrap();
    assert_eq!(listed().await.iter().map(ToString::to_string).collect::<Vec<_>>(), ["c"]);
}
