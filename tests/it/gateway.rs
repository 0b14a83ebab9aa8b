//! The loop of one connection: order, limits, timers, endings.

mod credentials;
mod line;
mod rooms;

use std::sync::atomic::Ordering;

use parlor::{
    config::Limits,
    gateway::{
        hello::{Opening, Origin},
        socket::Incoming,
    },
    model::error::CloseCode,
};
use serde_json::json;

use line::{House, soon};

#[tokio::test]
async fn sixteen_sends_at_once_keep_their_order_and_each_is_answered() {
    let house = House::with(Limits { visitor_send_burst: 100, ..Limits::default() }).await;
    let visitor = house.visitor().await;
    for id in 2..18 {
        visitor.writes(id, &format!("line {id}"));
    }
    let mut places = Vec::new();
    while places.len() < 16 {
        let answer = soon(visitor.hears_answer()).await;
        places.push((answer["ok"]["seq"].as_u64().unwrap(), answer["id"].as_u64().unwrap()));
    }
    places.sort_unstable();
    assert_eq!(places, (1..=16).map(|seq| (seq, seq + 1)).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_message_reaches_the_agent_though_its_sender_went_at_once() {
    let house = House::new().await;
    let (agent, visitor) = (house.agent("Anna").await, house.visitor().await);
    visitor.writes(2, "are you there?");
    visitor.gives(Incoming::Gone);
    soon(async { while agent.hears().await["body"]["content"]["content"] != "are you there?" {} }).await;
}

#[tokio::test]
async fn nothing_but_hello_is_taken_first_and_hello_only_once() {
    let house = House::new().await;
    let line = house.open();
    line.says(1, "ping", &json!({}));
    assert_eq!(soon(line.hears()).await["error"]["code"], "unauthorized");
    let token = house.visitor_token().await;
    line.says(2, "hello", &house.visitor_hello(&token));
    assert_eq!(soon(line.hears()).await["ok"]["me"]["role"], "visitor");
    line.says(3, "hello", &house.visitor_hello(&token));
    assert_eq!(soon(line.hears_answer()).await["error"]["code"], "bad_request");
}

#[tokio::test]
async fn e3_a_cookie_counts_on_our_own_pages_only() {
    let house = House::new().await;
    let token = house.visitor_token().await;
    let hello = json!({ "v": 1, "as": "visitor", "site": house.site.key });
    let foreign = Origin::Foreign("https://halden.example".to_owned());
    for (origin, outcome) in
        [(Origin::Own, None), (Origin::Unknown, Some("origin_refused")), (foreign, Some("origin_refused"))]
    {
        let line =
            house.open_from(Opening { origin, visitors: vec![(house.site.key.clone(), token.clone())], agent: None });
        line.says(1, "hello", &hello);
        assert_eq!(soon(line.hears()).await["error"]["code"].as_str(), outcome);
    }
}

#[tokio::test]
async fn e3_a_token_counts_from_listed_origins_only() {
    let house = House::new().await;
    let hello = house.visitor_hello(&house.visitor_token().await);
    let foreign = |origin: &str| Origin::Foreign(origin.to_owned());
    for (origin, close) in [
        (Origin::Unknown, None),
        (foreign("https://halden.example"), None),
        (foreign("https://halden.example.evil"), Some(CloseCode::Forbidden)),
    ] {
        let line = house.open_from(Opening { origin, visitors: Vec::new(), agent: None });
        line.says(1, "hello", &hello);
        match close {
            None => assert!(soon(line.hears()).await["ok"].is_object()),
            Some(code) => assert_eq!(soon(line.closed()).await, code),
        }
    }
}

#[tokio::test]
async fn wrong_credentials_are_answered_and_closed_with_4401() {
    let house = House::new().await;
    let token = house.visitor_token().await;
    for hello in [
        json!({ "v": 1, "as": "agent" }),
        json!({ "v": 1, "as": "agent", "token": token.reveal() }),
        json!({ "v": 1, "as": "user", "token": "x" }),
        json!({ "v": 1, "as": "visitor", "site": "othersite", "token": token.reveal() }),
    ] {
        let line = house.open();
        line.says(1, "hello", &hello);
        assert_eq!(soon(line.hears()).await["error"]["code"], "unauthorized", "{hello}");
        assert_eq!(soon(line.closed()).await, CloseCode::Token);
    }
}

#[tokio::test]
async fn another_version_is_refused() {
    let house = House::new().await;
    let line = house.open();
    line.says(1, "hello", &json!({ "v": 2, "as": "agent" }));
    assert_eq!(soon(line.hears()).await["error"]["code"], "unsupported_version");
    assert_eq!(soon(line.closed()).await, CloseCode::Policy);
}

#[tokio::test]
async fn w5_five_bad_frames_are_answered_and_end_the_connection() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    visitor.says(2, "dance", &json!({}));
    assert_eq!(soon(visitor.hears_answer()).await["error"]["code"], "unknown_command");
    for _ in 0..5 {
        visitor.sends("{");
        assert!(soon(visitor.hears_answer()).await["id"].is_null());
    }
    assert_eq!(soon(visitor.closed()).await, CloseCode::Policy);
}

#[tokio::test]
async fn sends_beyond_the_rate_are_refused_with_a_time_and_then_closed() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    for id in 2..102 {
        visitor.writes(id, "spam");
    }
    let mut refused = soon(visitor.hears_answer()).await;
    while refused["error"].is_null() {
        refused = soon(visitor.hears_answer()).await;
    }
    assert_eq!((&refused["error"]["code"], &refused["error"]["retry_after"]), (&json!("rate_limited"), &json!(1)));
    assert_eq!(soon(visitor.closed()).await, CloseCode::RateLimited);
}

#[tokio::test]
async fn d1_an_unknown_outcome_is_not_answered_the_client_must_come_again() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    house.store.close().await;
    visitor.writes(2, "lost?");
    assert_eq!(soon(visitor.closed()).await, CloseCode::Overload);
    visitor.gives(Incoming::Gone);
    soon(visitor.over()).await;
}

#[tokio::test]
async fn who_signs_out_is_closed_on_every_connection() {
    let house = House::new().await;
    let token = house.visitor_token().await;
    let lines = [house.open(), house.open()];
    for line in &lines {
        line.says(1, "hello", &house.visitor_hello(&token));
        soon(line.hears()).await;
    }
    let signed_in = house.im.authenticate(&token).await.unwrap().unwrap();
    house.im.sign_out(&signed_in).await.unwrap();
    for line in &lines {
        assert_eq!(soon(line.closed()).await, CloseCode::Token);
    }
}

#[tokio::test]
async fn the_eleventh_connection_of_a_person_closes_the_first() {
    let house = House::new().await;
    let token = house.visitor_token().await;
    let mut lines = Vec::new();
    for _ in 0..11 {
        let line = house.open();
        line.says(1, "hello", &house.visitor_hello(&token));
        soon(line.hears()).await;
        lines.push(line);
    }
    assert_eq!(soon(lines[0].closed()).await, CloseCode::Replaced);
}

#[tokio::test]
async fn a_drain_answers_what_is_under_way_and_tells_everybody_to_come_back() {
    let house = House::new().await;
    let (visitor, silent) = (house.visitor().await, house.open());
    visitor.writes(2, "just in time");
    // The frame must have been read before the order to close.
    tokio::task::yield_now().await;
    let drain = house.gateway.drain(std::time::Duration::from_secs(10));
    let clients = async {
        assert_eq!(visitor.hears_answer().await["ok"]["seq"], 1);
        assert_eq!(visitor.closed().await, CloseCode::Restart);
        assert_eq!(silent.closed().await, CloseCode::Restart);
    };
    soon(async { tokio::join!(drain, clients) }).await;
    let network = parlor::config::Network::of_client([127, 0, 0, 1].into());
    assert!(house.gateway.admit(network).is_err());
}

#[tokio::test]
async fn w3_a_client_that_does_not_read_is_closed_as_slow_and_nobody_waits_for_it() {
    let limits =
        Limits { agent_send_burst: 1000, visitor_send_burst: 1000, app_sends_per_sec: 1000, ..Limits::default() };
    let house = House::with(limits).await;
    let (agent, visitor) = (house.agent("Anna").await, house.visitor().await);
    agent.stuck.store(true, Ordering::SeqCst);
    for id in 2..302 {
        visitor.writes(id, "line");
        soon(visitor.hears_answer()).await;
    }
    agent.stuck.store(false, Ordering::SeqCst);
    agent.gives(Incoming::Sign);
    assert_eq!(soon(agent.closed()).await, CloseCode::Slow);
}

#[tokio::test(start_paused = true)]
async fn w1_hello_must_come_within_ten_seconds() {
    let house = House::new().await;
    let began = tokio::time::Instant::now();
    let line = house.open();
    assert_eq!(line.closed().await, CloseCode::Timeout);
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn a_silent_client_is_asked_for_a_sign_and_closed_after_a_minute() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    assert_eq!(visitor.closed().await, CloseCode::Timeout);
    // Counted from the visitor's last sign, which a busy machine may have seen some seconds before the clock stood still.
    assert!((50..=60).contains(&began.elapsed().as_secs()) && visitor.pings() == 2);
}

#[tokio::test]
async fn w2_a_message_that_begins_must_end_within_fifteen_seconds() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    visitor.begins_message();
    assert_eq!(visitor.closed().await, CloseCode::Timeout);
    assert_eq!(began.elapsed().as_secs(), 15);
}

#[tokio::test]
async fn w3_a_write_that_takes_twenty_seconds_ends_the_connection() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    visitor.stuck.store(true, Ordering::SeqCst);
    visitor.says(2, "ping", &json!({}));
    tokio::task::yield_now().await;
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    visitor.over().await;
    // Twenty seconds, and five for a farewell that does not get through.
    assert!((24..=25).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn v2_a_token_that_ended_elsewhere_is_noticed_within_the_hour() {
    let house = House::new().await;
    let token = house.visitor_token().await;
    let line = house.open();
    line.says(1, "hello", &house.visitor_hello(&token));
    soon(line.hears()).await;
    house.store.end_login(token.hash()).await.unwrap();
    tokio::time::pause();
    let signs = async {
        loop {
            tokio::time::sleep(std::time::Duration::from_secs(20)).await;
            line.gives(Incoming::Sign);
        }
    };
    tokio::select! {
        () = signs => unreachable!(),
        code = line.closed() => assert_eq!(code, CloseCode::Token),
    }
}
