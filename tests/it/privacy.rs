//! Logs never hold what people wrote (L1). Every test that runs a server listens; these plant on purpose.

use reqwest::Client;
use serde_json::json;

use crate::harness::{PLANTED, People, TestServer, assert_logs_are_clean};

#[tokio::test]
async fn l1_addresses_headers_and_logins_stay_out_of_the_logs() {
    let server = TestServer::start();
    let client = Client::new();
    let get = client.get(server.url(&format!("/w/{PLANTED}?token={PLANTED}")));
    let get = get.header("cookie", format!("parlor-a={PLANTED}")).header("referer", PLANTED);
    get.send().await.unwrap();
    for body in [
        json!({ "email": format!("{PLANTED}@shop.example"), "password": format!("{PLANTED} and more") }),
        json!({ "email": PLANTED, "unknown": PLANTED }),
        json!({ "code": PLANTED, "name": PLANTED }),
    ] {
        for path in ["/console/api/login", "/console/api/setup", "/console/api/setup/check", "/poll"] {
            let post = client.post(server.url(path)).header("origin", server.url("")).json(&body);
            post.send().await.unwrap();
        }
    }
    drop(server);
    assert_logs_are_clean();
}

#[tokio::test]
async fn l1_what_people_say_and_who_they_are_stays_out_of_the_logs() {
    let mut server = TestServer::start();
    let people = People::of(&server).await;
    let mut agent = people.agent(PLANTED).await;
    let mut visitor = people.visitor().await;
    let conversation = visitor.says(PLANTED).await["conversation"].clone();
    agent.ask("accept", json!({ "conversation": conversation })).await.unwrap();
    agent.writes(&conversation, PLANTED).await;
    visitor.sees(PLANTED).await;
    for (kind, content) in [
        ("RC:CsLm", json!({ "msg_content": PLANTED, "msg_name": PLANTED, "msg_email": PLANTED, "msg_tel": PLANTED })),
        ("RC:CsEva", json!({ "sid": conversation, "source": 5, "suggest": PLANTED, "type": 0 })),
        (PLANTED, json!({ PLANTED: PLANTED })),
    ] {
        let body = json!({ "desk": true, "client_id": PLANTED, "type": kind, "content": content });
        // Refused or taken: either way nothing of it is written down.
        let _ = visitor.ask("send", body).await;
    }
    visitor.raw(PLANTED).await;
    let _ = visitor.ask(PLANTED, json!({ PLANTED: PLANTED })).await;
    server.stop();
    assert_logs_are_clean();
}
