//! Robots speak by REST, and conversations are found under the names that a back end knows.

use serde_json::json;

use super::house;
use crate::harness::BackEnd;

#[tokio::test]
async fn a_robot_answers_at_the_desk_and_writes_like_anybody() {
    let (_server, people, back_end) = house().await;
    let made = back_end.put("/v1/robots/helper", &json!({ "name": "Helper" })).await.ok();
    assert_eq!((&made["role"], &made["name"]), (&json!("robot"), &json!("Helper")));
    assert_eq!(back_end.put("/v1/robots/helper", &json!({ "name": "Halden helper" })).await.ok()["id"], "helper");
    let (mut vera, mut bob) = (people.visitor().await, people.user("bob").await);
    let mut anna = people.agent("Anna").await;
    let id = vera.says("Where is my lamp?").await["conversation"].clone();
    let address = format!("/v1/conversations/{}/messages", id.as_str().unwrap());
    let says = |text: &str| json!({ "robot": "helper", "type": "RC:TxtMsg", "content": { "content": text } });
    back_end.post(&address, &says("I am looking.")).await.ok();
    let heard = vera.sees("I am looking.").await;
    assert_eq!((&heard["from"]["role"], &heard["from"]["name"]), (&json!("robot"), &json!("Halden helper")));
    anna.sees("I am looking.").await;
    anna.ask("accept", json!({ "conversation": id })).await.unwrap();
    back_end.post(&address, &says("I leave you to Anna.")).await.ok();
    vera.sees("I leave you to Anna.").await;
    anna.ask("end", json!({ "conversation": id })).await.unwrap();
    assert_eq!(back_end.post(&address, &says("Still there?")).await.code(), "conversation_closed");
    // In private and in groups it sends like everybody else.
    let private = json!({ "from": "helper", "users": ["bob"], "type": "RC:TxtMsg", "content": { "content": "Hi!" } });
    back_end.post("/v1/messages", &private).await.ok();
    assert_eq!(bob.sees("Hi!").await["from"]["role"], "robot");
    back_end.post("/v1/groups", &json!({ "id": "team", "name": "Team", "users": ["bob"] })).await.ok();
    let group = json!({ "from": "helper", "groups": [{ "id": "team" }], "type": "RC:TxtMsg",
        "content": { "content": "Hi team!" } });
    back_end.post("/v1/messages", &group).await.ok();
    bob.sees("Hi team!").await;
    for (body, code) in [
        (json!({ "robot": "bob", "type": "RC:TxtMsg", "content": { "content": "x" } }), "not_found"),
        (json!({ "robot": "helper", "agent": "x", "type": "RC:TxtMsg", "content": { "content": "x" } }), "bad_request"),
        (json!({ "robot": "helper", "type": "RC:RcCmd", "content": {} }), "bad_request"),
    ] {
        assert_eq!(back_end.post(&address, &body).await.code(), code, "{body}");
    }
    assert_eq!(back_end.put("/v1/robots/bob", &json!({ "name": "Bob" })).await.code(), "already_exists");
    assert_eq!(back_end.put("/v1/users/helper", &json!({})).await.code(), "already_exists");
}

#[tokio::test]
async fn names_lead_to_the_messages_of_the_own_app() {
    let (server, people, back_end) = house().await;
    let (mut alice, _bob) = (people.user("alice").await, people.user("bob").await);
    for number in 1..=3 {
        alice.sends(json!({ "user": "bob" }), &format!("a{number}"), &format!("private {number}")).await.unwrap();
    }
    back_end.post("/v1/groups", &json!({ "id": "team", "name": "Team", "users": ["alice"] })).await.ok();
    let group = json!({ "from": "alice", "groups": [{ "id": "team" }], "type": "RC:TxtMsg",
        "content": { "content": "in the group" } });
    back_end.post("/v1/messages", &group).await.ok();
    let system = json!({ "system": ["alice"], "type": "RC:TxtMsg", "content": { "content": "from the house" } });
    back_end.post("/v1/messages", &system).await.ok();
    let words = async |query: &str| {
        let page = back_end.get(&format!("/v1/messages?{query}")).await.ok();
        let items = page["items"].as_array().unwrap();
        let words: Vec<String> =
            items.iter().map(|it| it["content"]["content"].as_str().unwrap_or("-").to_owned()).collect();
        (words, page["next"].as_str().map(str::to_owned))
    };
    let (first, next) = words("kind=private&user=bob&target=alice&limit=2").await;
    assert_eq!(first, ["private 3", "private 2"]);
    let (rest, next) = words(&format!("kind=private&user=bob&target=alice&limit=2&cursor={}", next.unwrap())).await;
    assert_eq!((rest, next), (vec!["private 1".to_owned()], None));
    assert_eq!(words("kind=private&user=alice&target=bob&order=oldest").await.0[0], "private 1");
    assert!(words("kind=group&target=team").await.0.contains(&"in the group".to_owned()));
    assert_eq!(words("kind=system&user=alice&target=system").await.0, ["from the house"]);
    for (query, code) in [
        ("kind=private&user=alice&target=nobody", "not_found"),
        ("kind=private&target=bob", "bad_request"),
        ("kind=group&user=alice&target=team", "bad_request"),
        ("kind=group&target=other", "not_found"),
        ("kind=discussion&target=team", "not_found"),
        ("kind=service&user=alice&target=x", "bad_request"),
        ("kind=nothing&target=x", "bad_request"),
        ("kind=group", "bad_request"),
    ] {
        assert_eq!(back_end.get(&format!("/v1/messages?{query}")).await.code(), code, "{query}");
    }
    let other = people.im.create_app("Other").await.unwrap().key;
    let other = BackEnd::of(&server, &people.im, &other).await;
    for query in ["kind=private&user=alice&target=bob", "kind=group&target=team"] {
        assert_eq!(other.get(&format!("/v1/messages?{query}")).await.code(), "not_found", "{query}");
    }
}
