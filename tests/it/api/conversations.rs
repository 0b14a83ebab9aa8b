//! The desk's conversations through the back ends' door.

use serde_json::{Value, json};

use super::house;

#[tokio::test]
async fn a_conversation_is_assigned_answered_and_ended() {
    let (_server, people, back_end) = house().await;
    let mut vera = people.visitor().await;
    let sent = vera.says("Hello").await;
    let id = sent["conversation"].as_str().unwrap().to_owned();
    let new = json!({ "email": "ada@lumen.example", "name": "Ada", "password": "a lamp on the table" });
    let ada = back_end.post("/v1/agents", &new).await.ok()["id"].as_str().unwrap().to_owned();
    let waiting = back_end.get("/v1/conversations?view=waiting").await.ok();
    assert_eq!((&waiting["items"][0]["id"], &waiting["items"][0]["service"]["stage"]), (&json!(id), &json!("offline")));

    let words = json!({ "agent": ada, "type": "RC:TxtMsg", "content": { "content": "It is on its way." } });
    let messages = format!("/v1/conversations/{id}/messages");
    assert_eq!(back_end.post(&messages, &words).await.code(), "forbidden");
    let assigned = back_end.post(&format!("/v1/conversations/{id}/assign"), &json!({ "agent": ada })).await.ok();
    assert_eq!((&assigned["service"]["stage"], &assigned["service"]["agent"]), (&json!("human"), &json!(ada)));
    back_end.post(&messages, &words).await.ok();
    assert_eq!(vera.sees("It is on its way.").await["from"]["name"], "Ada");
    assert_eq!(back_end.get(&format!("/v1/conversations?agent={ada}")).await.ok()["items"][0]["id"], json!(id));

    let note = json!({ "type": "RC:InfoNtf", "content": { "message": "Your parcel left Hamburg." } });
    back_end.post(&messages, &note).await.ok();
    let noted = vera.push_where("message", |it| it["content"]["message"] == "Your parcel left Hamburg.").await;
    assert_eq!(noted["from"]["role"], "system");
    let lie = json!({ "type": "RC:TxtMsg", "content": { "content": "I am the house" } });
    assert_eq!(back_end.post(&messages, &lie).await.code(), "bad_request");

    let ended = back_end.request("POST", &format!("/v1/conversations/{id}/end")).send().await.unwrap();
    let ended = crate::harness::Answer::of(ended).await.ok();
    assert_eq!((&ended["service"]["stage"], &ended["service"]["ended_by"]), (&json!("ended"), &json!("agent_closed")));
    assert_eq!(back_end.post(&messages, &words).await.code(), "conversation_closed");
    assert_eq!(back_end.get("/v1/conversations?view=ended").await.ok()["items"][0]["id"], json!(id));
}

#[tokio::test]
async fn messages_are_read_in_both_directions_page_by_page() {
    let (_server, people, back_end) = house().await;
    let mut vera = people.visitor().await;
    let mut id = String::new();
    for number in 1..=5 {
        id = vera.says(&format!("{number}")).await["conversation"].as_str().unwrap().to_owned();
    }
    for (order, expected) in [("newest", [5, 4, 3, 2, 1]), ("oldest", [1, 2, 3, 4, 5])] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = format!("/v1/conversations/{id}/messages?order={order}&limit=2{cursor}");
            let page = back_end.get(&page).await.ok();
            seen.extend(page["items"].as_array().unwrap().iter().map(|it| it["seq"].as_u64().unwrap()));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, expected, "{order}");
    }
    let people = back_end.get(&format!("/v1/conversations/{id}/people")).await.ok();
    let vera: Vec<&Value> = people["items"].as_array().unwrap().iter().filter(|it| it["role"] == "visitor").collect();
    assert_eq!(vera[0]["online"], true);
    let list = back_end.get(&format!("/v1/users/{}/conversations", vera[0]["id"].as_str().unwrap())).await.ok();
    assert_eq!(list["items"][0]["id"], json!(id));
}

#[tokio::test]
async fn odd_questions_are_refused() {
    let (_server, _people, back_end) = house().await;
    let refused = [
        "/v1/conversations?limit=0",
        "/v1/conversations?limit=101",
        "/v1/conversations?limit=-1",
        "/v1/conversations?view=mine",
        "/v1/conversations?view=all&agent=a",
        "/v1/conversations?view=all&view=all",
        "/v1/conversations?cursor=x",
        "/v1/conversations/nonsense",
        "/v1/conversations/%00",
        "/v1/users/%FF/conversations",
    ];
    for address in refused {
        assert_eq!(back_end.get(address).await.code(), "bad_request", "{address}");
    }
    assert_eq!(back_end.get("/v1/users/a%2Fb/conversations").await.code(), "not_found");
}
