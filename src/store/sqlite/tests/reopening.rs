//! What is kept when the store is closed and opened again.

use super::*;
use crate::store::statistics::Statistics;

#[tokio::test]
async fn a_reopened_store_keeps_everything() {
    let (store, folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    house.says(id, person("alice", Role::User), "hello", at(1)).await;
    let (before, app) = (house.get(id).await, house.app.clone());
    drop(store);
    let store = open(&folder);
    assert_eq!(store.conversation(&app, id).await.unwrap(), Some(before));
}

#[tokio::test]
async fn d6_message_ids_and_times_go_on_above_the_stored_ones_when_the_clock_went_back() {
    let (store, folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    house.says(id, person("alice", Role::User), "one", at(0)).await;
    house.says(id, person("alice", Role::User), "two", at(-3600)).await;
    let (second, app) = (house.get(id).await.last.unwrap(), house.app.clone());
    drop(store);
    let store = open(&folder);
    let late = message(id, person("alice", Role::User), "three", at(-7200));
    let third = store.append(&app, late).await.unwrap().message;
    assert!(third.uid > second.uid);
    assert!(third.at > second.at, "D6: and so do times");
    assert_eq!(third.seq.unwrap().0, 3);
}

#[tokio::test]
async fn what_comes_late_is_kept_behind_what_was_sealed_also_after_a_start() {
    let (store, folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    house.says(id, person("alice", Role::User), "in time", at(10)).await;
    assert_eq!(store.seal(at(60), at(59)).await.unwrap(), Some(1), "it is not over");
    house.says(id, person("alice", Role::User), "just so", at(59)).await;
    assert_eq!(store.seal(at(60), at(60)).await.unwrap(), None);
    let app = house.app.clone();
    let before = store.part(&app, at(0), at(60), None).await.unwrap();
    assert_eq!(before.messages.len(), 2);
    // Its time was taken before it waited in line.
    let late = message(id, person("alice", Role::User), "late", at(58));
    let late = store.append(&app, late).await.unwrap().message;
    assert!(late.at >= at(60) && late.uid.minted_at() >= at(60), "{late:?}");
    // Nothing newer is kept when the next one is sealed, and the clock was put back.
    assert_eq!(store.seal(at(600), at(601)).await.unwrap(), None);
    drop(store);
    let store = open(&folder);
    let later = store.append(&app, message(id, person("alice", Role::User), "later", at(30))).await.unwrap().message;
    assert!(later.at >= at(600) && later.uid.minted_at() >= at(600), "{later:?}");
    assert_eq!(store.part(&app, at(0), at(60), None).await.unwrap(), before);
}

#[tokio::test]
async fn a_closed_store_does_what_waits_and_refuses_the_rest() {
    let (store, folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    let words = |number: i64| message(id, person("alice", Role::User), &number.to_string(), at(number));
    let sending = futures_util::future::join_all((0..100).map(|number| store.append(&house.app, words(number))));
    let (sent, ()) = tokio::join!(sending, store.close());
    let kept = sent.iter().filter(|sent| sent.is_ok()).count();
    let refused = store.append(&house.app, words(100)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert!(matches!(store.app(&house.app).await, Err(StoreError::Unavailable(_))));
    assert!(store.ready().await.is_err());
    // The folder is free as soon as `close` returned, before the value is dropped.
    let again = open(&folder);
    let head = again.conversation(&house.app, id).await.unwrap().unwrap().head.seq;
    assert_eq!(head.0, u64::try_from(kept).unwrap(), "answered means kept");
    store.close().await;
}

#[tokio::test]
async fn a_folder_has_one_store_at_a_time() {
    let (store, folder) = fresh();
    let second = SqliteStore::open(folder.path(), options());
    assert!(matches!(second, Err(OpenError::InUse(_))), "{second:?}");
    drop(store);
    open(&folder);
}

#[tokio::test]
async fn a_command_may_write_beside_the_server() {
    let (store, folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    let beside = SqliteStore::open(folder.path(), SqliteOptions { beside_a_server: true, ..options() }).unwrap();
    beside.save_user(&house.app, person("carl", Role::User), NOON).await.unwrap();
    house.says(id, person("alice", Role::User), "meanwhile", at(1)).await;
    // Not what it is for, but it must not confuse the owner's memory of the conversation either.
    beside.append(&house.app, message(id, person("bob", Role::User), "from beside", at(2))).await.unwrap();
    beside.close().await;
    assert_eq!(house.says(id, person("carl", Role::User), "again", at(3)).await.0, 3);
    assert_eq!(house.page(id, None, None, 10).await.0, [1, 2, 3]);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let (store, folder) = fresh();
    drop(store);
    behind(&folder).pragma_update(None, "user_version", 999).unwrap();
    let refused = SqliteStore::open(folder.path(), options());
    assert!(matches!(refused, Err(OpenError::Newer { found: 999, .. })), "{refused:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_data() {
    use std::os::unix::fs::PermissionsExt;
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("new/data");
    let _store = SqliteStore::open(&folder, options()).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&database_in(&folder)), 0o600);
}

#[tokio::test]
async fn a_dropped_question_does_not_stop_the_work() {
    let (store, _folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    for number in 0..50 {
        let words = message(id, person("alice", Role::User), "hello", at(number));
        // Polled once: queued, then nobody waits any more.
        let _ = futures_util::FutureExt::now_or_never(store.append(&house.app, words));
        let _ = futures_util::FutureExt::now_or_never(store.conversation(&house.app, id));
    }
    store.ready().await.unwrap();
    assert_eq!(house.get(id).await.head.seq.0, 50);
}

#[tokio::test]
async fn a_broadcast_under_way_goes_on_where_it_was_noted() {
    use crate::{
        model::{BroadcastId, Content, Kind},
        store::broadcasts::{Broadcasts, NewBroadcast, Piece},
    };
    let (store, folder) = fresh();
    let house = House::new(&store).await;
    let id: BroadcastId = "news".parse().unwrap();
    store.save_user(&house.app, person("news", Role::System), NOON).await.unwrap();
    let new = NewBroadcast {
        id: id.clone(),
        client_id: None,
        from: user("news"),
        kind: Kind::System,
        content: Content::text("to all of you"),
        online_only: false,
        at: NOON,
    };
    store.create_broadcast(&house.app, new).await.unwrap();
    let piece = store.next_piece(&house.app, &id, 1).await.unwrap();
    let noted = Piece { place: piece[0].0, sent: 1, passed_over: 0, finished_at: None };
    store.finish_piece(&house.app, &id, noted).await.unwrap();
    let app = house.app.clone();
    drop(store);
    let store = open(&folder);
    let found = store.unfinished_broadcasts(9).await.unwrap();
    assert_eq!((found.len(), found[0].sent, found[0].place), (1, 1, piece[0].0));
    assert_eq!(store.next_piece(&app, &id, 9).await.unwrap()[0].1, user("bob"));
}
