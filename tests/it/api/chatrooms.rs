//! Chatrooms by REST.

use serde_json::json;

use super::house;

#[tokio::test]
async fn a_back_end_makes_a_room_speaks_in_it_looks_around_and_ends_it() {
    let (_server, people, back_end) = house().await;
    let mut alice = people.user("alice").await;
    let made = back_end.put("/v1/chatrooms/lobby", &json!({ "name": "The lobby", "idle_secs": 600 })).await.ok();
    let joined = alice.ask("chatroom_join", json!({ "chatroom": "lobby" })).await.unwrap();
    assert_eq!((&joined["name"], &joined["id"]), (&json!("The lobby"), &made["id"]));
    let content = json!({ "content": "Welcome." });
    let message = json!({ "from": "alice", "chatrooms": ["lobby", "none"], "type": "RC:TxtMsg", "content": content });
    let said = back_end.post("/v1/chatroom-messages", &message).await.ok();
    assert_eq!((&said["count"], &said["chatrooms"][1]["error"]), (&json!(1), &json!("no_chatroom")));
    assert_eq!(alice.sees("Welcome.").await["uid"], said["chatrooms"][0]["uid"]);
    let info = back_end.get("/v1/chatrooms/lobby?members=10&order=oldest").await.ok();
    assert_eq!((&info["count"], &info["members"][0]["id"]), (&json!(1), &json!("alice")));
    let inside = back_end.post("/v1/chatrooms/lobby/inside", &json!({ "users": ["alice", "bob"] })).await.ok();
    assert_eq!((&inside["users"][0]["inside"], &inside["users"][1]["inside"]), (&json!(true), &json!(false)));
    assert_eq!(back_end.get("/v1/chatrooms").await.ok()["items"][0]["handle"], "lobby");
    back_end.delete("/v1/chatrooms/lobby").await.ok();
    assert_eq!(alice.push("chatroom").await["state"], "ended");
    assert_eq!(back_end.get("/v1/chatrooms/lobby").await.code(), "no_chatroom");
    assert_eq!(back_end.delete("/v1/chatrooms/lobby").await.code(), "no_chatroom");
    let both = json!({ "idle_secs": 600, "ends_at": 1 });
    assert_eq!(back_end.put("/v1/chatrooms/lobby", &both).await.code(), "bad_request");
}

#[tokio::test]
async fn a_back_end_decides_who_writes_and_comes_in() {
    let (_server, people, back_end) = house().await;
    let mut bob = people.user("bob").await;
    bob.ask("chatroom_join", json!({ "chatroom": "lobby" })).await.unwrap();
    let gag = json!({ "chatroom": "lobby", "right": "gagged", "users": ["bob"], "minutes": 5 });
    back_end.post("/v1/chatroom-rights", &gag).await.ok();
    let refused = bob.sends(json!({ "chatroom": "lobby" }), "b1", "hm").await.unwrap_err();
    assert_eq!(refused["code"], "silenced");
    let gagged = back_end.get("/v1/chatroom-rights?chatroom=lobby&right=gagged").await.ok();
    assert_eq!(gagged["items"][0]["user"], "bob");
    let free = json!({ "chatroom": "lobby", "right": "gagged", "users": ["bob"] });
    back_end.post("/v1/chatroom-rights/remove", &free).await.ok();
    bob.sends(json!({ "chatroom": "lobby" }), "b2", "free").await.unwrap();
    let block = json!({ "chatroom": "lobby", "right": "blocked", "users": ["bob"], "minutes": 5 });
    back_end.post("/v1/chatroom-rights", &block).await.ok();
    assert_eq!(bob.push("chatroom").await["state"], "out");
    let refused = bob.ask("chatroom_join", json!({ "chatroom": "lobby" })).await.unwrap_err();
    assert_eq!(refused["code"], "banned");
}

#[tokio::test]
async fn rules_types_and_attributes_are_set_and_read_back() {
    let (_server, people, back_end) = house().await;
    let mut alice = people.user("alice").await;
    alice.ask("chatroom_join", json!({ "chatroom": "lobby" })).await.unwrap();
    let rule = json!({ "rule": "kept_alive", "chatrooms": ["lobby"], "on": true });
    back_end.post("/v1/chatroom-rules", &rule).await.ok();
    assert_eq!(back_end.get("/v1/chatroom-rules?rule=kept_alive").await.ok()["items"], json!(["lobby"]));
    let types = json!({ "priority": "low", "types": ["app:like"], "on": true });
    back_end.post("/v1/chatroom-types", &types).await.ok();
    assert_eq!(back_end.get("/v1/chatroom-types?priority=low").await.ok()["items"], json!(["app:like"]));
    let set = json!({ "by": "alice", "attributes": { "seat": "3" } });
    assert_eq!(back_end.post("/v1/chatrooms/lobby/attributes", &set).await.ok()["version"], 1);
    assert_eq!(alice.push("attributes").await["set"][0]["value"], "3");
    let found = back_end.get("/v1/chatrooms/lobby/attributes").await.ok();
    assert_eq!((&found["list"][0]["key"], &found["list"][0]["by"]), (&json!("seat"), &json!("alice")));
    let keys = json!({ "by": "alice", "keys": ["seat"] });
    assert_eq!(back_end.post("/v1/chatrooms/lobby/attributes/remove", &keys).await.ok()["version"], 2);
    let again = back_end.post("/v1/chatrooms/lobby/attributes/remove", &keys).await;
    assert_eq!((again.status, again.code()), (404, "no_attribute"));
}
