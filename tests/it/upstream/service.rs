//! A customer service answers, not a single user.

use std::sync::Arc;

use parlor::{
    app::domain_beside,
    config::Config,
    im::accounts::NewAgent,
    model::{
        Upstream,
        site::{Look, Origin},
        upstream::Peer,
    },
    store::{
        Store,
        sqlite::{SqliteOptions, SqliteStore},
    },
};
use serde_json::json;

use super::stage::{Service, Stage, history};
use crate::client::Client;

/// A service with a site and an agent; what the agent says as hello.
async fn with_agent() -> (Service, Upstream, serde_json::Value) {
    let mut service = Service::prepare();
    let options = SqliteOptions { reserve_bytes: Some(0), ..SqliteOptions::default() };
    let store = Arc::new(SqliteStore::open(&service.process.data(), options).unwrap());
    let mut config = Config::default();
    config.data.dir = service.process.data();
    let im = domain_beside(&config, store.clone()).await.unwrap();
    let app: parlor::model::AppKey = service.app.parse().unwrap();
    let origin = Origin::parse("https://help.example").unwrap();
    let site = im.create_site(&app, "Help", vec![origin], Look::default()).await.unwrap();
    let password = "a long and winding road".to_owned();
    let email = "ada@help.example".to_owned();
    let new = NewAgent { app: Some(app), email: email.clone(), name: "Ada".to_owned(), password: password.clone() };
    im.create_agent(new).await.unwrap();
    let (_, token) = im.sign_in(&email, password, "test").await.unwrap();
    drop(im);
    store.close().await;
    drop(store);
    service.process.start().await;
    let upstream = Upstream { peer: Peer::Service(site.key.to_string()), ..service.as_upstream() };
    (service, upstream, json!({ "v": 1, "as": "agent", "token": token.reveal() }))
}

#[tokio::test]
async fn a_visitor_is_served_by_a_desk_elsewhere_until_it_ends() {
    let (service, upstream, hello) = with_agent().await;
    let secret = service.secret.clone();
    let stage = Stage::with_upstream(service, upstream, &secret).await;
    let (mut agent, _) = Client::connect(stage.service.address, hello).await;
    let (mut visitor, id, _) = stage.visitor().await;
    let greeting = json!({ "userInfo": { "name": "Vera" }, "requestInfo": { "page": "https://shop.example/cart" } });
    let handshake = json!({ "client_id": "h1", "type": "RC:CsHs", "desk": true, "content": greeting });
    let here = visitor.ask("send", handshake).await.unwrap()["conversation"].clone();
    let answer = visitor.push_where("message", |message| message["type"] == "RC:CsHsR").await;
    assert_eq!((&answer["conversation"], &answer["content"]["data"]["sid"]), (&here, &here), "our names, not theirs");
    let sent = visitor.says("it does not fit").await;
    let there = agent.sees("it does not fit").await["conversation"].clone();
    agent.ask("accept", json!({ "conversation": there })).await.unwrap();
    agent.writes(&there, "which size?").await;
    let seen = visitor.sees("which size?").await;
    assert_eq!((&seen["conversation"], &sent["conversation"]), (&here, &here));
    assert_ne!(seen["from"]["id"], json!(id));
    agent.ask("end", json!({ "conversation": there })).await.unwrap();
    let ended = visitor.sees_stage("ended").await;
    assert_eq!((&ended["id"], &ended["service"]["stage"]["by"]), (&here, &json!("agent_closed")));
    let texts: Vec<String> = history(&mut visitor, &here).await.into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts, ["it does not fit", "which size?"]);
    let next = visitor.says("and now?").await;
    assert_ne!(next["conversation"], here, "a new one begins");
    agent.sees("and now?").await;
}
