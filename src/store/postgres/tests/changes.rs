//! What changed is found by every look that could not see it before, in whichever order transactions end.

use super::*;
use crate::store::{
    Users,
    changes::Changes,
    conformance::{client_id, user},
};

async fn node(database: &Database) -> PostgresStore {
    let options = PostgresOptions { company: Company::Nodes, ..PostgresOptions::at(&database.url()) };
    PostgresStore::open(options).await.unwrap()
}

/// Where a look found a conversation, and whether it had turned. Tests beside this one hold looks back: what was found
/// before may be found again.
fn found(changes: &Changes, id: ConversationId) -> Option<(u64, bool)> {
    let of = changes.conversations.iter().find(|change| change.conversation == id);
    of.map(|change| (change.head, change.turned))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_since_a_look_is_found_by_the_next() {
    let database = Database::make().await;
    let (one, two) = (node(&database).await, node(&database).await);
    let house = House::new(&one).await;
    let id = house.private().await.id;
    let first = two.changes(None).await.unwrap();
    assert!(first.place.is_some() && first.conversations.is_empty(), "a first look has missed nothing: {first:?}");
    let say = async |words: &str| {
        let new =
            NewMessage { client_id: Some(client_id(words)), ..message(id, person("alice", Role::User), words, NOON) };
        one.append(&house.app, new).await.unwrap();
    };
    say("one").await;
    say("two").await;
    let second = two.changes(first.place).await.unwrap();
    assert_eq!(found(&second, id).map(|(head, _)| head), Some(2));

    // Somebody writes slowly: others, who came later, are seen before.
    let mut slow = database.behind().await;
    query("set parlor.nodes = on").execute(&mut slow).await.unwrap();
    let mut writing = slow.begin().await.unwrap();
    let other = house.queued("vera", at(1)).await.id;
    query("update conversations set rating = 'late' where key = $1")
        .bind(other.as_u128().to_be_bytes().to_vec())
        .execute(&mut *writing)
        .await
        .unwrap();
    say("three").await;
    let third = two.changes(second.place).await.unwrap();
    assert_eq!(found(&third, id).map(|(head, _)| head), Some(3));
    writing.commit().await.unwrap();
    let fourth = two.changes(third.place).await.unwrap();
    assert_eq!(found(&fourth, other), Some((0, true)), "what was under way is found now");
    let mut last = fourth;
    let nothing = async {
        while found(&last, id).is_some() {
            last = two.changes(last.place).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), nothing).await.expect("what was seen is told no more");
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_alone_notes_nothing() {
    let (store, database) = fresh();
    let house = House::new(&store).await;
    house.private().await;
    let row = query("select count(*) from changes").fetch_one(&mut database.behind().await).await.unwrap();
    assert_eq!(row.try_get::<i64, _>(0).unwrap(), 0);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_changes_is_noted_by_its_kind() {
    use crate::{
        model::{Contacts, conversation::Keeping},
        store::{ContactLists, GroupStep, NewGroup, changes::Other},
    };
    let database = Database::make().await;
    let (one, two) = (node(&database).await, node(&database).await);
    let house = House::new(&one).await;
    let (app, id, group) = (&house.app, house.private().await.id, conformance::fresh_id());
    let (alice, bob) = (user("alice"), user("bob"));
    let uid = one.append(app, message(id, person("alice", Role::User), "gone", NOON)).await.unwrap().message.uid;
    house.says(id, person("alice", Role::User), "stays", at(1)).await;
    let name = "Team".to_owned();
    let users = vec![bob.clone()];
    let new = NewGroup { id: group, kind: Kind::Group, handle: None, name, owner: alice.clone(), users, at: NOON };
    one.create_group(app, new).await.unwrap();
    let place = two.changes(None).await.unwrap().place;
    let turned = async || {
        let found = two.changes(place).await.unwrap().conversations;
        found.into_iter().any(|change| change.conversation == group && change.turned)
    };
    one.mark(app, id, &bob, Some(Seq(2)), Some(Seq(1)), at(7)).await.unwrap();
    one.keep(app, id, &alice, Keeping::Pinned(true)).await.unwrap();
    let replaced = one.replace_content(app, uid, Content::deleted(), at(2)).await.unwrap().unwrap();
    one.delete_for(app, id, &bob, &[Seq(2)]).await.unwrap();
    one.set_contacts(app, Contacts::Blocked, &bob, std::slice::from_ref(&alice), true, NOON).await.unwrap();
    let silence = GroupStep::Silence { user: bob.clone(), on: true, until: None };
    let before = one.conversation(app, group).await.unwrap().unwrap().changed_at;
    let changed = one.change_group(app, group, silence, NOON).await.unwrap();
    assert!(changed.changed_at > before, "a conversation that changed is newer, whatever the clock says");
    assert!(turned().await);
    one.change_group(app, group, GroupStep::Remove { user: bob.clone(), ban: true }, at(3)).await.unwrap();
    let found = two.changes(place).await.unwrap().others;
    let (app, read) = (app.clone(), Seq(1));
    for other in [
        Other::Read { app: app.clone(), conversation: id, user: bob.clone(), delivered: Seq(2), read, at: at(7) },
        Other::Kept { app: app.clone(), conversation: id, user: alice },
        Other::Replaced { app: app.clone(), conversation: id, seq: Seq(1), at: replaced.at },
        Other::ThrownAway { app: app.clone(), conversation: id, user: bob.clone(), seq: Seq(2) },
        Other::Went { app: app.clone(), conversation: group, user: bob.clone() },
        Other::Listed { app, user: bob },
    ] {
        assert!(found.contains(&other), "{other:?} is not in {found:?}");
    }
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_on_another_server_means_nothing_and_the_last_minutes_are_looked_at_again() {
    use crate::store::changes::{Place, Reached};
    let database = Database::make().await;
    let store = node(&database).await;
    let house = House::new(&store).await;
    let id = house.private().await.id;
    let here = store.changes(None).await.unwrap().place.unwrap();
    let ahead = Place { low: here.place.low + 1_000_000, ..here.place };
    let from = |place| Some(Reached { place, ..here });
    assert!(found(&store.changes(from(ahead)).await.unwrap(), id).is_none(), "not there yet");
    let elsewhere = Place { server: here.place.server - 1, ..ahead };
    let changes = store.changes(from(elsewhere)).await.unwrap();
    assert!(found(&changes, id).is_some(), "{changes:?}");
    let server = changes.place.map(|reached| reached.place.server);
    assert_eq!(server, Some(here.place.server), "from there on it goes on here");
    assert!(!changes.missed);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_ended_with_a_lower_number_is_seen_although_it_was_committed_last() {
    let database = Database::make().await;
    let store = node(&database).await;
    House::new(&store).await;
    let ended = "insert into proofs_asked (id, user_id) select $1, id from users where key = $2";
    let mut place = store.proofs_asked(None).await.unwrap().place;
    let mut look = async || {
        let found = store.proofs_asked(Some(place)).await.unwrap();
        place = found.place;
        found.asked.into_iter().map(|change| change.user).collect::<Vec<_>>()
    };
    let (mut slow, mut fast) = (database.behind().await, database.behind().await);
    let mut writing = slow.begin().await.unwrap();
    query(ended).bind(1_i64).bind("alice").execute(&mut *writing).await.unwrap();
    query(ended).bind(2_i64).bind("bob").execute(&mut fast).await.unwrap();
    assert_eq!(look().await, [user("bob")], "the higher number is seen first");
    writing.commit().await.unwrap();
    assert!(look().await.contains(&user("alice")), "and what was under way then is seen by the next look");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attributes_that_changed_are_noted_with_the_rooms_count_of_changes() {
    use crate::{
        model::chatroom::Lifetime,
        store::{
            changes::Other,
            chatrooms::{AttributesChanged, Chatrooms, NewAttributes, NewChatroom},
        },
    };
    let database = Database::make().await;
    let (one, two) = (node(&database).await, node(&database).await);
    let app = &House::new(&one).await.app;
    let (id, by) = (conformance::fresh_id(), user("alice"));
    let (handle, lifetime) = ("lobby".parse().unwrap(), Lifetime::Idle(None));
    let new = NewChatroom { id, handle, name: "Lobby".to_owned(), lifetime, due_at: at(60), at: NOON };
    one.open_chatroom(app, new).await.unwrap();
    let mut place = two.changes(None).await.unwrap().place;
    let mut found = async || {
        let changes = two.changes(place).await.unwrap();
        place = changes.place;
        let noted = |other| match other {
            Other::Attributed { conversation, version, key, .. } if conversation == id => {
                Some((version, key.to_string()))
            }
            _ => None,
        };
        changes.others.into_iter().filter_map(noted).collect::<std::collections::BTreeSet<_>>()
    };
    for pairs in [vec!["seat", "topic"], vec!["seat", "mood"]] {
        let attributes = pairs.into_iter().map(|key| (key.parse().unwrap(), "x".to_owned())).collect();
        let new = NewAttributes { attributes, by: by.clone(), auto_delete: true, force: false, at: NOON };
        one.set_attributes(app, id, new).await.unwrap();
    }
    let gone = one.remove_attributes(app, id, &["topic".parse().unwrap()], &by, false).await.unwrap();
    assert_eq!(gone, AttributesChanged::Done(3));
    one.remove_attributes_of(app, id, &by).await.unwrap();
    let expected = [(1, "seat"), (1, "topic"), (2, "mood"), (2, "seat"), (3, "topic"), (4, "mood"), (4, "seat")];
    let pair = |(version, key): (u64, &str)| (version, key.to_owned());
    assert_eq!(found().await, expected.map(pair).into());

    let attributes = vec![("seat".parse().unwrap(), "y".to_owned())];
    let new = NewAttributes { attributes, by, auto_delete: false, force: false, at: NOON };
    one.set_attributes(app, id, new).await.unwrap();
    assert!(found().await.contains(&(5, "seat".to_owned())));
    one.end_chatroom(app, id, at(1)).await.unwrap();
    assert!(!found().await.iter().any(|(version, _)| *version > 5), "with the room they go untold");
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_look_comes_in_pages_and_leaves_nothing_out() {
    use std::collections::BTreeMap;
    let database = Database::make().await;
    let store = node(&database).await;
    let house = House::new(&store).await;
    let (mut behind, mut expected) = (database.behind().await, BTreeMap::new());
    query("set parlor.nodes = on").execute(&mut behind).await.unwrap();
    let mut place = store.changes(None).await.unwrap().place;
    for (number, visitor) in ["vera", "viktor"].into_iter().enumerate() {
        let id = house.queued(visitor, at(1)).await.id;
        let many = "insert into changes (conversation_id, after, turned)
            select id, 0, false from conversations cross join generate_series(1, 2500) where key = $1";
        let receipts = "insert into other_changes (what, conversation_id, user_id)
            select 2, c.id, m.user_id from conversations c join participants m on m.conversation_id = c.id where c.key = $1";
        for sql in [many, receipts] {
            query(sql).bind(id.as_u128().to_be_bytes().to_vec()).execute(&mut behind).await.unwrap();
        }
        expected.insert(id, number);
    }
    let (mut pages, mut seen, mut kept) = (0, Vec::new(), 0);
    loop {
        let changes = store.changes(place).await.unwrap();
        (place, pages) = (changes.place, pages + 1);
        seen.extend(changes.conversations.iter().map(|change| change.conversation));
        kept += changes.others.len();
        assert!(!changes.missed && pages < 9);
        if !changes.more {
            break;
        }
    }
    assert!(pages > 1, "5,000 rows are no single page");
    assert!(kept >= expected.len(), "what else changed is found with them");
    assert!(expected.keys().all(|id| seen.contains(id)), "{seen:?}");
    let reached = place.unwrap();
    assert!(
        reached.rest.is_none() && store.changes(place).await.unwrap().place.unwrap().place.low >= reached.place.low
    );
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_looked_last_before_changes_were_forgotten_has_missed_some() {
    use crate::store::changes::{Place, Reached};
    let database = Database::make().await;
    let store = node(&database).await;
    let here = store.changes(None).await.unwrap().place.unwrap();
    let missed = async |secs: i64, server: i64| {
        let place = Place { server, ..here.place };
        let since = Reached { place, at: here.at - secs * 1_000_000, ..here };
        store.changes(Some(since)).await.unwrap().missed
    };
    let (this, other) = (here.place.server, here.place.server - 1);
    assert!(!missed(60, this).await && !missed(60, other).await);
    assert!(!missed(400, this).await && missed(400, other).await, "of another server's only the last minutes are read");
    assert!(missed(560, this).await);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hears_of_many_conversations_is_one_question() {
    use crate::{
        model::{Stage, UserId},
        store::NewGroup,
    };
    let database = Database::make().await;
    let store = node(&database).await;
    let house = House::new(&store).await;
    let (pair, queue, group) =
        (house.private().await.id, house.queued("vera", at(1)).await.id, conformance::fresh_id());
    let (name, users) = ("Team".to_owned(), vec![user("bob")]);
    let new = NewGroup { id: group, kind: Kind::Group, handle: None, name, owner: user("alice"), users, at: NOON };
    store.create_group(&house.app, new).await.unwrap();
    let ids = [pair, queue, group, conformance::fresh_id()];
    let found = store.followers(&ids, false).await.unwrap();
    let of = |id| found.iter().find(|one| one.conversation == id).cloned();
    let sorted = |mut people: Vec<UserId>| {
        people.sort();
        people
    };
    let private = of(pair).unwrap();
    assert_eq!((&private.app, private.kind, &private.desk), (&house.app, Kind::Private, &None));
    assert_eq!(sorted(private.people.clone()), [user("alice"), user("bob")]);
    assert!(!private.audience().agents && !private.everybody().agents);
    let waiting = of(queue).unwrap();
    assert!(matches!(waiting.desk, Some((Stage::Queued { .. }, None))), "{waiting:?}");
    assert!(waiting.people == [user("vera")] && waiting.audience().agents);
    assert!(found.len() == 2, "a group's people are asked for apart, and nobody hears of what is not there: {found:?}");
    let groups = store.followers(&[group], true).await.unwrap();
    assert_eq!(sorted(groups[0].people.clone()), [user("alice"), user("bob")]);
    store.close().await;
}
