//! Several nodes on one database, and connections that are lost.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::*;
use crate::store::conformance::{client_id, fresh_id, user};

/// Ends the session that keeps messages, as a failing network or a restarting server does.
async fn cut(database: &Database) {
    let mut conn = database.behind().await;
    query(
        "select pg_terminate_backend(pid)
        from pg_stat_activity
        where pid in (
            select l.pid
            from pg_locks l
            where l.locktype = 'advisory'
              and l.objid::bigint = (hashtextextended('parlor node ' || current_schema() || ' 0', 0) & 4294967295)
          )",
    )
    .execute(&mut conn)
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d3_nodes_that_write_at_once_leave_no_gaps_and_no_two_of_one_number() {
    const EACH: usize = 25;
    let (one, database) = fresh();
    let two = open(&database).await;
    let house = House::new(&one).await;
    let (app, nodes, alice, anna) = (&house.app, [&one, &two], user("alice"), user("anna"));
    let other = two.pair_conversation(app, Kind::Private, &alice, &anna, fresh_id(), NOON).await.unwrap();
    let ids = [house.private().await.id, other.id];
    let say = |number: usize| async move {
        let mut kept = Vec::new();
        for turn in 0..EACH {
            let conversation = ids[(number + turn) % 2];
            let new = NewMessage {
                client_id: Some(client_id(&format!("{number}-{turn}"))),
                ..message(conversation, person("alice", Role::User), "words", at(1))
            };
            kept.push(nodes[number % 2].append(app, new).await.unwrap().message);
        }
        kept
    };
    let kept: Vec<Message> = join_all((0..16).map(say)).await.into_iter().flatten().collect();
    assert_eq!(kept.iter().map(|message| message.uid).collect::<BTreeSet<_>>().len(), 16 * EACH);
    for id in ids {
        let mut here: Vec<&Message> = kept.iter().filter(|message| message.conversation == id).collect();
        here.sort_by_key(|message| message.seq);
        assert!((1..).zip(&here).all(|(place, message)| message.seq == Some(Seq(place))));
        assert!(here.is_sorted_by(|a, b| a.uid < b.uid && a.at < b.at), "numbers and times grow like places (D6)");
    }
    let times: BTreeSet<Millis> = kept.iter().map(|message| message.at).collect();
    assert_eq!(times.len(), kept.len(), "no two messages that alice gets have one time");
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d2_a_client_id_is_used_once_on_all_nodes() {
    let (one, database) = fresh();
    let two = open(&database).await;
    let house = House::new(&one).await;
    let id = house.private().await.id;
    let new =
        NewMessage { client_id: Some(client_id("one")), ..message(id, person("alice", Role::User), "hello", NOON) };
    let racing = (0..16).map(|number| [&one, &two][number % 2].append(&house.app, new.clone()));
    let kept: Vec<Appended> = join_all(racing).await.into_iter().map(std::result::Result::unwrap).collect();
    assert_eq!(kept.iter().filter(|kept| !kept.repeated).count(), 1);
    assert!(kept.iter().all(|other| other.message == kept[0].message));
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_is_made_anew_and_nothing_is_kept_twice() {
    let (store, database) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    for turn in 0..5 {
        house.says(id, person("alice", Role::User), "before", at(turn)).await;
        cut(&database).await;
        assert_eq!(house.says(id, person("alice", Role::User), "after", at(turn)).await.0, 2 * turn.unsigned_abs() + 2);
    }
    assert_eq!(house.page(id, None, None, 100).await.0, (1..=10).collect::<Vec<u64>>());
    assert!(store.stats().retries.load(Ordering::Relaxed) > 0, "the connection was lost indeed");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node_at_a_time_delivers_a_notice() {
    use crate::store::outbox::{NewWebhook, Outbox, WebhookWish};
    let (one, database) = fresh();
    let two = open(&database).await;
    let house = House::new(&one).await;
    let hook: crate::model::WebhookId = "hook".parse().unwrap();
    let wish = WebhookWish {
        url: "https://shop.example/hook".to_owned(),
        description: String::new(),
        topics: Vec::new(),
        enabled: true,
        form: crate::model::webhook::Form::Standard,
    };
    one.create_webhook(&house.app, NewWebhook { id: hook.clone(), wish, secret: vec![1], at: NOON }).await.unwrap();
    let id = house.private().await.id;
    house.says(id, person("alice", Role::User), "hello", at(1)).await;
    let due = async |store: &PostgresStore, second| {
        store.due_deliveries(&house.app, &hook, at(second), 10).await.unwrap().len()
    };
    assert_eq!(due(&one, 2).await, 1);
    assert_eq!(due(&two, 2).await, 0, "the other node has it");
    assert!(two.due_endpoints(at(2), 10).await.unwrap().is_empty());
    assert_eq!(due(&one, 2).await, 1, "who has it knows that it is under way");
    assert_eq!(due(&two, 2 + 600).await, 0, "a clock that is ahead ends no claim");
    run(&database, "update deliveries set claimed_until = claimed_until - 61000").await;
    assert_eq!(due(&two, 2).await, 1, "a node that died lets go");
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node_at_a_time_works_on_a_broadcast() {
    use crate::store::broadcasts::{Broadcasts, NewBroadcast, Piece};
    let (one, database) = fresh();
    let two = open(&database).await;
    let house = House::new(&one).await;
    let new = NewBroadcast {
        id: "everybody".parse().unwrap(),
        client_id: None,
        from: user("alice"),
        kind: Kind::System,
        content: Content::text("hello"),
        online_only: true,
        at: NOON,
    };
    let made = one.create_broadcast(&house.app, new).await.unwrap();
    let unfinished = async |store: &PostgresStore| store.unfinished_broadcasts(4).await.unwrap().len();
    let looks = join_all((0..8).map(|number| unfinished([&one, &two][number % 2]))).await;
    let (ones, twos): (usize, usize) = (looks.iter().step_by(2).sum(), looks.iter().skip(1).step_by(2).sum());
    // Of looks at the same moment only one gets it, whoever asks.
    assert!(ones.min(twos) == 0 && ones.max(twos) > 0, "one node has it: {looks:?}");
    let (owner, other) = if ones > 0 { (&one, &two) } else { (&two, &one) };
    assert_eq!((unfinished(other).await, unfinished(owner).await), (0, 1), "and goes on with it");
    run(&database, "update broadcasts set claimed_until = now() - interval '1 second', claimed_by = 7").await;
    assert_eq!(unfinished(&two).await, 1, "a node that died lets go");
    let done = Piece { place: made.place + 1, sent: 1, passed_over: 0, finished_at: Some(at(1)) };
    two.finish_piece(&house.app, &made.id, done).await.unwrap();
    assert_eq!((unfinished(&one).await, unfinished(&two).await), (0, 0));
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d8_a_damaged_message_is_reported_and_not_served() {
    let (store, database) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    for turn in 1..=3 {
        house.says(id, person("alice", Role::User), "words", at(turn)).await;
    }
    run(&database, "update messages set body = '{\"content\":\"other\"}' where seq = 2").await;
    assert_eq!(house.page(id, None, None, 10).await.0, [1, 3]);
    assert_eq!(store.damaged(), 1);
    store.close().await;
}
