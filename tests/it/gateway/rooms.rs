//! Who hears what is said in a chatroom.

use parlor::model::{Handle, UserId, chatroom::Right};
use serde_json::{Value, json};

use super::line::{House, Line, soon};

async fn joins(line: &Line, id: u64) -> Value {
    line.says(id, "chatroom_join", &json!({ "chatroom": "lobby" }));
    soon(line.hears_answer()).await
}

async fn tells(line: &Line, id: u64, text: &str) {
    let content = json!({ "content": text });
    let client_id = format!("k{id}");
    let send = json!({ "chatroom": "lobby", "client_id": client_id, "type": "RC:TxtMsg", "content": content });
    line.says(id, "send", &send);
    assert!(soon(line.hears_answer()).await["ok"]["seq"].is_number());
}

/// The next push of this name.
async fn push(line: &Line, name: &str) -> Value {
    soon(async {
        loop {
            let mut frame = line.hears().await;
            if frame["push"] == name {
                return frame["body"].take();
            }
        }
    })
    .await
}

#[tokio::test]
async fn who_is_put_out_hears_that_and_nothing_after_it() {
    let house = House::new().await;
    let token = house.visitor_token().await;
    let vera = house.open();
    vera.says(1, "hello", &house.visitor_hello(&token));
    let id: UserId = serde_json::from_value(soon(vera.hears()).await["ok"]["me"]["id"].take()).unwrap();
    let other = house.visitor().await;
    joins(&vera, 2).await;
    joins(&other, 2).await;
    tells(&other, 3, "one").await;
    assert_eq!(push(&vera, "message").await["content"]["content"], "one");
    let (back_end, lobby) = (house.im.backend(&house.site.app), "lobby".parse::<Handle>().unwrap());
    back_end.give_chatroom_right(Some(&lobby), Right::Blocked, &[id], Some(5)).await.unwrap();
    assert_eq!(push(&vera, "chatroom").await["state"], "out");
    tells(&other, 4, "two").await;
    vera.says(9, "ping", &json!({}));
    assert_eq!(soon(vera.hears()).await["id"], 9, "nothing came before the answer");
    let refused = joins(&vera, 10).await;
    assert_eq!(refused["error"]["code"], "banned");
    tells(&other, 5, "three").await;
    vera.says(11, "ping", &json!({}));
    assert_eq!(soon(vera.hears()).await["id"], 11, "a refused join opens no ear");
}

#[tokio::test]
async fn what_is_said_while_somebody_joins_reaches_them_once_at_least() {
    let house = House::new().await;
    let speaker = house.visitor().await;
    joins(&speaker, 2).await;
    for round in 0..10_u64 {
        let late = house.visitor().await;
        let text = format!("round {round}");
        late.says(2, "chatroom_join", &json!({ "chatroom": "lobby" }));
        tells(&speaker, 10 + round, &text).await;
        let heard = soon(async {
            loop {
                let frame = late.hears().await;
                let told = |message: &Value| message["content"]["content"] == text.as_str();
                let latest = frame["ok"]["messages"].as_array().is_some_and(|all| all.iter().any(told));
                if latest || told(&frame["body"]) {
                    return true;
                }
            }
        });
        assert!(heard.await);
    }
}
