//! A node that is killed in the middle of what only one node may do: another one does it, when the claim is over and not before.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, Row};

use super::{database::eventually, node::Cluster, turn};
use crate::harness::{Answer, BackEnd};

/// Users who get the message to everybody.
const USERS: usize = 40;

async fn count(cluster: &Cluster, sql: &str) -> i64 {
    cluster.database.ask(sql).await.map_or(0, |row| row.get(0))
}

/// When both claims of the node end, by the database's clock, as soon as it has both and one of its transactions waits.
async fn claimed(cluster: &Cluster) -> (f64, f64) {
    eventually("the node claims both and is held up", async || {
        count(cluster, "select count(*) from claims").await == 1
            && count(cluster, "select count(*) from broadcasts where claimed_until > clock_timestamp()").await == 1
            && count(cluster, "select count(*) from pg_stat_activity where wait_event_type = 'Lock'").await > 0
            && count(cluster, "select count(*) from messages").await > 0
    })
    .await;
    let ends = "select extract(epoch from (select ends from claims))::float8,
        extract(epoch from (select claimed_until from broadcasts))::float8";
    let row = cluster.database.ask(ends).await.unwrap();
    (row.get(0), row.get(1))
}

async fn now(cluster: &Cluster) -> f64 {
    cluster.database.ask("select extract(epoch from clock_timestamp())::float8").await.unwrap().get(0)
}

async fn orders(back_end: &BackEnd, body: &Value) -> reqwest::Result<reqwest::Response> {
    back_end.request("POST", "/v1/messages").header("idempotency-key", "order-1").json(body).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_node_had_claimed_is_done_by_another_once_the_claim_is_over() {
    let _turn = turn().await;
    let mut cluster = Cluster::start(2).await;
    for number in 0..USERS {
        cluster.token(&format!("user{number}")).await;
    }
    let first = cluster.back_end(&cluster.nodes[0]).await;
    let other = first.asking_at(format!("http://{}", cluster.nodes[1].address()));
    // So that it is the first that claims.
    assert_eq!(cluster.nodes[1].stop().await, 0);

    // Whoever writes to the last user waits in the middle of it.
    let last = format!("user{}", USERS - 1);
    let mut conn = PgConnection::connect(&cluster.database.url()).await.unwrap();
    let mut held = conn.begin().await.unwrap();
    let taken = sqlx::query("insert into moments (user_id, at) select id, 0 from users where key = $1").bind(&last);
    assert_eq!(taken.execute(&mut *held).await.unwrap().rows_affected(), 1, "nobody wrote to them yet");
    let everybody = json!({ "type": "RC:TxtMsg", "content": { "content": "to all of you" } });
    let begun = first.post("/v1/broadcasts", &everybody).await.ok();
    eventually("some have it", async || count(&cluster, "select count(*) from messages").await > 0).await;
    let order = json!({ "from": "user0", "users": [last], "type": "RC:TxtMsg", "content": { "content": "4711" } });
    let asking = tokio::spawn({
        let (first, order) = (first.clone(), order.clone());
        async move { orders(&first, &order).await }
    });
    let (order_ends, broadcast_ends) = claimed(&cluster).await;
    cluster.nodes[0].kill();
    assert!(asking.await.unwrap().is_err(), "nobody answered");
    held.rollback().await.unwrap();
    assert_eq!(count(&cluster, "select count(*) from broadcasts where finished_at is null").await, 1, "in the middle");
    cluster.nodes[1].start().await;

    let mut pause = tokio::time::interval(Duration::from_millis(250));
    let answer = loop {
        pause.tick().await;
        let answer = Answer::of(orders(&other, &order).await.unwrap()).await;
        if answer.status < 300 {
            break answer;
        }
        assert_eq!(answer.code(), "in_progress", "{answer:?}");
        assert!(now(&cluster).await < order_ends + 10.0, "the claim is over long since");
    };
    assert!(now(&cluster).await >= order_ends, "nobody else began before the claim was over");
    assert_eq!(answer.header("idempotency-replayed"), "", "{answer:?}");
    let again = Answer::of(orders(&other, &order).await.unwrap()).await;
    assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &answer.body));

    let id = begun["id"].as_str().unwrap();
    let path = format!("/v1/broadcasts/{id}");
    eventually("everybody has had their turn", async || other.get(&path).await.ok()["finished_at"].is_i64()).await;
    assert!(now(&cluster).await >= broadcast_ends, "one node at a time");
    let done = other.get(&path).await.ok();
    assert_eq!((&done["sent"], &done["passed_over"]), (&json!(USERS), &json!(0)), "{done}");
    let of_broadcast = "select count(*) from messages where client_id like 'broadcast-%'";
    let each = "select count(distinct conversation_id) from messages where client_id like 'broadcast-%'";
    assert_eq!((count(&cluster, of_broadcast).await, count(&cluster, each).await), (40, 40), "each has it once");
    let orders = "select count(*) from messages where body like '%4711%'";
    assert_eq!(count(&cluster, orders).await, 1, "done once");
}
