//! The log's length, and what the questions cost.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_moved_into_the_database_beside_the_commits() {
    let (store, folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    let words = "word ".repeat(1000);
    let send = |number| store.append(&house.app, message(id, person("alice", Role::User), &words, at(number)));
    // About 5 KiB each: 40 MiB go through a log that should stay near 4 MiB.
    for round in 0..125 {
        for sent in futures_util::future::join_all((0..64).map(|_| send(round))).await {
            sent.unwrap();
        }
    }
    let log = std::fs::metadata(folder.path().join("parlor.db-wal")).unwrap().len();
    assert!(store.stats().checkpoints.load(Ordering::Relaxed) > 0);
    assert!(log < 80 << 20, "{log}");
    store.close().await;
    assert!(!folder.path().join("parlor.db-wal").exists(), "a closed store is one file");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_closed_during_a_long_question_leaves_one_file() {
    let (store, folder) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    store.append(&house.app, message(id, person("alice", Role::User), "words", at(1))).await.unwrap();
    let (begun, begins) = oneshot::channel();
    let question = store.look_long(move |_| {
        begun.send(()).unwrap();
        // So long that every connection that may write is closed before this one.
        std::thread::sleep(Duration::from_millis(500));
        Ok(())
    });
    let closed = async {
        begins.await.unwrap();
        store.close().await;
    };
    let (answer, ()) = tokio::join!(question, closed);
    answer.unwrap();
    assert!(!folder.path().join("parlor.db-wal").exists());
}

#[tokio::test]
async fn every_frequent_question_uses_an_index() {
    let (_store, folder) = fresh();
    let conn = behind(&folder);
    for sql in [
        desk::ALL,
        desk::CLOSED,
        desk::MINE,
        desk::WAITING,
        desk::IDLE,
        "select count(*) from conversations where app_id = 1 and stage in ('queued', 'offline') and (waiting_since, key) < (2, 3)",
        "select id from conversations where visitor_id = 1 and stage in ('queued', 'offline', 'human')",
        "select id from conversations where kind = 1 and low_user_id = 1 and high_user_id = 2",
        "select id from messages where conversation_id = 1 and sender_id = 2 and client_id = 'x'",
        times::NEXT,
        statistics::OPENED,
        statistics::ENDED,
        statistics::CAME,
        "select id from messages where conversation_id = 1 and seq > 2 and seq < 9 order by seq desc limit 3",
    ] {
        let mut statement = conn.prepare(&format!("explain query plan {sql}")).unwrap();
        let steps: Vec<String> =
            statement.raw_query().mapped(|row| row.get(3)).collect::<rusqlite::Result<_>>().unwrap();
        let scans = steps.iter().any(|step| step.starts_with("SCAN") && !step.contains("USING"));
        assert!(!scans, "{sql}\n{steps:#?}");
        let sorts = steps.iter().any(|step| step.contains("TEMP B-TREE"));
        assert!(!sorts || sql == desk::MINE || sql == desk::IDLE, "{sql}\n{steps:#?}");
    }
}
