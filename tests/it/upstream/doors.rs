//! Doors that are shut, and how the visitor hears of it.

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;

use super::stage::{Service, Stage, insists};
use crate::client::text_body;

async fn refused(visitor: &mut crate::client::Client, client_id: &str) -> Value {
    visitor.ask("send", text_body(&json!({ "desk": true }), client_id, "hello?")).await.unwrap_err()
}

#[tokio::test]
async fn a_wrong_secret_is_told_and_a_right_one_opens() {
    let stage = Stage::with_secret(Service::running().await, "not-the-secret").await;
    let (mut visitor, ..) = stage.visitor().await;
    // The first finds out, the next is told.
    while refused(&mut visitor, "k1").await["code"] == "upstream_away" {}
    let error = refused(&mut visitor, "k1").await;
    assert_eq!((&error["code"], &error["temporary"]), (&json!("upstream_refused"), &json!(false)));
    assert!(stage.figures().await.contains("parlor_upstream_losses_total{why=\"secret\"}"));
    let app = stage.people.app();
    stage.people.im.backend(&app).set_upstream(stage.service.as_upstream(), &stage.service.secret).await.unwrap();
    let taken = async {
        while let Err(error) = visitor.ask("send", text_body(&json!({ "desk": true }), "k2", "hello!")).await {
            assert!(["upstream_refused", "upstream_away"].contains(&error["code"].as_str().unwrap()), "{error}");
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), taken).await.expect("the change is noticed in time");
}

#[tokio::test]
async fn a_revoked_token_is_replaced_by_a_new_one() {
    let stage = Stage::start().await;
    let mut desk = stage.service.desk().await;
    let (mut visitor, id, _) = stage.visitor().await;
    visitor.says("before").await;
    stage.service.process.revoke(&stage.service.app, &id);
    insists(&mut visitor, &json!({ "desk": true }), "k2", "after").await;
    desk.sees("after").await;
}

#[tokio::test]
async fn who_is_kicked_there_is_told_so_here() {
    let stage = Stage::start().await;
    stage.service.process.set_switch(&stage.service.app, "multi_device=false");
    let (mut visitor, id, _) = stage.visitor().await;
    visitor.says("mine").await;
    let token = stage.service.process.token(&stage.service.app, &id);
    let url = format!(
        "ws://{}/websocket?appId={}&token={token}&sdkVer=4.6.4&apiVer=normal",
        stage.service.address, stage.service.app
    );
    let stream = TcpStream::connect(stage.service.address).await.unwrap();
    let _other = client_async(url, stream).await.unwrap();
    let told = async {
        let mut number = 0;
        loop {
            number += 1;
            match visitor.ask("send", text_body(&json!({ "desk": true }), &format!("k{number}"), "still?")).await {
                // It was said before the other client came.
                Ok(_) => {}
                Err(error) if error["temporary"] == true => {}
                Err(error) => return error,
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let error = tokio::time::timeout(std::time::Duration::from_secs(10), told).await.expect("a kick is told");
    assert_eq!(error["code"], "upstream_refused");
    assert!(stage.figures().await.contains("parlor_upstream_losses_total{why=\"kicked\"} 1"));
}

#[tokio::test]
async fn a_user_blocked_there_is_blocked_here() {
    let stage = Stage::start().await;
    let (mut visitor, id, _) = stage.visitor().await;
    visitor.says("before").await;
    let key = stage.service.process.add_key(&stage.service.app);
    let url = format!("http://{}/v1/users/{id}/block", stage.service.address);
    let asked = reqwest::Client::new().put(url).bearer_auth(key).json(&json!({ "minutes": 5 }));
    asked.send().await.unwrap().error_for_status().unwrap();
    let told = async {
        loop {
            let error = refused(&mut visitor, "k9").await;
            if error["temporary"] != true {
                return error;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let error = tokio::time::timeout(std::time::Duration::from_secs(30), told).await.expect("a block is told");
    assert_eq!(error["code"], "user_blocked");
}

#[tokio::test]
async fn n1_an_upstream_at_an_address_that_is_not_allowed_is_refused() {
    let stage = Stage::start().await;
    let app = stage.people.app();
    for (navigation, api) in [
        ("http://127.0.0.1:1", "https://api.example.com"),
        ("https://nav.example.com", "http://10.0.0.1"),
        ("ftp://nav.example.com", "https://api.example.com"),
        ("https://nav.example.com?x=1", "https://api.example.com"),
    ] {
        let mut upstream = stage.service.as_upstream();
        (upstream.navigation, upstream.api) = (navigation.to_owned(), api.to_owned());
        let refused = stage.people.im.backend(&app).set_upstream(upstream, "secret").await.unwrap_err();
        assert_eq!(refused.code, parlor::model::Code::BadRequest, "{navigation} {api}");
    }
    let set = stage.people.im.backend(&app).upstream().await.unwrap();
    assert_eq!(set, stage.service.as_upstream());
}
