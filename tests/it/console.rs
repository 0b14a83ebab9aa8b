//! The console's doors from outside: who gets in, who does not, and what a page of it may do.

use std::sync::atomic::{AtomicUsize, Ordering};

use parlor::{
    config::Config,
    im::accounts::NewAgent,
    model::site::{Look, Origin},
};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};

use crate::{
    client::Client as Socket,
    harness::{PLANTED, People, TestServer},
};

pub(crate) const PASSWORD: &str = "a long and winding road";

/// Somebody in front of the console, with the cookies a browser would keep.
pub(crate) struct Caller {
    /// Of all nodes, of which each request asks the next.
    origins: Vec<String>,
    turn: AtomicUsize,
    http: Client,
    door: String,
    agent: String,
    word: String,
}

impl Caller {
    fn new(server: &TestServer) -> Self {
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        Self {
            origins: server.origins(),
            turn: AtomicUsize::new(0),
            http,
            door: String::new(),
            agent: String::new(),
            word: String::new(),
        }
    }

    /// At the door of sign-in or set-up, with the page's word.
    pub(crate) async fn at(server: &TestServer, page: &str) -> Self {
        let mut caller = Self::new(server);
        caller.visit(page).await;
        caller
    }

    /// Asks another server in turn, too.
    pub(crate) fn asks_too(&mut self, server: &TestServer) {
        self.origins.extend(server.origins());
    }

    async fn signed_in(server: &TestServer, email: &str) -> Self {
        let mut caller = Self::at(server, "/console/login").await;
        let answer = caller.login(email, PASSWORD).await;
        assert_eq!(answer.status(), StatusCode::OK);
        caller.keep(&answer);
        caller.visit("/console/inbox/mine").await;
        caller
    }

    fn url(&self, path: &str) -> String {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        format!("{}{path}", self.origins[turn % self.origins.len()])
    }

    fn cookies(&self) -> String {
        format!("parlor-door={}; parlor-a={}", self.door, self.agent)
    }

    async fn get(&self, path: &str) -> Response {
        let request = self.http.get(self.url(path)).header("accept", "text/html").header("cookie", self.cookies());
        request.header("sec-fetch-site", "same-origin").send().await.unwrap()
    }

    /// Opens a page and keeps its cookies and its word.
    async fn visit(&mut self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        self.keep(&answer);
        let page = answer.text().await.unwrap();
        page_data(&page)["csrf"].as_str().unwrap_or_default().clone_into(&mut self.word);
        page
    }

    fn keep(&mut self, answer: &Response) {
        for (name, value) in cookies_of(answer) {
            match name.as_str() {
                "parlor-door" => self.door = value,
                "parlor-a" => self.agent = value,
                _ => {}
            }
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        self.post_as(path, body, &[("sec-fetch-site", "same-origin"), ("x-csrf-token", &self.word)]).await
    }

    async fn post_as(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Response {
        let mut request = self.http.post(self.url(path)).header("cookie", self.cookies()).json(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    pub(crate) async fn login(&self, email: &str, password: &str) -> Response {
        self.post("/console/api/login", &json!({ "email": email, "password": password })).await
    }
}

fn cookies_of(answer: &Response) -> Vec<(String, String)> {
    let lines = answer.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    lines
        .map(|line| {
            let (name, rest) = line.split_once('=').unwrap();
            (name.to_owned(), rest.split(';').next().unwrap().to_owned())
        })
        .collect()
}

fn page_data(page: &str) -> Value {
    let (_, rest) = page.split_once("id=\"page-data\"").unwrap();
    let (_, json) = rest.split_once('>').unwrap();
    serde_json::from_str(json.split("</script>").next().unwrap()).unwrap()
}

async fn code_of(answer: Response) -> String {
    answer.json::<Value>().await.unwrap()["error"]["code"].as_str().unwrap().to_owned()
}

fn location(answer: &Response) -> &str {
    answer.headers()["location"].to_str().unwrap()
}

/// An agent of the server's first app.
pub(crate) async fn ada(people: &People) -> String {
    make_agent(people, people.site.app.clone(), "ada@shop.example").await
}

async fn make_agent(people: &People, app: parlor::model::AppKey, email: &str) -> String {
    let name = format!("Ada {PLANTED}");
    let agent = NewAgent { app: Some(app), email: email.to_owned(), name, password: PASSWORD.to_owned() };
    people.im.create_agent(agent).await.unwrap();
    email.to_owned()
}

#[tokio::test]
async fn o5_the_first_agent_needs_the_printed_code_once() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let code = people.im.begin_setup().await.unwrap().unwrap().reveal();
    let mut caller = Caller::at(&server, "/console/setup").await;
    let page = caller.visit("/console/setup").await;
    assert!(!page.contains(&code), "the page never holds the code");

    let wrong = caller.post("/console/api/setup/check", &json!({ "code": "AAAA-AAAA" })).await;
    assert_eq!(code_of(wrong).await, "wrong_code");
    let right = caller.post("/console/api/setup/check", &json!({ "code": code.to_lowercase() })).await;
    assert_eq!(right.status(), StatusCode::OK);

    let weak = json!({ "code": code, "name": "Ada", "email": "ada@shop.example", "password": "short" });
    assert_eq!(code_of(caller.post("/console/api/setup", &weak).await).await, "weak_password");
    let body = json!({ "code": code, "name": "Ada", "email": "ada@shop.example", "password": PASSWORD });
    let done = caller.post("/console/api/setup", &body).await;
    assert_eq!(done.status(), StatusCode::OK, "a refused try does not use the code up");
    caller.keep(&done);
    let told: Value = done.json().await.unwrap();
    let line = told["line"].as_str().unwrap();
    assert!(line.starts_with("<script async src=\"") && line.contains(people.site.key.as_str()), "{line}");
    caller.visit("/console/inbox/mine").await;

    let again = json!({ "code": code, "name": "Eve", "email": "eve@shop.example", "password": PASSWORD });
    let mut eve = Caller::at(&server, "/console/login").await;
    assert_eq!(code_of(eve.post("/console/api/setup", &again).await).await, "wrong_code");
    eve.agent.clear();
    assert_eq!(eve.get("/console/setup").await.status(), StatusCode::NOT_FOUND, "the page is gone");
}

#[tokio::test]
async fn o5_a_set_up_code_expires() {
    let server = TestServer::start_with(|config: &mut Config| config.desk.setup_code_secs = 60);
    let people = People::of(&server).await;
    let code = people.im.begin_setup().await.unwrap().unwrap().reveal();
    let file = rusqlite::Connection::open(server.data().join("parlor.db")).unwrap();
    let moved = file.execute("update setup_codes set expires_at = 1", []).unwrap();
    assert_eq!(moved, 1);
    let caller = Caller::at(&server, "/console/setup").await;
    let late = caller.post("/console/api/setup/check", &json!({ "code": code })).await;
    assert_eq!(code_of(late).await, "wrong_code");
}

#[tokio::test]
async fn an_open_console_leads_to_the_door_and_back() {
    let server = TestServer::start();
    let stranger = Caller::new(&server);
    let answer = stranger.get("/console").await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/console/setup"));
    let people = People::of(&server).await;
    let email = ada(&people).await;
    let answer = stranger.get("/console/inbox/waiting").await;
    assert_eq!(location(&answer), "/console/login?next=/console/inbox/waiting");
    let caller = Caller::signed_in(&server, &email).await;
    assert_eq!(location(&caller.get("/console").await), "/console/inbox/mine");
    let answer = caller.get("/console/login?next=/console/inbox/closed").await;
    assert_eq!(location(&answer), "/console/inbox/closed", "who is signed in needs no door");
}

#[tokio::test]
async fn who_says_localhost_is_led_to_the_name_of_the_settings() {
    let server = TestServer::start();
    let stranger = Caller::new(&server);
    let ask = async |host: &str| {
        let request = stranger.http.get(stranger.url("/console/inbox/mine?x=1")).header("accept", "text/html");
        let answer = request.header("host", host).send().await.unwrap();
        location(&answer).to_owned()
    };
    let port = server.address().port();
    assert_eq!(ask(&format!("localhost:{port}")).await, stranger.url("/console/inbox/mine?x=1"));
    assert!(ask(&format!("elsewhere.example:{port}")).await.starts_with("/console/"));
}

#[tokio::test]
async fn a_link_from_elsewhere_is_asked_for_once_more_by_a_page_of_ours() {
    let server = TestServer::start();
    ada(&People::of(&server).await).await;
    let request = Client::new().get(server.url("/console/inbox/mine")).header("accept", "text/html");
    let page = request.header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.unwrap();
    assert!(page.contains("http-equiv=\"refresh\" content=\"0;url=/console/inbox/mine\""), "{page}");
}

#[tokio::test]
async fn o3_the_cookie_of_a_login_is_strict_and_out_of_scripts_reach() {
    let server = TestServer::start();
    let email = ada(&People::of(&server).await).await;
    let caller = Caller::at(&server, "/console/login").await;
    let answer = caller.login(&email, PASSWORD).await;
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    for part in ["parlor-a=", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let again = caller.login(&email, PASSWORD).await;
    assert_ne!(cookies_of(&answer), cookies_of(&again), "every login has a value of its own");

    let secure = TestServer::start_with(|config| config.server.public_url = "https://chat.example.com".to_owned());
    let page = Client::new().get(format!("http://{}/console/setup", secure.address())).send().await.unwrap();
    let cookie = page.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-parlor-door=") && cookie.contains("Secure"), "{cookie}");
    assert!(page.headers()["strict-transport-security"].to_str().unwrap().contains("includeSubDomains"));
}

#[tokio::test]
async fn o2_wrong_logins_look_alike_and_are_throttled() {
    let server = TestServer::start_with(|config| config.limits.logins_per_account = 3);
    let email = ada(&People::of(&server).await).await;
    let caller = Caller::at(&server, "/console/login").await;
    let wrong = caller.login(&email, PLANTED).await.text().await.unwrap();
    let unknown = caller.login("nobody@shop.example", PASSWORD).await.text().await.unwrap();
    assert_eq!(wrong, unknown);
    for _ in 0..2 {
        assert_eq!(caller.login(&email, "wrong").await.status(), StatusCode::UNAUTHORIZED);
    }
    let limited = caller.login(&email, PASSWORD).await;
    assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(limited.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn o4_a_state_change_needs_json_the_pages_word_and_the_same_origin() {
    let server = TestServer::start();
    let email = ada(&People::of(&server).await).await;
    let caller = Caller::at(&server, "/console/login").await;
    let body = json!({ "email": email, "password": PASSWORD });
    let (path, word, own) = ("/console/api/login", caller.word.as_str(), server.config().server.origin());
    let refused = [
        vec![("sec-fetch-site", "same-origin")],
        vec![("sec-fetch-site", "same-origin"), ("x-csrf-token", "bm90IHRoZSB3b3Jk")],
        vec![("sec-fetch-site", "cross-site"), ("x-csrf-token", word)],
        vec![("sec-fetch-site", "same-site"), ("x-csrf-token", word)],
        vec![("origin", "https://evil.example"), ("x-csrf-token", word)],
        vec![("x-csrf-token", word)],
    ];
    for headers in refused {
        let answer = caller.post_as(path, &body, &headers).await;
        assert_eq!(code_of(answer).await, "origin_refused", "{headers:?}");
    }
    let mut other = Caller::at(&server, "/console/login").await;
    other.word = caller.word.clone();
    assert_eq!(code_of(other.login(&email, PASSWORD).await).await, "origin_refused", "a word belongs to its visit");

    let form = caller.http.post(caller.url(path)).header("cookie", caller.cookies());
    let form = form.header("sec-fetch-site", "same-origin").header("x-csrf-token", word);
    let form = form.header("content-type", "application/x-www-form-urlencoded").body("email=a&password=b");
    assert_eq!(code_of(form.send().await.unwrap()).await, "unsupported_media_type");
    let extra = json!({ "email": email, "password": PASSWORD, "role": "owner" });
    assert_eq!(code_of(caller.post(path, &extra).await).await, "bad_request", "A6: unknown fields are refused");

    let old_browser = caller.post_as(path, &body, &[("origin", &own), ("x-csrf-token", word)]).await;
    assert_eq!(old_browser.status(), StatusCode::OK, "without Sec-Fetch-Site the origin counts");
    assert_eq!(caller.get(path).await.status(), StatusCode::METHOD_NOT_ALLOWED, "reading changes nothing");
}

#[tokio::test]
async fn o3_signing_out_ends_the_login_and_its_sockets() {
    let server = TestServer::start();
    let email = ada(&People::of(&server).await).await;
    let mut caller = Caller::signed_in(&server, &email).await;
    let hello = json!({ "v": 1, "as": "agent", "token": caller.agent });
    let (mut socket, _) = Socket::connect(server.address(), hello.clone()).await;

    let without_word = caller.post_as("/console/api/logout", &json!({}), &[("sec-fetch-site", "same-origin")]).await;
    assert_eq!(without_word.status(), StatusCode::FORBIDDEN);
    let answer = caller.post("/console/api/logout", &json!({})).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(socket.closed().await, 4401);

    let spent = caller.agent.clone();
    caller.keep(&answer);
    assert!(caller.agent.is_empty(), "the cookie is taken away");
    caller.agent = spent;
    assert!(location(&caller.get("/console/inbox/mine").await).starts_with("/console/login"));
    let mut late = Socket::open(server.address(), &[]).await.unwrap();
    assert!(late.hello(hello).await.is_err(), "the token is spent");
}

#[tokio::test]
async fn z1_an_agent_does_not_see_another_apps_conversation() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let ada = ada(&people).await;
    let other = people.im.create_app("Other").await.unwrap();
    let origins = vec![Origin::parse("https://other.example").unwrap()];
    people.im.create_site(&other.key, "Other", origins, Look::default()).await.unwrap();
    let eve = make_agent(&people, other.key, "eve@other.example").await;

    let mut visitor = people.visitor().await;
    let sent = visitor.says(&format!("my secret is {PLANTED}")).await;
    let path = format!("/console/inbox/all/{}", sent["conversation"].as_str().unwrap());

    let mut ada = Caller::signed_in(&server, &ada).await;
    assert!(ada.visit(&path).await.contains(PLANTED));
    let eve = Caller::signed_in(&server, &eve).await;
    let refused = eve.get(&path).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    let page = refused.text().await.unwrap();
    assert!(page.contains("This conversation does not exist, or you may not see it") && !page.contains("my secret"));
    assert!(!eve.get("/console/inbox/all").await.text().await.unwrap().contains("my secret"));

    let visitor_cookie = people.visitor_hello().await["token"].as_str().unwrap().to_owned();
    let mut guest = Caller::new(&server);
    guest.agent = visitor_cookie;
    assert!(location(&guest.get(&path).await).starts_with("/console/login"), "a visitor's token opens no console");
}

#[tokio::test]
async fn b7_pages_of_the_console_carry_its_headers() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let setup = Caller::new(&server).get("/console/setup").await;
    let email = ada(&people).await;
    let caller = Caller::signed_in(&server, &email).await;
    let missing = caller.get("/console/inbox/nowhere").await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    let login = Caller::new(&server).get("/console/login").await;
    for page in [setup, login, caller.get("/console/inbox/mine").await, missing] {
        let header = |name: &str| page.headers()[name].to_str().unwrap().to_owned();
        let csp = header("content-security-policy");
        for part in
            ["default-src 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "base-uri 'none'"]
        {
            assert!(csp.contains(part), "{csp}");
        }
        assert!(!csp.contains("unsafe"), "{csp}");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("content-type"), "text/html; charset=utf-8");
        let nonce = csp.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let html = page.text().await.unwrap();
        assert!(html.contains(&format!("nonce=\"{nonce}\"")));
        assert!(!html.contains(" style=") && !html.contains(" onclick="), "nothing inline");
    }
}

#[tokio::test]
async fn b1_what_a_visitor_writes_is_text_in_the_page() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let email = ada(&people).await;
    let mut visitor = people.visitor().await;
    let nasty = "<img src=x onerror=alert(1)></script><script>alert(2)</script>";
    let sent = visitor.sends(json!({ "desk": true }), "k1", nasty).await.unwrap();
    let mut caller = Caller::signed_in(&server, &email).await;
    let page = caller.visit(&format!("/console/inbox/all/{}", sent["conversation"].as_str().unwrap())).await;
    assert!(!page.contains("<img") && !page.contains("<script>alert"), "escaped everywhere");
    let data = page_data(&page);
    let said = &data["data"]["open"]["page"]["messages"][0]["content"]["content"];
    assert_eq!(said, nasty);
}

#[tokio::test]
async fn the_inbox_is_complete_in_both_languages_before_a_script_runs() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let email = ada(&people).await;
    let mut visitor = people.visitor().await;
    let context = json!({ "requestInfo": { "title": "Arc 40", "language": "it-IT", "time_zone": "Europe/Rome" } });
    let hello = json!({ "desk": true, "client_id": "h1", "type": "RC:CsHs", "content": context });
    visitor.ask("send", hello).await.unwrap();
    let sent = visitor.says("My lamp is dark").await;
    let mut ada = people.connect(json!({ "v": 1, "as": "agent", "token": agent_token(&people, &email).await })).await;
    ada.ask("accept", json!({ "conversation": sent["conversation"] })).await.unwrap();
    ada.writes(&sent["conversation"], "Let us see").await;
    visitor.sees("Let us see").await;

    let caller = Caller::signed_in(&server, &email).await;
    let path = format!("/console/inbox/mine/{}", sent["conversation"].as_str().unwrap());
    let english = caller.get(&path).await.text().await.unwrap();
    for part in ["My lamp is dark", "Let us see", "You joined", "With you since", "On “Arc 40”", "End conversation"]
    {
        assert!(english.contains(part), "{part}");
    }
    let chinese = caller.get(&format!("{path}?lang=zh-CN")).await.text().await.unwrap();
    for part in ["lang=\"zh-CN\"", "您已加入", "由您接待", "结束会话", "My lamp is dark"] {
        assert!(chinese.contains(part), "{part}");
    }
}

async fn agent_token(people: &People, email: &str) -> String {
    let (_, token) = people.im.sign_in(email, PASSWORD.to_owned(), "test").await.unwrap();
    token.reveal().to_owned()
}

#[tokio::test]
async fn the_language_is_remembered_in_a_cookie_of_its_own() {
    let server = TestServer::start();
    let caller = Caller::at(&server, "/console/setup").await;
    let answer = caller.post("/console/api/language", &json!({ "language": "zh-CN" })).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(cookies_of(&answer), [("parlor-lang".to_owned(), "zh-CN".to_owned())]);
    let page =
        caller.http.get(caller.url("/console/setup")).header("cookie", "parlor-lang=zh-CN").send().await.unwrap();
    assert!(page.text().await.unwrap().contains("Parlor 已启动"));
    let unknown = caller.post("/console/api/language", &json!({ "language": "xx" })).await;
    assert_eq!(code_of(unknown).await, "bad_request");
}

#[tokio::test]
async fn the_console_socket_takes_the_cookie_only_from_our_own_pages() {
    let server = TestServer::start();
    let email = ada(&People::of(&server).await).await;
    let caller = Caller::signed_in(&server, &email).await;
    let (cookie, own) = (caller.cookies(), server.config().server.origin());
    let mut socket = Socket::open(server.address(), &[("cookie", &cookie), ("origin", &own)]).await.unwrap();
    let welcome = socket.hello(json!({ "v": 1, "as": "agent" })).await.unwrap();
    assert_eq!(welcome["me"]["role"], "agent");
    let foreign = [("cookie", cookie.as_str()), ("origin", "https://evil.example")];
    match Socket::open(server.address(), &foreign).await {
        Err(status) => assert_eq!(status, 403),
        Ok(mut socket) => assert!(socket.hello(json!({ "v": 1, "as": "agent" })).await.is_err()),
    }
}
