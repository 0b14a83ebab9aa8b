//! Full disks, damaged records, failed commits.

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::store::conformance::{login, token};

#[tokio::test]
async fn a_full_disk_loses_nothing_and_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions { max_pages: Some(200), ..options() };
    let store = SqliteStore::open(folder.path(), options).unwrap();
    let house = House::new(&store).await;
    store.create_login(&house.app, login("anna", 1, at(60))).await.unwrap();
    let id = house.private().await.id;
    let words = "word ".repeat(500);
    let send = |number| {
        let new = message(id, person("alice", Role::User), &words, at(number));
        store.append(&house.app, new)
    };
    let mut kept = 0;
    let error = loop {
        let batch = futures_util::future::join_all((0..16).map(|_| send(kept))).await;
        let failed = batch.iter().find_map(|sent| sent.as_ref().err()).cloned();
        kept += i64::try_from(batch.iter().filter(|sent| sent.is_ok()).count()).unwrap();
        if let Some(error) = failed {
            break error;
        }
    };
    assert!(matches!(error, StoreError::Full), "{error:?}");
    assert!(kept > 50);

    // In one batch with messages that find no room, ending a login still works.
    let sending = futures_util::future::join_all((0..16).map(send));
    let (sent, ended) = tokio::join!(sending, store.end_login(token(1)));
    ended.unwrap();
    let late = i64::try_from(sent.iter().filter(|sent| sent.is_ok()).count()).unwrap();
    assert_eq!(store.login(token(1), NOON).await.unwrap(), None);

    let head = i64::try_from(house.get(id).await.head.seq.0).unwrap();
    assert_eq!(head, kept + late, "acked is kept, refused is not");
    store
        .write(|ledger| Ok(ledger.conn.pragma_update_and_check(None, "max_page_count", 100_000, |_| Ok(()))?))
        .await
        .unwrap();
    let next = send(0).await.unwrap().message.seq.unwrap().0;
    assert_eq!(i64::try_from(next).unwrap(), head + 1);
    assert_eq!(inspect(&database_in(folder.path())).unwrap().problems, Vec::<String>::new());
}

#[tokio::test]
async fn without_reserve_messages_are_refused_and_the_rest_works() {
    let folder = tempfile::tempdir().unwrap();
    let app = {
        let store = open(&folder);
        let house = House::new(&store).await;
        house.private().await;
        house.app.clone()
    };
    let options = SqliteOptions { reserve_bytes: Some(u64::MAX), ..options() };
    let store = SqliteStore::open(folder.path(), options).unwrap();
    let (alice, bob) = (user("alice"), user("bob"));
    let id = conformance::fresh_id();
    let known = store.pair_conversation(&app, Kind::Private, &alice, &bob, id, NOON).await.unwrap();
    let full = store.append(&app, message(known.id, person("alice", Role::User), "hello", NOON)).await;
    assert!(matches!(full, Err(StoreError::Full)), "{full:?}");
    let full = store.pair_conversation(&app, Kind::Private, &alice, &user("anna"), id, NOON).await;
    assert!(matches!(full, Err(StoreError::Full)), "{full:?}");
    store.create_login(&app, login("anna", 1, at(60))).await.unwrap();
    store.end_login(token(1)).await.unwrap();
    store.ready().await.unwrap();
}

#[tokio::test]
async fn d8_a_damaged_record_is_reported_and_left_out() {
    let (store, folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    let mut uids = Vec::new();
    for number in 1..=3 {
        let new = message(id, person("alice", Role::User), &number.to_string(), at(number));
        uids.push(store.append(&house.app, new).await.unwrap().message.uid);
    }
    let spoil = "update messages set body = '{\"content\":\"forged\"}' where id = ?1";
    assert_eq!(behind(&folder).execute(spoil, [uids[1].number()]).unwrap(), 1);
    assert_eq!(house.page(id, None, None, 10).await, (vec![1, 3], false));
    assert_eq!(store.damaged(), 1);
    let one = store.message(&house.app, uids[1]).await;
    assert!(matches!(&one, Err(StoreError::Damaged(text)) if *text == uids[1].to_string()), "{one:?}");
    assert!(store.message(&house.app, uids[0]).await.unwrap().is_some());
    assert_eq!(behind(&folder).execute(spoil, [uids[2].number()]).unwrap(), 1);
    assert_eq!(house.get(id).await.last, None, "the conversation itself still opens");
    assert_eq!(store.damaged(), 3);
    assert_eq!(inspect(&database_in(folder.path())).unwrap().damaged_messages, 2);
}

#[tokio::test]
async fn a_failed_commit_fails_its_batch_and_nothing_else() {
    let (store, _folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    house.says(id, person("alice", Role::User), "one", at(1)).await;
    let broken: Result<()> = store.write(|_| Err(failure(rusqlite::ffi::SQLITE_IOERR_WRITE).into())).await;
    assert!(matches!(broken, Err(StoreError::Unavailable(_))), "{broken:?}");
    assert_eq!(house.says(id, person("alice", Role::User), "two", at(2)).await.0, 2);
}

#[tokio::test]
async fn a_job_that_spoils_the_transaction_fails_alone() {
    let (store, _folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    let words = |number| store.append(&house.app, message(id, person("alice", Role::User), "words", at(number)));
    let spoils = || store.write::<()>(|_| Err(failure(rusqlite::ffi::SQLITE_CORRUPT).into()));
    let (first, fails, second) = tokio::join!(words(1), spoils(), words(2));
    assert!(matches!(fails, Err(StoreError::Damaged(_))), "{fails:?}");
    assert_eq!([first, second].map(|sent| sent.unwrap().message.seq.unwrap().0), [1, 2]);
    assert_eq!(house.page(id, None, None, 10).await.0, [1, 2]);
}

#[tokio::test]
async fn a_failed_job_does_not_fail_its_neighbours() {
    let (store, _folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    // Polled in order, so they meet in few batches, in this order.
    let taken = || {
        store.create_app(App {
            key: house.app.clone(),
            name: "again".to_owned(),
            features: Features::default(),
            created_at: NOON,
        })
    };
    let words = |number| store.append(&house.app, message(id, person("alice", Role::User), "words", at(number)));
    let (first, fails, second) = tokio::join!(words(1), taken(), words(2));
    let seqs = [first, second].map(|sent| sent.unwrap().message.seq.unwrap().0);
    assert_eq!(seqs, [1, 2]);
    assert!(matches!(fails, Err(StoreError::AlreadyExists)), "{fails:?}");
    let conversation = house.get(id).await;
    assert_eq!(conversation.participant(&user("bob")).unwrap().unread, 2);
}

#[tokio::test]
async fn d4_a_failed_fsync_is_never_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let stopped = Arc::new(AtomicUsize::new(0));
    let seen = stopped.clone();
    let on_sync_failure: SyncFailure = Arc::new(move |_| _ = seen.fetch_add(1, Ordering::Relaxed));
    let store = SqliteStore::open(folder.path(), SqliteOptions { on_sync_failure, ..options() }).unwrap();
    let failed: Result<()> = store.write(|_| Err(failure(rusqlite::ffi::SQLITE_IOERR_FSYNC).into())).await;
    assert!(failed.is_err());
    assert_eq!(stopped.load(Ordering::Relaxed), 1);
}

/// What SQLite would say.
fn failure(code: i32) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)
}
