//! Backup, restore, inspection.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_busy_store_is_one_whole_moment() {
    let (store, folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    for number in 0..200 {
        house.says(id, person("alice", Role::User), &"word ".repeat(50), at(number)).await;
    }
    let target = folder.path().join("copy.db");
    let (database, copy) = (database_in(folder.path()), target.clone());
    let copying = tokio::task::spawn_blocking(move || backup(&database, &copy));
    let mut number = 200;
    while !copying.is_finished() {
        house.says(id, person("alice", Role::User), "meanwhile", at(number)).await;
        number += 1;
    }
    let found = copying.await.unwrap().unwrap();
    assert_eq!(found.problems, Vec::<String>::new());

    let copy = rusqlite::Connection::open(&target).unwrap();
    let (seq, rows): (i64, i64) = copy
        .query_row("select c.seq, (select count(*) from messages) from conversations c", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert!(seq == rows && seq >= 200, "{seq} {rows}");
    assert!(!folder.path().join("copy.db-wal").exists() && !folder.path().join("copy.db.part").exists());
}

#[tokio::test]
async fn a_backup_never_overwrites() {
    let (_store, folder) = fresh();
    let target = folder.path().join("copy.db");
    std::fs::write(&target, "precious").unwrap();
    let refused = backup(&database_in(folder.path()), &target);
    assert!(matches!(refused, Err(OpenError::Exists(_))), "{refused:?}");
    assert_eq!(std::fs::read(&target).unwrap(), b"precious");
}

#[tokio::test]
async fn a_restore_brings_everything_back_under_a_new_epoch() {
    let (store, folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    house.says(id, person("alice", Role::User), "kept", at(1)).await;
    let kept = house.get(id).await;
    let copy = folder.path().join("copy.db");
    backup(&database_in(folder.path()), &copy).unwrap();
    house.says(id, person("alice", Role::User), "lost", at(2)).await;
    let app = house.app.clone();

    assert!(matches!(restore(&copy, folder.path(), true, at(5)), Err(OpenError::InUse(_))));
    drop(store);
    assert!(matches!(restore(&copy, folder.path(), false, at(5)), Err(OpenError::Exists(_))));
    let beside = SqliteStore::open(folder.path(), SqliteOptions { beside_a_server: true, ..options() }).unwrap();
    assert!(matches!(restore(&copy, folder.path(), true, at(5)), Err(OpenError::InUse(_))));
    drop(beside);
    restore(&copy, folder.path(), true, at(5)).unwrap();
    let store = open(&folder);
    let restored = store.conversation(&app, id).await.unwrap().unwrap();
    assert_eq!(restored.last, kept.last);
    assert!(restored.head.epoch > kept.head.epoch && restored.head.seq == kept.head.seq);
    drop(store);

    // The same copy once more, even with a clock that stands still: again an epoch that nobody has seen.
    restore(&copy, folder.path(), true, at(5)).unwrap();
    let again = open(&folder).conversation(&app, id).await.unwrap().unwrap();
    assert!(again.head.epoch > restored.head.epoch);
}

#[tokio::test]
async fn a_restore_into_an_empty_folder_needs_no_leave() {
    let (store, folder) = fresh();
    House::new(&store).await;
    let copy = folder.path().join("copy.db");
    backup(&database_in(folder.path()), &copy).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    restore(&copy, elsewhere.path(), false, NOON).unwrap();
    assert_eq!(open(&elsewhere).apps().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_restore_does_not_meet_the_log_of_the_replaced_database() {
    let (store, folder) = fresh();
    House::new(&store).await;
    let copy = folder.path().join("copy.db");
    backup(&database_in(folder.path()), &copy).unwrap();
    // As after a crash: a database with a log beside it.
    let crashed = tempfile::tempdir().unwrap();
    for ending in ["", "-wal"] {
        let from = format!("{}{ending}", database_in(folder.path()).display());
        std::fs::copy(from, format!("{}{ending}", database_in(crashed.path()).display())).unwrap();
    }
    restore(&copy, crashed.path(), true, at(5)).unwrap();
    assert!(!crashed.path().join("parlor.db-wal").exists());
    assert_eq!(open(&crashed).apps().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_damaged_copy_is_not_put_back() {
    let (store, folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    for number in 0..100 {
        house.says(id, person("alice", Role::User), &"word ".repeat(100), at(number)).await;
    }
    let copy = folder.path().join("copy.db");
    backup(&database_in(folder.path()), &copy).unwrap();
    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0x5A);
    std::fs::write(&copy, bytes).unwrap();
    drop(store);
    let refused = restore(&copy, folder.path(), true, at(5));
    assert!(matches!(refused, Err(OpenError::Damaged(_) | OpenError::Sqlite(_))), "{refused:?}");
    let text = folder.path().join("text.db");
    std::fs::write(&text, "this is no database, but it is long enough to be looked at".repeat(100)).unwrap();
    assert!(restore(&text, folder.path(), true, at(5)).is_err());
    assert_eq!(open(&folder).apps().await.unwrap().len(), 1, "the old one is untouched");
}

#[tokio::test]
async fn an_inspection_counts_and_checks() {
    let (store, folder) = fresh();
    let house = House::new(&store).await;
    let id = house.queued("vera", NOON).await.id;
    house.accept(id, "anna", at(1)).await.unwrap();
    house.says(id, person("anna", Role::Agent), "hello", at(2)).await;
    let found = inspect(&database_in(folder.path())).unwrap();
    assert_eq!((found.schema, found.known_schema, found.epoch), (migrate::newest(), migrate::newest(), 1));
    assert_eq!(found.problems, Vec::<String>::new());
    assert!(found.counts.contains(&Count { table: "users", rows: 6 }), "{found:?}");
    assert!(inspect(&folder.path().join("nothing.db")).is_err());
    assert!(!folder.path().join("nothing.db").exists());
}
