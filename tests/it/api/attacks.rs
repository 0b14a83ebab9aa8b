//! Requests that break the rules, and those that come too often.

use futures_util::future::join_all;
use serde_json::json;

use super::house;
use crate::harness::{Answer, BackEnd, People, TestServer};

#[tokio::test]
async fn w5_deep_long_and_large_bodies_are_refused() {
    let (_server, _people, back_end) = house().await;
    let send = async |body: String| {
        let request = back_end.request("POST", "/v1/keys").header("content-type", "application/json").body(body);
        Answer::of(request.send().await.unwrap()).await
    };
    let deep = format!(r#"{{"name":{}1{},"scopes":["read"]}}"#, "[".repeat(5000), "]".repeat(5000));
    assert_eq!(send(deep).await.code(), "bad_request");
    let long = format!(r#"{{"name":"a","scopes":[{}]}}"#, vec![r#""read""#; 1001].join(","));
    assert_eq!(send(long).await.code(), "bad_request");
    assert_eq!(send(format!(r#"{{"name":"{}"}}"#, "a".repeat(300 << 10))).await.code(), "too_large");
    for odd in ["", "null", "[]", "{", r#"{"name":1}"#, r#"{"name":"a","name":"b","scopes":["read"]}"#, "\u{feff}{}"] {
        assert_eq!(send(odd.to_owned()).await.code(), "bad_request", "{odd}");
    }
}

#[tokio::test]
async fn a4_a_wrong_secret_and_an_unknown_key_are_answered_alike() {
    let (_server, _people, back_end) = house().await;
    let last = if back_end.key.ends_with('A') { "B" } else { "A" };
    let wrong = format!("{}{last}", &back_end.key[..back_end.key.len() - 1]);
    let unknown = back_end.key.replace(&back_end.key_id, "nosuchkey2345");
    let mut answers = Vec::new();
    for key in [wrong, unknown, "pk_".to_owned(), "x".repeat(4000), back_end.key.to_uppercase()] {
        answers.push(back_end.clone().with_key(&format!("{key}_")).get("/v1/ping").await.status);
        let request = back_end.bare("GET", "/v1/ping").bearer_auth(&key);
        let answer = Answer::of(request.send().await.unwrap()).await;
        answers.push(answer.status);
        assert!(!answer.body.to_string().contains("nosuchkey"), "{}", answer.body);
    }
    assert!(answers.iter().all(|status| *status == 401), "{answers:?}");
}

#[tokio::test]
async fn who_guesses_keys_is_told_to_wait_and_right_ones_are_heard() {
    let (_server, _people, back_end) = house().await;
    let mut answers = Vec::new();
    // Each second one more is let through, so a slow machine needs more than sixty of them.
    while answers.len() < 600 && !answers.contains(&429) {
        let asked = (0..10).map(async |_| {
            back_end.bare("GET", "/v1/ping").bearer_auth("pk_abcd_x").send().await.unwrap().status().as_u16()
        });
        answers.extend(join_all(asked).await);
    }
    let heard = answers.iter().filter(|status| **status == 401).count();
    assert!((60..answers.len()).contains(&heard), "{answers:?}");
    back_end.get("/v1/ping").await.ok();
}

#[tokio::test]
async fn an_app_may_ask_so_many_times_a_second() {
    let server = TestServer::start_with(|config| {
        config.limits.api_per_app_sec = 5;
        config.limits.api_per_key_sec = 3;
    });
    let people = People::of(&server).await;
    let app = &people.site.app;
    let (one, two) = (BackEnd::of(&server, &people.im, app).await, BackEnd::of(&server, &people.im, app).await);
    let (mut asked, mut refused) = (0, 0);
    // A slow machine may need more than one round to ask faster than is allowed.
    while refused == 0 && asked < 200 {
        let round = [&one, &two].into_iter().cycle().take(20).map(async |back_end| back_end.get("/v1/ping").await);
        for answer in join_all(round).await {
            assert!(["3", "5"].contains(&answer.header("ratelimit-limit")));
            asked += 1;
            if answer.status == 429 {
                assert_eq!((answer.code(), answer.header("retry-after")), ("rate_limited", "1"));
                refused += 1;
            }
        }
    }
    assert!(refused >= 1, "so many requests at once");
    // Another app has its own.
    let other = people.im.create_app("Other").await.unwrap().key;
    BackEnd::of(&server, &people.im, &other).await.get("/v1/ping").await.ok();
}

#[tokio::test]
async fn b8_no_page_of_another_origin_may_ask() {
    let (_server, _people, back_end) = house().await;
    let asked = back_end.request("GET", "/v1/ping").header("origin", "https://evil.example").send().await.unwrap();
    assert!(asked.headers().get("access-control-allow-origin").is_none());
    let preflight = back_end
        .bare("OPTIONS", "/v1/keys")
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "POST");
    assert_eq!(Answer::of(preflight.send().await.unwrap()).await.status, 405);
}

#[tokio::test]
async fn a6_nothing_is_set_that_may_not_be_set() {
    let (_server, people, back_end) = house().await;
    let refused = [
        ("/v1/keys", json!({ "name": "a", "scopes": ["read"], "app": "other" })),
        ("/v1/keys", json!({ "name": "a", "scopes": ["read"], "id": "abcd" })),
        ("/v1/keys", json!({ "name": "a", "scopes": ["root"] })),
        ("/v1/sites", json!({ "name": "a", "origins": ["https://a.example"], "key": "abcd" })),
        (
            "/v1/agents",
            json!({ "email": "a@a.example", "name": "a", "password": "a lamp on the table", "role": "admin" }),
        ),
    ];
    for (path, body) in refused {
        assert_eq!(back_end.post(path, &body).await.code(), "bad_request", "{body}");
    }
    let message = json!({ "agent": "a", "type": "RC:TxtMsg", "content": {}, "at": 1, "from": people.site.key });
    let address = "/v1/conversations/c00000000000000000000000000/messages";
    assert_eq!(back_end.post(address, &message).await.code(), "bad_request");
}
