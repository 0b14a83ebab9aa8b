//! What lies under `/compat`, as a program or a stranger's page may ask for it.

use reqwest::{Client, redirect::Policy};

use crate::harness::{People, TestServer};

/// A request for the frame in which an SDK runs, with headers that say from where.
async fn runner(server: &TestServer, headers: &[(&str, &str)], sdk: &str) -> (u16, String) {
    let address = server.url("/compat/runner");
    let query = [("sdk", sdk), ("servers", "https://im.example")];
    let mut request = Client::new().get(url::Url::parse_with_params(&address, query).unwrap());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    (answer.status().as_u16(), policy)
}

const FRAME: [(&str, &str); 2] = [("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "iframe")];

#[tokio::test]
async fn no_link_and_no_stranger_runs_an_sdk_under_our_name() {
    let server = TestServer::start();
    let sdk = "https://cdn.example/sdk.js";
    let (status, policy) = runner(&server, &FRAME, sdk).await;
    assert_eq!(status, 200);
    assert!(policy.starts_with("sandbox allow-scripts; default-src 'none'; script-src 'nonce-"), "{policy}");
    assert!(
        policy.contains(" https://cdn.example/sdk.js; connect-src wss://im.example https://im.example; "),
        "{policy}"
    );
    assert!(policy.contains("frame-ancestors 'self'") && !policy.contains("allow-same-origin"), "{policy}");
    for strange in [
        &[][..],
        &[("sec-fetch-site", "none"), ("sec-fetch-dest", "document")],
        &[("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "document")],
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "iframe")],
        &[("sec-fetch-site", "same-site"), ("sec-fetch-dest", "iframe")],
        &[("origin", "https://evil.example"), ("sec-fetch-dest", "iframe")],
    ] {
        assert_eq!(runner(&server, strange, sdk).await.0, 403, "{strange:?}");
    }
    assert_eq!(runner(&server, &FRAME, "https://cdn.example/a;script-src * 'unsafe-inline'").await.0, 400);
}

#[tokio::test]
async fn the_check_pages_can_be_switched_off() {
    let server = TestServer::start_with(|config| config.compatible.checks = false);
    for page in ["/compat/connect-check", "/compat/api-test"] {
        assert_eq!(reqwest::get(server.url(page)).await.unwrap().status(), 404, "{page}");
    }
    assert_eq!(runner(&server, &FRAME, "https://cdn.example/sdk.js").await.0, 404);
}

#[tokio::test]
async fn e2_frames_are_for_the_apps_own_pages() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let origin = people.site.origins[0].to_string();
    let ask = async |path: &str, app: &str, page: &str| {
        let address = url::Url::parse_with_params(&server.url(path), [("app", app), ("page", page)]).unwrap();
        client.get(address).send().await.unwrap()
    };
    let app = people.app();
    let frame = ask("/compat/frame", app.as_str(), &origin).await;
    assert_eq!(frame.status(), 200);
    let policy = frame.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains(&format!("frame-ancestors {origin}")), "{policy}");
    assert!(policy.contains("img-src 'self' blob: https:"), "{policy}");
    assert!(frame.headers().get("set-cookie").is_none());
    let desk = ask("/compat/desk", app.as_str(), &origin).await;
    assert_eq!(
        (desk.status().as_u16(), &desk.headers()["location"]),
        (302, &format!("/w/{}", people.site.key).parse().unwrap())
    );
    for (app, page) in
        [(app.as_str(), "https://evil.example"), ("nobody", &*origin), ("'\";", &*origin), (app.as_str(), "*")]
    {
        for path in ["/compat/frame", "/compat/desk"] {
            assert_eq!(ask(path, app, page).await.status(), 404, "{path} {app} {page}");
        }
    }
}
