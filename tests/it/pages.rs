//! Every page in every language, and the headers of every surface (security §12).

use parlor::view::locale::WIDGET;
use reqwest::{Client, Response, StatusCode, header::HeaderMap};
use serde_json::Value;

use crate::harness::{People, TestServer};

/// A server in use: a visitor wrote, an agent answered.
struct House {
    server: TestServer,
    site: String,
    visitor_cookie: String,
    agent_cookie: String,
    conversation: String,
}

impl House {
    async fn in_use() -> Self {
        let server = TestServer::start();
        let people = People::of(&server).await;
        let (agent_hello, visitor_hello) = (people.agent_hello("Anna").await, people.visitor_hello().await);
        let mut anna = people.connect(agent_hello.clone()).await;
        let mut visitor = people.connect(visitor_hello.clone()).await;
        let conversation = visitor.says("Does <b>it</b> dim?").await["conversation"].clone();
        anna.ask("accept", serde_json::json!({ "conversation": conversation })).await.unwrap();
        anna.writes(&conversation, "Every one & all.").await;
        let token = |hello: &Value| hello["token"].as_str().unwrap().to_owned();
        let site = people.site.key.to_string();
        Self {
            visitor_cookie: format!("parlor-v-{site}={}", token(&visitor_hello)),
            agent_cookie: format!("parlor-a={}", token(&agent_hello)),
            conversation: conversation.as_str().unwrap().to_owned(),
            site,
            server,
        }
    }

    /// Every page that renders, with whoever looks at it.
    fn pages(&self) -> Vec<(String, &str)> {
        let Self { site, visitor_cookie, agent_cookie, conversation, .. } = self;
        let mut pages = vec![
            (format!("/w/{site}"), ""),
            (format!("/w/{site}"), visitor_cookie),
            ("/console/login".to_owned(), ""),
            (format!("/console/inbox/mine/{conversation}"), agent_cookie),
        ];
        let views = ["waiting", "mine", "closed", "all"];
        pages.extend(views.map(|view| (format!("/console/inbox/{view}"), agent_cookie.as_str())));
        pages
    }
}

async fn get(server: &TestServer, path: &str, cookie: &str, language: &str) -> Response {
    let request = Client::new().get(server.url(path)).header("accept", "text/html").header("cookie", cookie);
    request.header("accept-language", language).send().await.unwrap()
}

/// What stands between the tags, scripts and styles left out.
fn words(html: &str) -> String {
    let mut words = String::new();
    for piece in html.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        if !tag.starts_with("script") && !tag.starts_with("style") {
            words.push_str(text);
            words.push('\n');
        }
    }
    words
}

async fn assert_speaks(answer: Response, language: &str) {
    let (status, url) = (answer.status(), answer.url().clone());
    let html = answer.text().await.unwrap();
    assert_eq!(status, StatusCode::OK, "{url}: {html}");
    assert!(html.contains(&format!("lang=\"{language}\"")), "{url} is not in {language}");
    let words = words(&html);
    assert!(!words.contains(['{', '}']), "{url} has an unfilled place: {words}");
    for key in WIDGET.locales().iter().flat_map(|locale| locale.texts().keys()) {
        assert!(!words.lines().any(|line| line.trim() == key), "{url} lacks the text {key}");
    }
}

#[tokio::test]
async fn every_page_renders_in_every_language() {
    let house = House::in_use().await;
    for language in WIDGET.locales().iter().map(parlor::view::locale::Locale::tag) {
        for (path, cookie) in house.pages() {
            assert_speaks(get(&house.server, &path, cookie, language).await, language).await;
        }
    }
    let fresh = TestServer::start();
    for language in ["en", "zh-CN"] {
        assert_speaks(get(&fresh, "/console/setup", "", language).await, language).await;
    }
}

#[tokio::test]
async fn b2_what_people_wrote_is_escaped() {
    let house = House::in_use().await;
    for (path, cookie) in [
        (format!("/w/{}", house.site), &house.visitor_cookie),
        (format!("/console/inbox/mine/{}", house.conversation), &house.agent_cookie),
    ] {
        let html = get(&house.server, &path, cookie, "en").await.text().await.unwrap();
        assert!(html.contains("dim?"), "{path} shows the message");
        assert!(!html.contains("<b>it</b>"), "{path} prints what people wrote as HTML");
    }
}

fn policy(headers: &HeaderMap) -> &str {
    headers["content-security-policy"].to_str().unwrap()
}

#[tokio::test]
async fn e2_only_the_sites_pages_may_frame_the_widget() {
    let house = House::in_use().await;
    let answer = get(&house.server, &format!("/w/{}", house.site), "", "en").await;
    let headers = answer.headers();
    let port = house.server.config().demo.listen.port();
    let ancestors = format!("frame-ancestors http://127.0.0.1:{port} http://localhost:{port};");
    for part in [
        ancestors.as_str(),
        "default-src 'none';",
        "script-src 'nonce-",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy(headers).contains(part), "{part} is missing in {}", policy(headers));
    }
    assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
    assert_eq!(headers["cross-origin-embedder-policy"], "require-corp");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    assert_eq!(headers["cache-control"], "no-store");
    assert!(headers.contains_key("permissions-policy"));
    let unknown = get(&house.server, "/w/nosuchsitekey", "", "en").await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    assert!(policy(unknown.headers()).contains("frame-ancestors 'none'"));
}

#[tokio::test]
async fn the_console_is_never_framed_and_never_kept() {
    let house = House::in_use().await;
    for (path, cookie) in house.pages().iter().filter(|(path, _)| path.starts_with("/console")) {
        let answer = get(&house.server, path, cookie, "en").await;
        let headers = answer.headers();
        for part in
            ["frame-ancestors 'none'", "script-src 'nonce-", "base-uri 'none'", "require-trusted-types-for 'script'"]
        {
            assert!(policy(headers).contains(part), "{path}: {part} is missing in {}", policy(headers));
        }
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin", "{path}");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        assert_eq!(headers["cache-control"], "no-store", "{path}");
    }
}

#[tokio::test]
async fn two_answers_never_share_a_nonce() {
    let house = House::in_use().await;
    let path = format!("/w/{}", house.site);
    let first = get(&house.server, &path, "", "en").await;
    let second = get(&house.server, &path, "", "en").await;
    assert_ne!(policy(first.headers()), policy(second.headers()));
}

#[tokio::test]
async fn assets_are_immutable_compressed_and_open_to_every_page() {
    let server = TestServer::start();
    let path = parlor::http::assets::url("widget.js");
    let answer = Client::new().get(server.url(&path)).header("accept-encoding", "gzip, br;q=0.9").send().await.unwrap();
    let headers = answer.headers();
    assert_eq!(headers["content-encoding"], "br");
    assert_eq!(headers["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert_eq!(headers["vary"], "accept-encoding");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(policy(headers), "default-src 'none'; frame-ancestors 'none'");
    let again = Client::new().get(server.url(&path)).header("if-none-match", &headers["etag"]).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let plain = Client::new().get(server.url(&path)).header("accept-encoding", "br;q=0").send().await.unwrap();
    assert!(!plain.headers().contains_key("content-encoding"));
    for wrong in
        ["/assets/000000000000/widget.js", "/assets/x/../Cargo.toml", "/assets/x/widget.js.br", "/assets/x/%2e%2e%2fx"]
    {
        let answer = reqwest::get(server.url(wrong)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{wrong}");
        assert_eq!(answer.headers()["cache-control"], "no-store", "{wrong}");
    }
}

#[tokio::test]
async fn o4_the_console_changes_nothing_for_a_foreign_page() {
    let house = House::in_use().await;
    for path in ["/console/api/login", "/console/api/logout", "/console/api/setup", "/console/api/language"] {
        let post = Client::new().post(house.server.url(path)).header("cookie", &house.agent_cookie);
        let post = post.header("origin", "https://evil.example").header("sec-fetch-site", "cross-site");
        let answer = post.json(&serde_json::json!({})).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{path}: {}", answer.status());
        let get = get(&house.server, path, &house.agent_cookie, "en").await;
        assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    let still_in = get(&house.server, "/console/inbox/mine", &house.agent_cookie, "en").await;
    assert_eq!(still_in.status(), StatusCode::OK);
}
