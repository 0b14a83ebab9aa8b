//! Word list, search, statistics and the export of an hour, by a back end.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use parlor::{
    app::open_beside,
    model::{
        Content, Kind, Millis, Source,
        calendar::{Day, Hour},
        content::Mentions,
    },
    store::{Demand, NewMessage},
};
use serde_json::{Value, json};

use super::house;
use crate::client::Client;

fn to(user: &str) -> Value {
    json!({ "user": user })
}

#[tokio::test]
async fn words_work_from_the_next_message_on() {
    let (_server, people, back_end) = house().await;
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    alice.sends(to("bob"), "1", "damn it").await.unwrap();
    let words = json!({ "words": [{ "word": "damn" }, { "word": "heck", "replacement": "h**k" }] });
    assert_eq!(back_end.post("/v1/moderation/words", &words).await.ok()["items"][1]["replacement"], "h**k");
    let refused = alice.sends(to("bob"), "2", "DAMN it").await.unwrap_err();
    assert_eq!((&refused["code"], &refused["temporary"]), (&json!("refused_words"), &json!(false)));
    let sent = alice.sends(to("bob"), "3", "oh heck").await.unwrap();
    assert_eq!(sent["replaced"], true);
    bob.sees("oh h**k").await;
    assert_eq!(alice.sees("oh h**k").await["client_id"], "3", "who wrote it hears what was made of it");
    let removed = back_end.delete("/v1/moderation/words?word=Damn").await.ok();
    assert_eq!(removed["removed"], true);
    alice.sends(to("bob"), "4", "damn it").await.unwrap();
    let list = back_end.get("/v1/moderation/words").await.ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_app_and_its_users_are_searched() {
    let (_server, people, back_end) = house().await;
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    for number in 0..5 {
        alice.sends(to("bob"), &format!("a{number}"), &format!("Lampe {number} 订单")).await.unwrap();
    }
    let page = back_end.get("/v1/search?query=LAMP&limit=3").await.ok();
    assert_eq!((page["items"].as_array().unwrap().len(), &page["partial"]), (3, &json!(false)));
    assert_eq!((&page["items"][0]["text"], &page["items"][0]["marks"]), (&json!("Lampe 4 订单"), &json!([[0, 4]])));
    let next = page["next"].as_str().unwrap();
    let rest = back_end.get(&format!("/v1/search?query=LAMP&limit=3&cursor={next}")).await.ok();
    assert_eq!(rest["items"].as_array().unwrap().len(), 2);
    for (address, hits) in [
        ("/v1/search?query=%E8%AE%A2%E5%8D%95&user=bob", 5),
        ("/v1/search?query=lampe&user=nobody", 0),
        ("/v1/search?query=lampe&from=bob", 0),
        ("/v1/search?query=lampe&kind=group", 0),
        ("/v1/search?query=lampe&type=RC:FileMsg", 0),
        ("/v1/search?query=%22%20OR%201", 0),
        ("/v1/search?query=*", 0),
        ("/v1/search?query=%25", 0),
    ] {
        assert_eq!(back_end.get(address).await.ok()["items"].as_array().unwrap().len(), hits, "{address}");
    }
    let long = format!("/v1/search?query={}", "a".repeat(5000));
    for address in ["/v1/search?query=", "/v1/search?query=%00", "/v1/search?query=a&limit=51", &long] {
        assert_eq!(back_end.get(address).await.code(), "bad_request", "{address}");
    }
    let found = bob.ask("search", json!({ "query": "lampe 3" })).await.unwrap();
    assert_eq!(found["hits"][0]["message"]["content"]["content"], "Lampe 3 订单");
    let mut stranger: Client = people.user("mallory").await;
    let conversation = found["hits"][0]["message"]["conversation"].clone();
    assert!(stranger.ask("search", json!({ "query": "lampe" })).await.unwrap()["hits"].as_array().unwrap().is_empty());
    let peek = stranger.ask("search", json!({ "query": "lampe", "conversation": conversation })).await.unwrap_err();
    assert_eq!(peek["code"], "not_found");
    for query in ["a".repeat(10_000), "\u{0}".to_owned(), "(a+)+$".repeat(60), " ".to_owned()] {
        let refused = stranger.ask("search", json!({ "query": query })).await.unwrap_err();
        assert_eq!(refused["code"], "bad_request");
    }
}

#[tokio::test]
async fn req_3_3_one_hour_of_history_can_be_had_as_a_file() {
    let (server, people, back_end) = house().await;
    let store = open_beside(server.config()).await.unwrap();
    for id in ["alice", "bob"] {
        people.user_hello(id).await;
    }
    let app = &back_end.app;
    let (noon, user) = (Hour::of(Millis::new(1_790_000_000_000)).from(), |id: &str| id.parse().unwrap());
    let id = parlor::model::ConversationId::from_u128(77);
    let made = store.pair_conversation(app, Kind::Private, &user("alice"), &user("bob"), id, noon).await.unwrap();
    let from = store.user(app, &user("alice")).await.unwrap().unwrap();
    for minute in [-1, 0, 30, 59, 60] {
        let new = NewMessage {
            conversation: made.id,
            from: from.clone(),
            client_id: None,
            content: Content::text(&format!("minute {minute}")),
            counted: true,
            mentions: Mentions::Nobody,
            only: Vec::new(),
            at: noon.plus_secs(minute * 60),
            demand: Demand::Inside,
            source: Source::Client,
            original: None,
        };
        store.append(app, new).await.unwrap();
    }
    let hour = Hour::of(noon);
    let answer = back_end.request("GET", &format!("/v1/exports/{hour}")).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"application/gzip".parse().unwrap())
    );
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains(&format!("{hour}.jsonl.gz")));
    let (mut text, packed) = (String::new(), answer.bytes().await.unwrap());
    MultiGzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let words: Vec<_> = lines.iter().map(|line| line["content"]["content"].as_str().unwrap()).collect();
    assert_eq!(words, ["minute 0", "minute 30", "minute 59"]);
    assert_eq!(
        (&lines[0]["from"], &lines[0]["to"], &lines[0]["kind"]),
        (&json!("alice"), &json!("bob"), &json!("private"))
    );
    let future = Hour::of(people.im.now());
    assert_eq!(back_end.get(&format!("/v1/exports/{future}")).await.code(), "bad_request", "it is not over");
    assert_eq!(back_end.get("/v1/exports/2026").await.code(), "bad_request");
    store.close().await;
}

#[tokio::test]
async fn a_day_is_counted() {
    let (_server, people, back_end) = house().await;
    let (mut alice, _bob) = (people.user("alice").await, people.user("bob").await);
    alice.sends(to("bob"), "1", "hello").await.unwrap();
    let (mut anna, mut visitor) = (people.agent("Anna").await, people.visitor().await);
    let conversation = visitor.says("Hello?").await["conversation"].clone();
    anna.ask("accept", json!({ "conversation": conversation })).await.unwrap();
    anna.writes(&conversation, "Hi!").await;
    anna.ask("end", json!({ "conversation": conversation })).await.unwrap();
    let today = Day::of(people.im.now());
    let address = format!("/v1/statistics?from={today}&to={today}");
    let begun = std::time::Instant::now();
    let day = loop {
        let day = back_end.get(&address).await.ok()["items"][0].clone();
        if day["messages"]["private"] == 1 && day["answered"] == 1 || begun.elapsed().as_secs() > 20 {
            break day;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(
        (&day["messages"]["private"], &day["opened"], &day["ended"]),
        (&json!(1), &json!(1), &json!(1)),
        "{day}"
    );
    assert_eq!((&day["new_users"], &day["new_visitors"], &day["answered"]), (&json!(2), &json!(1), &json!(1)), "{day}");
    assert!(
        day["median_answer_ms"].as_u64().is_some_and(|waited| waited < 60_000) && day["active"].as_u64() >= Some(3)
    );
    assert_eq!(back_end.get("/v1/statistics").await.ok()["items"].as_array().unwrap().len(), 7);
    let odd = back_end.get("/v1/statistics?from=2026-01-01&to=2026-12-31").await;
    assert_eq!(odd.code(), "bad_request");
}
