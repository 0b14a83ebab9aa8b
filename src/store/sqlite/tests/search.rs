//! The search index: filled behind the commits, made anew when it does not fit.

use std::time::{Duration, Instant};

use super::*;
use crate::{
    model::search::{Search, words_of},
    store::search::{Finding, Searcher, Searches},
};

async fn find(store: &SqliteStore, app: &AppKey, query: &str) -> Finding {
    store.search(app, Searcher::BackEnd, words_of(query), Search::of(query)).await.unwrap()
}

fn index(folder: &TempDir) -> rusqlite::Connection {
    rusqlite::Connection::open(super::super::search::index::file_in(folder.path())).unwrap()
}

/// Rows of the index, once there are so many.
fn rows_when(folder: &TempDir, wanted: i64) -> i64 {
    let (index, begun) = (index(folder), Instant::now());
    loop {
        let rows = index.query_row("select count(*) from grams_docsize", [], |row| row.get(0)).unwrap();
        if rows == wanted || begun.elapsed() > Duration::from_secs(20) {
            return rows;
        }
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn the_index_follows_and_changed_messages_leave_it() {
    let (store, folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    for number in 0..700 {
        house.says(id, person("alice", Role::User), &format!("lamp {number} 订单"), at(number)).await;
    }
    assert_eq!(rows_when(&folder, 700), 700);
    assert_eq!(find(&store, &house.app, "lamp 699").await.messages.len(), 1);
    let found = find(&store, &house.app, "订单").await;
    assert_eq!((found.messages.len(), found.partial), (20, false));
    let uid = found.messages[0].uid;
    store.replace_content(&house.app, uid, Content::of("RC:RcCmd", &serde_json::json!({})), at(900)).await.unwrap();
    assert_eq!(rows_when(&folder, 699), 699, "what was taken back leaves the index");
    let left = || behind(&folder).query_row("select count(*) from reworded", [], |row| row.get::<_, i64>(0)).unwrap();
    let begun = Instant::now();
    while left() > 0 && begun.elapsed() < Duration::from_secs(20) {
        std::thread::yield_now();
    }
    assert_eq!(left(), 0, "and the list of changes is empty again");
}

#[tokio::test]
async fn a_missing_or_damaged_index_is_made_anew() {
    let (store, folder) = fresh();
    let house = House::new(&store).await;
    let (id, app) = (house.private().await.id, house.app.clone());
    house.says(id, person("alice", Role::User), "a brass lamp", at(1)).await;
    assert_eq!(rows_when(&folder, 1), 1);
    drop(store);
    let file = super::super::search::index::file_in(folder.path());
    std::fs::write(&file, b"this is no database, it only has the place of one").unwrap();
    let store = open(&folder);
    assert_eq!(find(&store, &app, "brass").await.messages.len(), 1);
    assert_eq!(rows_when(&folder, 1), 1);
    drop(store);
    std::fs::remove_file(&file).unwrap();
    let store = open(&folder);
    assert_eq!(rows_when(&folder, 1), 1);
    drop(store);
    index(&folder).execute("update state set value = 7 where name = 'epoch'", []).unwrap();
    let store = open(&folder);
    assert_eq!(rows_when(&folder, 1), 1, "an index of another epoch is not used");
    assert_eq!(find(&store, &app, "brass").await.messages.len(), 1);
}

#[tokio::test]
async fn d8_a_damaged_message_is_not_found() {
    let (store, folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    house.says(id, person("alice", Role::User), "a brass lamp", at(1)).await;
    behind(&folder).execute("update messages set checksum = checksum + 1", []).unwrap();
    assert!(find(&store, &house.app, "brass").await.messages.is_empty());
}
