//! Messages to everybody: piece by piece, also by somebody who takes over after a crash.

use super::{House, at, client_id, person, refused, user};
use crate::{
    model::{Broadcast, BroadcastId, Content, Kind, PublicService, Role, UserId},
    store::{
        Store, StoreError,
        broadcasts::{NewBroadcast, Piece},
    },
};

fn id(text: &str) -> BroadcastId {
    text.parse().unwrap()
}

/// A broadcast of the sender `news` that nobody asked for twice.
fn new(name: &str, kind: Kind, second: i64) -> NewBroadcast {
    NewBroadcast {
        id: id(name),
        client_id: None,
        from: user("news"),
        kind,
        content: Content::text("back at noon"),
        online_only: false,
        at: at(second),
    }
}

async fn with_sender<'s>(store: &'s dyn Store, name: &str) -> House<'s> {
    let house = House::named(store, name).await;
    store.save_user(&house.app, person("news", Role::System), at(0)).await.unwrap();
    house
}

async fn add_users(house: &House<'_>, names: &[&str]) {
    for name in names {
        house.store.save_user(&house.app, person(name, Role::User), at(0)).await.unwrap();
    }
}

async fn next(house: &House<'_>, name: &str, limit: u16) -> Vec<(i64, UserId)> {
    house.store.next_piece(&house.app, &id(name), limit).await.unwrap()
}

fn names(piece: &[(i64, UserId)]) -> Vec<&str> {
    piece.iter().map(|(_, user)| user.as_str()).collect()
}

/// What is noted of a piece that went to all of its users.
fn sent(piece: &[(i64, UserId)]) -> Piece {
    Piece { place: piece.last().unwrap().0, sent: piece.len() as u64, passed_over: 0, finished_at: None }
}

async fn note(house: &House<'_>, name: &str, piece: Piece) -> Broadcast {
    house.store.finish_piece(&house.app, &id(name), piece).await.unwrap();
    get(house, name).await
}

async fn get(house: &House<'_>, name: &str) -> Broadcast {
    house.store.broadcast(&house.app, &id(name)).await.unwrap().unwrap()
}

async fn unfinished(store: &dyn Store, limit: u16) -> Vec<BroadcastId> {
    store.unfinished_broadcasts(limit).await.unwrap().into_iter().map(|one| one.id).collect()
}

pub(crate) async fn a_broadcast_is_kept_as_it_was_asked_for(store: &dyn Store) {
    let house = with_sender(store, "halden").await;
    let asked = NewBroadcast { online_only: true, ..new("first", Kind::System, 7) };
    let kept = store.create_broadcast(&house.app, asked).await.unwrap();
    let expected = Broadcast {
        id: id("first"),
        app: house.app.clone(),
        from: person("news", Role::System),
        kind: Kind::System,
        content: Content::text("back at noon"),
        online_only: true,
        created_at: at(7),
        sent: 0,
        passed_over: 0,
        finished_at: None,
        place: kept.place,
    };
    assert_eq!(kept, expected);
    assert_eq!(get(&house, "first").await, expected);
    assert_eq!(store.unfinished_broadcasts(9).await.unwrap(), [expected]);
    assert_eq!(store.broadcast(&house.app, &id("other")).await.unwrap(), None);
    let nobody = NewBroadcast { from: user("nobody"), ..new("second", Kind::System, 8) };
    refused!(store.create_broadcast(&house.app, nobody).await, StoreError::Missing("user"));
    assert_eq!(unfinished(store, 9).await, [id("first")]);
}

pub(crate) async fn d2_a_broadcast_asked_for_twice_is_one(store: &dyn Store) {
    let (house, other) = (with_sender(store, "halden").await, with_sender(store, "other").await);
    let asked = |name: &str| NewBroadcast { client_id: Some(client_id("k1")), ..new(name, Kind::System, 1) };
    let first = store.create_broadcast(&house.app, asked("first")).await.unwrap();
    assert_eq!(store.create_broadcast(&house.app, asked("again")).await.unwrap(), first);
    let piece = next(&house, "first", 1).await;
    let gone_on = note(&house, "first", sent(&piece)).await;
    assert_eq!(store.create_broadcast(&house.app, asked("again")).await.unwrap(), gone_on, "as far as it got");
    let words = NewBroadcast { content: Content::text("back at one"), ..asked("again") };
    refused!(store.create_broadcast(&house.app, words).await, StoreError::ClientIdReused);
    store.save_user(&house.app, person("weather", Role::System), at(0)).await.unwrap();
    let sender = NewBroadcast { from: user("weather"), ..asked("again") };
    refused!(store.create_broadcast(&house.app, sender).await, StoreError::ClientIdReused);
    let connected = NewBroadcast { online_only: true, ..asked("again") };
    refused!(store.create_broadcast(&house.app, connected).await, StoreError::ClientIdReused);
    assert_eq!(store.create_broadcast(&other.app, asked("theirs")).await.unwrap().id, id("theirs"));
    for name in ["second", "third"] {
        store.create_broadcast(&house.app, new(name, Kind::System, 1)).await.unwrap();
    }
    assert_eq!(unfinished(store, 9).await, ["first", "theirs", "second", "third"].map(id));
}

pub(crate) async fn pieces_name_every_user_once_and_nobody_else(store: &dyn Store) {
    let (house, other) = (with_sender(store, "halden").await, with_sender(store, "other").await);
    add_users(&house, &["zoe", "carl", "dora"]).await;
    store.create_broadcast(&house.app, new("first", Kind::System, 1)).await.unwrap();
    add_users(&house, &["late"]).await;
    add_users(&other, &["theirs"]).await;
    let mut reached = Vec::new();
    loop {
        let piece = next(&house, "first", 2).await;
        reached.extend(piece.iter().map(|(_, user)| user.to_string()));
        assert!(piece.is_sorted_by_key(|(place, _)| *place));
        if piece.is_empty() {
            break;
        }
        note(&house, "first", sent(&piece)).await;
    }
    // Neither visitors nor agents, not the sender, not who was made later.
    reached.sort();
    assert_eq!(reached, ["alice", "bob", "carl", "dora", "zoe"]);
    assert_eq!(get(&house, "first").await.sent, 5);
}

pub(crate) async fn a_piece_that_was_not_noted_comes_again(store: &dyn Store) {
    let house = with_sender(store, "halden").await;
    add_users(&house, &["carl", "dora"]).await;
    store.create_broadcast(&house.app, new("first", Kind::System, 1)).await.unwrap();
    let piece = next(&house, "first", 2).await;
    // Whoever sent it died before the note.
    assert_eq!(next(&house, "first", 2).await, piece);
    let noted = note(&house, "first", sent(&piece)).await;
    assert_eq!((noted.sent, noted.place), (2, piece[1].0));
    let rest = next(&house, "first", 2).await;
    assert!(names(&rest).iter().all(|name| !names(&piece).contains(name)) && rest.len() == 2);
    // Somebody slow notes what was noted: it counts once, and nothing goes back.
    assert_eq!(note(&house, "first", sent(&piece)).await, noted);
    assert_eq!(note(&house, "first", sent(&piece[..1])).await, noted);
    assert_eq!(next(&house, "first", 2).await, rest);
    let last = Piece { passed_over: 1, sent: 1, finished_at: Some(at(9)), ..sent(&rest) };
    let done = note(&house, "first", last).await;
    assert_eq!((done.sent, done.passed_over, done.finished_at), (3, 1, Some(at(9))));
    assert_eq!(note(&house, "first", Piece { finished_at: Some(at(10)), ..last }).await, done, "it is over once");
    assert_eq!(next(&house, "first", 2).await, []);
}

pub(crate) async fn the_oldest_unfinished_broadcasts_come_first(store: &dyn Store) {
    let (house, other) = (with_sender(store, "halden").await, with_sender(store, "other").await);
    for (app, name) in [(&house.app, "first"), (&other.app, "second"), (&house.app, "third")] {
        store.create_broadcast(app, new(name, Kind::System, 1)).await.unwrap();
    }
    assert_eq!(unfinished(store, 2).await, ["first", "second"].map(id));
    // One without anybody left to reach ends with an empty piece where it began.
    let piece = Piece { place: 0, sent: 0, passed_over: 0, finished_at: Some(at(2)) };
    assert_eq!(note(&house, "first", piece).await.finished_at, Some(at(2)));
    assert_eq!(unfinished(store, 2).await, ["second", "third"].map(id));
    assert_eq!(unfinished(store, 0).await, []);
}

pub(crate) async fn a_public_service_reaches_those_who_follow_it_at_that_moment(store: &dyn Store) {
    let house = with_sender(store, "halden").await;
    add_users(&house, &["carl", "dora"]).await;
    let service =
        |id, kind| PublicService { person: person(id, Role::System), kind, about: String::new(), followed: false };
    store.save_public_service(&house.app, service("news", Kind::PublicService), at(0)).await.unwrap();
    store.save_public_service(&house.app, service("weather", Kind::AppService), at(0)).await.unwrap();
    let follow = async |name, on| store.follow(&house.app, &user("news"), &user(name), on, at(1)).await.unwrap();
    for name in ["alice", "carl"] {
        follow(name, true).await;
    }
    store.create_broadcast(&house.app, new("first", Kind::PublicService, 2)).await.unwrap();
    assert_eq!(names(&next(&house, "first", 9).await), ["alice", "carl"]);
    let piece = next(&house, "first", 1).await;
    note(&house, "first", sent(&piece)).await;
    follow("carl", false).await;
    follow("dora", true).await;
    assert_eq!(names(&next(&house, "first", 9).await), ["dora"]);
    let everybody = NewBroadcast { from: user("weather"), ..new("second", Kind::AppService, 3) };
    store.create_broadcast(&house.app, everybody).await.unwrap();
    assert_eq!(names(&next(&house, "second", 9).await), ["alice", "bob", "carl", "dora"]);
}

pub(crate) async fn z1_another_apps_broadcast_does_not_exist(store: &dyn Store) {
    let (house, other) = (with_sender(store, "halden").await, with_sender(store, "other").await);
    store.create_broadcast(&house.app, new("first", Kind::System, 1)).await.unwrap();
    assert_eq!(store.broadcast(&other.app, &id("first")).await.unwrap(), None);
    assert_eq!(next(&other, "first", 9).await, []);
    let piece = Piece { place: 1 << 40, sent: 9, passed_over: 9, finished_at: Some(at(2)) };
    store.finish_piece(&other.app, &id("first"), piece).await.unwrap();
    let untouched = get(&house, "first").await;
    assert_eq!((untouched.sent, untouched.passed_over, untouched.finished_at), (0, 0, None));
    assert_eq!(names(&next(&house, "first", 9).await), ["alice", "bob"]);
}
