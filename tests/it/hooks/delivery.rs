//! What arrives, and what of it can be relied on.

use std::time::Duration;

use parlor::{
    im::backend::webhooks::WebhookChange,
    model::{
        Code, Content, Topic, UserId,
        command::Target,
        webhook::{DeliveryList, DeliveryState, Form, MAX_WEBHOOKS, Outcome},
    },
    store::outbox::WebhookWish,
};
use serde_json::json;
use wiremock::ResponseTemplate;

use super::{
    receiver::{Received, Receiver},
    stage::Stage,
};

#[tokio::test]
async fn a_message_arrives_whole_and_signed() {
    let receiver = Receiver::start().await;
    let stage = Stage::with(&[&receiver]).await;
    let (id, secret) = stage.webhook(&receiver, &[Topic::MessageSent]).await;
    let sent = stage.says("nora", "olaf", "hello").await;

    let arrived = receiver.requests(1).await.remove(0);
    assert!(arrived.is_signed_by(&secret));
    assert_eq!(arrived.id, arrived.body["id"].as_str().unwrap());
    assert_eq!(arrived.timestamp, 1_790_000_000);
    assert_eq!(arrived.body["topic"], json!("message.sent"));
    assert_eq!(arrived.body["app"], json!(stage.app));
    assert_eq!((&arrived.body["sequence"], &arrived.body["seq"]), (&json!(1), &json!(1)));
    assert_eq!(arrived.body["conversation"], json!(sent.conversation));
    let data = &arrived.body["data"];
    assert_eq!((&data["uid"], &data["at"]), (&json!(sent.uid), &json!(sent.at)));
    assert_eq!(
        (&data["from"]["id"], &data["kind"], &data["target"]),
        (&json!("nora"), &json!("private"), &json!("olaf"))
    );
    assert_eq!((&data["type"], &data["content"]), (&json!("RC:TxtMsg"), &json!({ "content": "hello" })));
    assert_eq!(data["source"], json!("client"));

    let delivered = stage.until(&id, |all| all.iter().all(|one| one.state == DeliveryState::Delivered)).await;
    assert_eq!(delivered[0].id.to_string(), arrived.id);
    let (_, attempts) = stage.backend().delivery(&id, 1).await.unwrap();
    assert_eq!(attempts.iter().map(|attempt| attempt.outcome).collect::<Vec<_>>(), [Outcome::Delivered]);
}

#[tokio::test]
async fn a5_two_secrets_sign_while_one_takes_the_others_place() {
    let receiver = Receiver::start().await;
    let stage = Stage::with(&[&receiver]).await;
    let (id, old) = stage.webhook(&receiver, &[]).await;
    let new = stage.backend().rotate_webhook_secret(&id).await.unwrap().reveal();
    assert_ne!(old, new);
    stage.backend().test_webhook(&id).await.unwrap();
    let arrived = receiver.requests(1).await.remove(0);
    assert!(arrived.is_signed_by(&old) && arrived.is_signed_by(&new));
    assert_eq!(arrived.body["topic"], json!("webhook.test"));

    stage.passes(24 * 3600);
    stage.backend().test_webhook(&id).await.unwrap();
    let arrived = receiver.requests(2).await.remove(1);
    assert!(!arrived.is_signed_by(&old) && arrived.is_signed_by(&new));
}

#[tokio::test]
async fn a_slow_receiver_delays_no_other_and_no_message() {
    let slow = Receiver::answering(|_| ResponseTemplate::new(204).set_delay(Duration::from_mins(1))).await;
    let fast = Receiver::start().await;
    let stage = Stage::with(&[&slow, &fast]).await;
    let (stuck, _) = stage.webhook(&slow, &[Topic::MessageSent]).await;
    stage.webhook(&fast, &[Topic::MessageSent]).await;
    for number in 0..30 {
        stage.says("nora", &format!("friend{number}"), "hello").await;
    }
    fast.requests(30).await;
    let waiting = stage.deliveries(&stuck).await;
    assert!(waiting.iter().all(|one| one.state == DeliveryState::Waiting), "the slow one has answered nothing yet");
    let late = stage.until(&stuck, |all| all.iter().any(|one| one.outcome == Some(Outcome::Late))).await;
    assert_eq!(late.len(), 30);
}

#[tokio::test]
async fn passing_commands_are_told_and_signals_of_the_moment_are_not() {
    let receiver = Receiver::start().await;
    let stage = Stage::with(&[&receiver]).await;
    stage.webhook(&receiver, &[Topic::MessageSent]).await;
    stage.user("olaf").await;
    let to = || Target::User("olaf".parse::<UserId>().unwrap());
    stage.sends("nora", to(), Content::of("RC:TypSts", &json!({ "typingContentType": "RC:TxtMsg" }))).await;
    stage.sends("nora", to(), Content::of("RC:CmdMsg", &json!({ "name": "refresh", "data": "" }))).await;
    let arrived = receiver.requests(1).await.remove(0);
    let data = &arrived.body["data"];
    assert_eq!((&data["type"], &data["seq"], &data["target"]), (&json!("RC:CmdMsg"), &json!(null), &json!("olaf")));
    assert_eq!(arrived.sequence(), 1, "nothing was recorded before it");
}

#[tokio::test]
async fn a_webhook_hears_only_of_its_topics_and_only_while_it_is_on() {
    let receiver = Receiver::start().await;
    let stage = Stage::with(&[&receiver]).await;
    let (id, _) = stage.webhook(&receiver, &[Topic::MessageRecalled]).await;
    stage.says("nora", "olaf", "not wanted").await;
    let all = WebhookChange { topics: Some(Vec::new()), ..WebhookChange::default() };
    stage.backend().update_webhook(&id, all).await.unwrap();
    stage.says("nora", "olaf", "wanted").await;
    let off = WebhookChange { enabled: Some(false), ..WebhookChange::default() };
    receiver.requests(1).await;
    stage.backend().update_webhook(&id, off).await.unwrap();
    stage.says("nora", "olaf", "switched off").await;
    stage.backend().test_webhook(&id).await.unwrap();
    let on = WebhookChange { enabled: Some(true), ..WebhookChange::default() };
    stage.backend().update_webhook(&id, on).await.unwrap();
    let arrived = receiver.requests(2).await;
    let topics: Vec<_> = arrived.iter().map(|one| (one.words(), one.body["topic"].clone())).collect();
    assert_eq!(topics, [("wanted".to_owned(), json!("message.sent")), (String::new(), json!("webhook.test"))]);
    stage.backend().delete_webhook(&id).await.unwrap();
    stage.says("nora", "olaf", "deleted").await;
    assert_eq!(stage.backend().webhook(&id).await.unwrap_err().code, Code::NotFound);
}

#[tokio::test]
async fn n1_a_receiver_that_leads_inside_is_not_asked() {
    let receiver = Receiver::start().await;
    let mut stage = Stage::with(&[&receiver]).await;
    let (id, _) = stage.webhook(&receiver, &[]).await;
    stage.close_the_guard().await;
    stage.says("nora", "olaf", "hello").await;
    let tried = stage.until(&id, |all| all.iter().any(|one| one.outcome.is_some())).await;
    assert_eq!(tried[0].outcome, Some(Outcome::Forbidden));
    assert!(receiver.received().is_empty());
}

#[tokio::test]
async fn what_was_not_delivered_when_it_stopped_is_delivered_after_the_start() {
    let receiver = Receiver::answering(|_| ResponseTemplate::new(204).set_delay(Duration::from_mins(1))).await;
    let mut stage = Stage::with(&[&receiver]).await;
    let (id, _) = stage.webhook(&receiver, &[Topic::MessageSent]).await;
    stage.says("nora", "olaf", "one").await;
    let cut_off = receiver.requests(1).await.remove(0);
    receiver.answers(|_| ResponseTemplate::new(204));
    stage.stop().await;
    stage.says("nora", "olaf", "two").await;
    stage.passes(10);
    stage.deliver();
    let delivered = stage.until(&id, |all| all.iter().all(|one| one.state == DeliveryState::Delivered)).await;
    assert_eq!(delivered.len(), 2);
    let arrived = receiver.received();
    assert_eq!(arrived.iter().map(Received::words).collect::<Vec<_>>(), ["one", "one", "two"]);
    assert_eq!(arrived[1].id, cut_off.id, "a repetition has the same id");
}

#[tokio::test]
async fn bad_webhooks_are_refused_and_many_too() {
    let receiver = Receiver::start().await;
    let stage = Stage::with(&[&receiver]).await;
    let wish = |url: &str, description: &str| WebhookWish {
        url: url.to_owned(),
        description: description.to_owned(),
        topics: Vec::new(),
        form: Form::Standard,
        enabled: true,
    };
    for (url, description) in [
        ("http://127.0.0.1:1/", ""),
        ("http://10.0.0.1/", ""),
        ("https://user:password@example.com/", ""),
        ("nonsense", ""),
        ("https://example.com/", "two\nlines"),
    ] {
        let refused = stage.backend().create_webhook(wish(url, description)).await.unwrap_err();
        assert_eq!(refused.code, Code::BadRequest, "{url}");
    }
    for _ in 0..MAX_WEBHOOKS {
        stage.backend().create_webhook(wish("https://example.com/", "fine")).await.unwrap();
    }
    let refused = stage.backend().create_webhook(wish("https://example.com/", "")).await.unwrap_err();
    assert_eq!(refused.code, Code::LimitReached);
    let id = stage.backend().webhooks().await.unwrap()[0].id.clone();
    let list = DeliveryList { limit: 0, ..DeliveryList::default() };
    assert_eq!(stage.backend().deliveries(&id, list).await.unwrap_err().code, Code::BadRequest);
    assert_eq!(stage.backend().replay(&id, 7).await.unwrap_err().code, Code::NotFound);
}
