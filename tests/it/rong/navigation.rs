//! Where clients learn which server to use.

use serde_json::Value;

use super::client::Stage;

/// Status, body, and whether every page may read it.
async fn ask(stage: &Stage, path: &str) -> (u16, String, bool) {
    let answer = reqwest::get(stage.server.url(path)).await.unwrap();
    let open = answer.headers().get("access-control-allow-origin").is_some_and(|origin| origin == "*");
    (answer.status().as_u16(), answer.text().await.unwrap(), open)
}

fn navi(stage: &Stage, page: &str, token: &str, callback: &str) -> String {
    format!("/{page}?appId={}&token={token}&callBack={callback}&v=2.5.3&r=1", stage.people.app())
}

fn unwrapped(body: &str, callback: &str) -> Value {
    let json =
        body.strip_prefix(callback).and_then(|rest| rest.strip_prefix('(')).expect("the callback that was asked");
    serde_json::from_str(json.strip_suffix(");").expect("the end of a call")).unwrap()
}

#[tokio::test]
async fn check_01_to_03_and_08_a_valid_token_is_told_where_to_go() {
    let stage = Stage::start().await;
    let token = stage.token("ann").await;
    let (status, body, open) = ask(&stage, &navi(&stage, "navi.js", &token, "getServerEndpoint")).await;
    assert!(status == 200 && open);
    let answer = unwrapped(&body, "getServerEndpoint");
    let server = stage.server.address().to_string();
    assert_eq!((&answer["code"], &answer["userId"]), (&200.into(), &"ann".into()));
    assert_eq!((&answer["server"], &answer["backupServer"]), (&server.clone().into(), &server.into()));
    assert_eq!((&answer["openMp"], &answer["kvStorage"]), (&0.into(), &1.into()));
    let (_, body, _) = ask(&stage, &navi(&stage, "navi.js", &token, "my.own_$name")).await;
    assert_eq!(unwrapped(&body, "my.own_$name")["code"], 200);
}

#[tokio::test]
async fn check_02_a_callback_that_is_no_name_is_refused() {
    let stage = Stage::start().await;
    let token = stage.token("ann").await;
    let (status, body, _) = ask(&stage, &navi(&stage, "navi.js", &token, "alert(1)//")).await;
    assert!(status == 400 && !body.contains("alert"), "{status} {body}");
}

#[tokio::test]
async fn check_04_and_05_refusals_are_bare_json_that_every_page_may_read() {
    let stage = Stage::start().await;
    let good = stage.token("ann").await;
    let wrong = "x".repeat(43);
    let (status, body, open) = ask(&stage, &navi(&stage, "navi.js", &wrong, "f")).await;
    assert_eq!((status, &*body, open), (401, r#"{"code":401}"#, true));
    let other_app = format!("/navi.js?appId=nosuchapp1&token={good}&callBack=f&v=2.5.3&r=1");
    let (status, body, open) = ask(&stage, &other_app).await;
    assert_eq!((status, &*body, open), (403, r#"{"code":403}"#, true));
}

#[tokio::test]
async fn check_06_and_07_long_polling_asks_the_same_and_the_sniff_is_answered() {
    let stage = Stage::start().await;
    let token = stage.token("ann").await;
    let (_, one, _) = ask(&stage, &navi(&stage, "navi.js", &token, "f")).await;
    let (status, other, open) = ask(&stage, &navi(&stage, "cometnavi.js", &token, "f")).await;
    assert!(status == 200 && open && one == other);
    let (status, _, open) = ask(&stage, "/ping?r=1").await;
    assert!(status == 200 && open);
}

#[tokio::test]
async fn later_clients_write_servers_after_the_token() {
    let stage = Stage::start().await;
    let token = format!("{}@nav.example;nav2.example", stage.token("ann").await);
    let (_, body, _) = ask(&stage, &navi(&stage, "navi.js", &token, "f")).await;
    assert_eq!(unwrapped(&body, "f")["userId"], "ann");
}

#[tokio::test]
async fn whether_anything_is_unread_is_told() {
    let stage = Stage::start().await;
    let token = stage.token("bob").await;
    let path = format!("/message/exist.js?appKey={}&token={token}&callBack=RCCallback&_=1", stage.people.app());
    assert_eq!(ask(&stage, &path).await.1, r#"RCCallback({"status":"0"});"#);
    stage.user("ann").await.writes("bob", "hi").await;
    assert_eq!(ask(&stage, &path).await.1, r#"RCCallback({"status":"1"});"#);
}
