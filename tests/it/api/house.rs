//! Sites and agents.

use serde_json::{Value, json};

use super::house;
use crate::client::Client;

#[tokio::test]
async fn a_site_is_made_changed_and_read() {
    let (server, _people, back_end) = house().await;
    let new = json!({ "name": "Lumen", "origins": ["https://lumen.example"], "look": { "colour": "#112233" } });
    let made = back_end.post("/v1/sites", &new).await;
    let address = made.header("location").to_owned();
    let made = made.ok();
    assert_eq!((&made["look"]["colour"], &made["look"]["language"]), (&json!("#112233"), &json!("en")));
    let line = made["line"].as_str().unwrap();
    assert!(line.contains(&server.url("/w/")) && line.contains(made["key"].as_str().unwrap()), "{line}");
    let changed = back_end.patch(&address, &json!({ "look": { "credit": false } })).await.ok();
    assert_eq!((&changed["look"]["credit"], &changed["look"]["colour"]), (&json!(false), &json!("#112233")));
    assert_eq!(back_end.get(&address).await.ok(), changed);
    assert_eq!(back_end.get("/v1/sites").await.ok()["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn b6_a_sites_look_is_checked() {
    let (_server, people, back_end) = house().await;
    let address = format!("/v1/sites/{}", people.site.key);
    let refused = [
        json!({ "look": { "colour": "red;}" } }),
        json!({ "look": { "language": "<b>" } }),
        json!({ "look": { "quick_questions": ["1", "2", "3", "4", "5", "6", "7"] } }),
        json!({ "look": { "quick_questions": ["\u{200b}"] } }),
        json!({ "origins": [] }),
        json!({ "origins": ["https://a.example; script-src *"] }),
        json!({ "name": " " }),
        json!({ "app": "other" }),
    ];
    for change in refused {
        assert_eq!(back_end.patch(&address, &change).await.code(), "bad_request", "{change}");
    }
}

#[tokio::test]
async fn o3_a_disabled_agent_is_out_and_stays_out() {
    let (server, people, back_end) = house().await;
    let new = json!({ "email": "Ada@Lumen.example", "name": "Ada", "password": "a lamp on the table" });
    let id = back_end.post("/v1/agents", &new).await.ok()["id"].as_str().unwrap().to_owned();
    assert_eq!(back_end.post("/v1/agents", &new).await.code(), "already_exists");
    let password = || "a lamp on the table".to_owned();
    let (_, token) = people.im.sign_in("ada@lumen.example", password(), "test").await.unwrap();
    let hello = json!({ "v": 1, "as": "agent", "token": token.reveal() });
    let (mut ada, _) = Client::connect(server.address(), hello).await;
    assert_eq!(back_end.delete(&format!("/v1/agents/{id}")).await.status, 204);
    assert_eq!(ada.closed().await, 4401);
    assert!(people.im.sign_in("ada@lumen.example", password(), "test").await.is_err());
    let agents = back_end.get("/v1/agents").await.ok();
    let ada: Vec<&Value> =
        agents["items"].as_array().unwrap().iter().filter(|agent| agent["id"] == json!(id)).collect();
    assert!(ada[0]["disabled_at"].is_i64() && !agents.to_string().contains("lamp"), "{agents}");
    for _ in 0..2 {
        assert_eq!(back_end.ask("PUT", &format!("/v1/agents/{id}/enabled"), None).await.status, 204);
    }
    let old = json!({ "v": 1, "as": "agent", "token": token.reveal() });
    let mut late = Client::open(server.address(), &[]).await.unwrap();
    assert_eq!(late.hello(old).await.unwrap_err()["code"], "unauthorized", "what ended stays ended");
    let (_, token) = people.im.sign_in("ada@lumen.example", password(), "test").await.unwrap();
    let hello = json!({ "v": 1, "as": "agent", "token": token.reveal() });
    Client::connect(server.address(), hello).await.0.ask("ping", json!({})).await.unwrap();
    assert_eq!(back_end.ask("PUT", "/v1/agents/nobody/enabled", None).await.code(), "not_found");
}
