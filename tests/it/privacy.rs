//! Logs never hold what people wrote (L1). Every test that runs a server listens; these plant on purpose.

use reqwest::Client;
use serde_json::json;

use crate::harness::{PLANTED, TestServer, assert_logs_are_clean};

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
