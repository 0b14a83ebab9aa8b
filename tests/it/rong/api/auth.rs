//! Who is let in.

use parlor::model::Features;
use serde_json::json;

use super::{OldBackEnd, house, now_secs, refusal};
use crate::harness::{Answer, TestServer};

/// One request, with everything that says who it comes from.
struct Draft {
    names: [&'static str; 4],
    nonce: String,
    at: String,
}

const PLAIN: [&str; 4] = ["App-Key", "Nonce", "Timestamp", "Signature"];

impl Draft {
    fn new(nonce: &str) -> Self {
        Self { names: PLAIN, nonce: nonce.to_owned(), at: now_secs().to_string() }
    }

    async fn send(&self, by: &OldBackEnd) -> Answer {
        let [app, nonce, at, signature] = self.names;
        let request = by
            .bare("user/checkOnline")
            .header(app, by.app.as_str())
            .header(nonce, &self.nonce)
            .header(at, &self.at)
            .header(signature, by.signature(&self.nonce, &self.at).to_hex());
        Answer::of(request.body("userId=nora").send().await.unwrap()).await
    }
}

async fn strict(by: &OldBackEnd, im: &parlor::im::Im, server: &mut TestServer, change: impl FnOnce(&mut Features)) {
    let mut features = im.backend(&by.app).app().await.unwrap().features.clone();
    features.compatible_repeats = false;
    change(&mut features);
    im.backend(&by.app).set_features(features).await.unwrap();
    // The server remembers an app for a few seconds.
    server.restart();
}

#[tokio::test]
async fn a2_one_signature_serves_a_whole_process_where_the_app_lets_it() {
    let (_server, _people, back_end) = house().await;
    // As the Node SDK signs: once, in seconds, whenever it was started.
    let old = Draft { at: "1500000000".to_owned(), ..Draft::new("7654321") };
    for _ in 0..3 {
        assert_eq!(old.send(&back_end).await.ok(), json!({ "code": 200, "status": "0" }));
    }
    let millis = Draft { at: format!("{}123", now_secs()), ..Draft::new("a.b_c+d-e") };
    millis.send(&back_end).await.ok();
    let prefixed = Draft { names: ["RC-App-Key", "RC-Nonce", "RC-Timestamp", "RC-Signature"], ..Draft::new("1") };
    prefixed.send(&back_end).await.ok();
}

#[tokio::test]
async fn a2_elsewhere_a_signature_is_taken_once_also_after_a_restart() {
    let (mut server, people, back_end) = house().await;
    strict(&back_end, &people.im, &mut server, |_| {}).await;
    let draft = Draft::new("8");
    draft.send(&back_end).await.ok();
    assert_eq!(refusal(&draft.send(&back_end).await, "user/checkOnline").1, 1021);
    server.restart();
    let (status, code, _) = refusal(&draft.send(&back_end).await, "user/checkOnline");
    assert_eq!((status, code), (401, 1021));
    Draft::new("9").send(&back_end).await.ok();
}

#[tokio::test]
async fn a1_the_time_is_fresh_within_what_the_app_allows() {
    let (mut server, people, back_end) = house().await;
    strict(&back_end, &people.im, &mut server, |_| {}).await;
    let at = |off: i64| now_secs().checked_add_signed(off).unwrap().to_string();
    for (nonce, off, status) in [("1", -290, 200), ("2", 290, 200), ("3", -310, 401), ("4", 310, 401)] {
        assert_eq!(Draft { at: at(off), ..Draft::new(nonce) }.send(&back_end).await.status, status, "{off}");
    }
    strict(&back_end, &people.im, &mut server, |features| features.compatible_skew_secs = 3600).await;
    for (nonce, off, status) in [("5", -3500, 200), ("6", -3700, 401)] {
        assert_eq!(Draft { at: at(off), ..Draft::new(nonce) }.send(&back_end).await.status, status, "{off}");
    }
}

#[tokio::test]
async fn a1_nothing_is_doubled_mixed_or_missing() {
    let (_server, _people, back_end) = house().await;
    for name in PLAIN {
        let doubled = back_end.request("user/checkOnline").header(name, "1").body("userId=nora").send().await.unwrap();
        assert_eq!(refusal(&Answer::of(doubled).await, "user/checkOnline").1, 1004, "{name}");
        let mixed = back_end.request("user/checkOnline").header(format!("RC-{name}"), "1").body("userId=nora");
        assert_eq!(refusal(&Answer::of(mixed.send().await.unwrap()).await, "user/checkOnline").1, 1004, "{name}");
    }
    let bare = back_end.bare("user/checkOnline").body("userId=nora").send().await.unwrap();
    assert_eq!(refusal(&Answer::of(bare).await, "user/checkOnline").0, 401);
}

#[tokio::test]
async fn a7_unknown_apps_and_wrong_secrets_are_answered_alike() {
    let (server, people, back_end) = house().await;
    let other = people.im.create_app("Other").await.unwrap().key;
    let stranger = OldBackEnd { app: "nobodyhasthis".parse().unwrap(), ..back_end.clone() };
    let without_secret = OldBackEnd { app: other.clone(), ..back_end.clone() };
    let unknown = Draft::new("1").send(&stranger).await;
    assert_eq!(unknown.status, 401);
    assert_eq!(Draft::new("1").send(&without_secret).await.body, unknown.body);
    let second = OldBackEnd::of(&server, &people.im, &other).await;
    let crossed = OldBackEnd { secret: second.secret.clone(), ..back_end.clone() };
    assert_eq!(Draft::new("1").send(&crossed).await.body, unknown.body);
    Draft::new("1").send(&second).await.ok();
}

#[tokio::test]
async fn a5_secrets_change_over_one_by_one() {
    let (_server, people, back_end) = house().await;
    let backend = people.im.backend(&back_end.app);
    let (_, text) = backend.add_secret().await.unwrap();
    let newer = OldBackEnd { secret: text, ..back_end.clone() };
    assert!(backend.add_secret().await.is_err(), "a third one has no place");
    Draft::new("1").send(&back_end).await.ok();
    Draft::new("1").send(&newer).await.ok();
    let older = backend.secrets().await.unwrap().remove(0);
    backend.remove_secret(&older.id).await.unwrap();
    assert_eq!(Draft::new("1").send(&back_end).await.status, 401);
    Draft::new("1").send(&newer).await.ok();
}

#[tokio::test]
async fn a3_an_app_may_switch_this_form_off() {
    let (mut server, people, back_end) = house().await;
    strict(&back_end, &people.im, &mut server, |features| features.compatible_api = false).await;
    let (status, code, _) = refusal(&Draft::new("1").send(&back_end).await, "user/checkOnline");
    assert_eq!((status, code), (403, 1009));
}

#[tokio::test]
async fn a1_what_a_proxy_passed_on_in_the_clear_is_refused() {
    let (_server, _people, back_end) = super::house_with(|config| {
        config.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let by = async |scheme: &str| {
        let request = back_end.request("user/checkOnline").body("userId=nora");
        let request = request.header("x-forwarded-for", "198.51.100.7").header("x-forwarded-proto", scheme);
        Answer::of(request.send().await.unwrap()).await
    };
    by("https").await.ok();
    assert_eq!(refusal(&by("http").await, "user/checkOnline").1, 1007);
}
