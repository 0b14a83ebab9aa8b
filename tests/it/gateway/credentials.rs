//! Connections whose person, or whose right to be here, changed meanwhile.

use parlor::{
    auth::Token,
    model::{Features, error::CloseCode, restraint::Restraint},
};
use serde_json::{Value, json};

use super::line::{House, Line, soon};

fn user_hello(token: &Token) -> Value {
    json!({ "v": 1, "as": "user", "token": token.reveal() })
}

impl House {
    async fn user_token(&self, id: &str) -> Token {
        self.im.issue_user_token(&self.site.app, id.parse().unwrap(), id, None).await.unwrap()
    }

    async fn only_one_device(&self, only_one: bool) {
        let features = Features { multi_device: !only_one, ..Features::default() };
        self.im.backend(&self.site.app).set_features(features).await.unwrap();
    }
}

/// Whether a connection still answers.
async fn answers(line: &Line) -> bool {
    line.says(99, "ping", &json!({}));
    soon(line.hears_answer()).await["id"] == 99
}

#[tokio::test]
async fn without_several_devices_the_newest_connection_ends_the_older_one() {
    let house = House::new().await;
    let token = house.user_token("bob").await;
    let (one, two) = (house.seated(user_hello(&token)).await, house.seated(user_hello(&token)).await);
    assert!(answers(&one).await && answers(&two).await, "the switch is on");
    house.only_one_device(true).await;
    assert!(answers(&one).await, "the next connection is the first to feel it");
    let another = house.user_token("bob").await;
    let three = house.seated(user_hello(&another)).await;
    assert_eq!(soon(one.closed()).await, CloseCode::TakenOver);
    assert_eq!(soon(two.closed()).await, CloseCode::TakenOver);
    house.only_one_device(false).await;
    let four = house.seated(user_hello(&token)).await;
    assert!(answers(&three).await && answers(&four).await);
}

#[tokio::test]
async fn visitors_and_agents_keep_their_connections_whatever_the_switch_says() {
    let house = House::new().await;
    house.only_one_device(true).await;
    let token = house.visitor_token().await;
    let hello = || house.visitor_hello(&token);
    let (one, two) = (house.seated(hello()).await, house.seated(hello()).await);
    assert!(answers(&one).await && answers(&two).await);
    let agent = house.agent_hello("Anna").await;
    let (one, two) = (house.seated(agent.clone()).await, house.seated(agent).await);
    assert!(answers(&one).await && answers(&two).await);
}

#[tokio::test]
async fn only_connections_of_the_ended_login_close() {
    let house = House::new().await;
    let (first, second) = (house.user_token("bob").await, house.user_token("bob").await);
    let (one, two) = (house.seated(user_hello(&first)).await, house.seated(user_hello(&second)).await);
    assert!(house.im.backend(&house.site.app).revoke_token(&first).await.unwrap());
    assert_eq!(soon(one.closed()).await, CloseCode::Token);
    assert!(answers(&two).await);
    let (desk, home) = (house.agent_hello("Anna").await, house.sign_in("Anna").await);
    let signed_in = Token::presented(desk["token"].as_str().unwrap()).unwrap();
    let (desk, home) = (house.seated(desk).await, house.seated(home).await);
    let signed_in = house.im.authenticate(&signed_in).await.unwrap().unwrap();
    house.im.sign_out(&signed_in).await.unwrap();
    assert_eq!(soon(desk.closed()).await, CloseCode::Token);
    assert!(answers(&home).await);
}

#[tokio::test]
async fn a_block_closes_what_stands_and_refuses_what_comes() {
    let house = House::new().await;
    let token = house.user_token("bob").await;
    let (one, other) = (house.seated(user_hello(&token)).await, house.user_token("alice").await);
    let alice = house.seated(user_hello(&other)).await;
    let (backend, bob) = (house.im.backend(&house.site.app), "bob".parse().unwrap());
    backend.restrain(&bob, Restraint::Everything, Some(5)).await.unwrap();
    assert_eq!(soon(one.closed()).await, CloseCode::Forbidden);
    let refused = house.open();
    refused.says(1, "hello", &user_hello(&token));
    assert_eq!(soon(refused.hears()).await["error"]["code"], "user_blocked");
    assert_eq!(soon(refused.closed()).await, CloseCode::Forbidden);
    assert!(answers(&alice).await);
    backend.lift(&bob, Restraint::Everything).await.unwrap();
    assert!(answers(&house.seated(user_hello(&token)).await).await);
}
