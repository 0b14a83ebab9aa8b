//! What is limited in time is refused at the same number on two servers as on one.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::{Response, StatusCode};
use serde_json::json;
use sqlx::raw_sql;

use super::Nodes;
use crate::{
    console::{Caller, PASSWORD, ada},
    harness::{Answer, BackEnd, People},
    rong::api::OldBackEnd,
};

/// Longer than a server waits for what others have counted, on a busy machine.
const SOON: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o2_sign_ins_are_counted_by_all_servers_together() {
    let nodes = Nodes::start_with(|config| config.limits.logins_per_account = 5).await;
    let email = ada(&People::of(&nodes.one).await).await;
    let mut caller = Caller::at(&nodes.one, "/console/login").await;
    caller.asks_too(&nodes.two);
    let wrong = async |times: usize| {
        for _ in 0..times {
            assert_eq!(caller.login(&email, "wrong").await.status(), StatusCode::UNAUTHORIZED);
        }
    };
    wrong(3).await;
    assert_eq!(caller.login(&email, PASSWORD).await.status(), StatusCode::OK, "the count begins anew on both");
    wrong(5).await;
    for _ in 0..4 {
        let refused = caller.login(&email, PASSWORD).await;
        assert_eq!((refused.status(), waits(&refused)), (StatusCode::TOO_MANY_REQUESTS, "900"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_visitors_of_a_network_are_counted_by_all_servers_together() {
    let nodes = Nodes::start_with(|config| config.limits.visitors_per_network_minute = 7).await;
    let site = People::of(&nodes.one).await.site.key;
    let http = reqwest::Client::new();
    let (mut made, mut refused) = (0, 0);
    for turn in 0..20 {
        let server = if turn % 2 == 0 { &nodes.one } else { &nodes.two };
        let request = http.post(server.url(&format!("/w/{site}/session"))).header("sec-fetch-site", "same-origin");
        let answer = request.json(&json!({ "keep": "storage" })).send().await.unwrap();
        match answer.status() {
            StatusCode::OK => made += 1,
            StatusCode::TOO_MANY_REQUESTS => {
                assert_eq!(waits(&answer), "60");
                refused += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!((made, refused), (7, 13));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_asks_so_many_times_a_second_whatever_server_it_asks() {
    const MOST: u32 = 8;
    let nodes = Nodes::start_with(|config| config.limits.api_per_key_sec = MOST).await;
    let people = People::of(&nodes.one).await;
    let here = BackEnd::of(&nodes.one, &people.im, &people.app()).await;
    let there = here.asking(&nodes.two);
    // Nobody's first request should take long.
    tokio::join!(here.get("/v1/ping"), there.get("/v1/ping"));
    let began = Instant::now();
    let answers =
        join_all((0..80).map(|turn| if turn % 2 == 0 { here.get("/v1/ping") } else { there.get("/v1/ping") }));
    let answers = answers.await;
    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!((refused.status, refused.code(), refused.header("retry-after")), (429, "rate_limited", "1"));
        assert_eq!(refused.header("ratelimit-limit"), MOST.to_string());
    }
    // What came back meanwhile, and what came back before the clock began.
    let most = f64::from(MOST) * (1.0 + began.elapsed().as_secs_f64()) + 1.0;
    assert!(f64::from(u32::try_from(taken).unwrap()) <= most, "{taken} of at most {most}");
    assert!(taken >= MOST as usize - 2, "{taken}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_to_everybody_are_counted_by_all_servers_together() {
    let nodes = Nodes::start_with(|config| config.compatible.everybody_per_hour = 3).await;
    let people = People::of(&nodes.one).await;
    let here = OldBackEnd::of(&nodes.one, &people.im, &people.app()).await;
    let there = here.asking(&nodes.two);
    here.ask("user/getToken", &[("userId", "nora"), ("name", "Nora")]).await;
    assert_eq!(broadcasts(&[here, there], 8).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_ask_the_others_counts_alone_and_answers_in_time() {
    let nodes = Nodes::start_with(|config| config.compatible.everybody_per_hour = 3).await;
    let people = People::of(&nodes.one).await;
    let here = OldBackEnd::of(&nodes.one, &people.im, &people.app()).await;
    let there = here.asking(&nodes.two);
    here.ask("user/getToken", &[("userId", "nora"), ("name", "Nora")]).await;
    let mut behind = nodes.database.behind().await;
    raw_sql("begin; lock table tallies in access exclusive mode").execute(&mut behind).await.unwrap();
    let began = Instant::now();
    assert_eq!(broadcasts(&[here, there], 8).await, 6, "each its own three");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    raw_sql("rollback").execute(&mut behind).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_with_one_idempotency_key_at_once_one_does_the_work() {
    let nodes = Nodes::start().await;
    let people = People::of(&nodes.one).await;
    let here = BackEnd::of(&nodes.one, &people.im, &people.app()).await;
    let there = here.asking(&nodes.two);
    let ask = async |by: &BackEnd, key: &str| {
        let new = json!({ "name": key, "scopes": ["read"] });
        let request = by.request("POST", "/v1/keys").header("idempotency-key", key).json(&new);
        Answer::of(request.send().await.unwrap()).await
    };
    let mut waited = 0;
    // An app may have few keys.
    for round in 0..8 {
        let key = format!("race-{round}");
        let (one, two) = tokio::join!(ask(&here, &key), ask(&there, &key));
        for answer in [&one, &two] {
            if answer.status != 201 {
                assert_eq!((answer.status, answer.code(), answer.header("retry-after")), (409, "in_progress", "1"));
                waited += 1;
            }
        }
        let again = ask(&there, &key).await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
        for answer in [one, two].iter().filter(|answer| answer.status == 201) {
            assert_eq!(answer.body, again.body, "one key was made");
        }
    }
    assert_eq!(here.get("/v1/keys").await.ok()["items"].as_array().unwrap().len(), 9);
    assert!(waited <= 8, "of two one is always answered");
}

/// So many of some broadcasts, of which each asks the next server, were taken.
async fn broadcasts(back_ends: &[OldBackEnd; 2], times: usize) -> usize {
    let words = "fromUserId=nora&objectName=RC%3ATxtMsg&content=%7B%22content%22%3A%22hello%22%7D";
    let mut taken = 0;
    for turn in 0..times {
        let answer = back_ends[turn % 2].form("message/broadcast", words).await;
        let seen = (answer.status, answer.body["code"].as_u64().unwrap_or_default());
        assert!(seen == (200, 200) || seen == (403, 1008), "{}", answer.body);
        taken += usize::from(answer.status == 200);
    }
    taken
}

fn waits(answer: &Response) -> &str {
    answer.headers()["retry-after"].to_str().unwrap()
}
