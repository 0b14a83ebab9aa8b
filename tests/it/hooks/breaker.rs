//! Receivers that fail are left alone, and those that are gone are switched off.

use parlor::{
    im::backend::webhooks::WebhookChange,
    model::{
        Topic,
        webhook::{DeliveryState, Outcome},
    },
};
use wiremock::ResponseTemplate;

use super::{receiver::Receiver, stage::Stage};

#[tokio::test]
async fn n3_who_fails_too_often_is_left_alone_then_probed_with_one() {
    let receiver = Receiver::answering(|_| ResponseTemplate::new(500)).await;
    let stage = Stage::with(&[&receiver]).await;
    let (id, _) = stage.webhook(&receiver, &[Topic::MessageSent]).await;
    for number in 0..5 {
        stage.says("nora", &format!("friend{number}"), "hello").await;
    }
    stage.until(&id, |all| all.iter().all(|one| one.attempts == 1)).await;
    let broken = stage.backend().webhook(&id).await.unwrap();
    assert_eq!((broken.failures, broken.paused_until), (5, Some(stage.im.now().plus_secs(60))));

    stage.passes(30);
    stage.says("nora", "somebody1", "hello").await;
    stage.says("nora", "somebody", "hello").await;
    stage.passes(31);
    let probed = stage.until(&id, |all| all.iter().any(|one| one.attempts == 2)).await;
    assert_eq!(probed.iter().map(|one| one.attempts).sum::<u32>(), 6, "one request found out that it still fails");
    let broken = stage.backend().webhook(&id).await.unwrap();
    assert_eq!((broken.failures, broken.paused_until), (6, Some(stage.im.now().plus_secs(120))));

    receiver.answers(|_| ResponseTemplate::new(200));
    stage.passes(121);
    stage.until(&id, |all| all.iter().all(|one| one.state == DeliveryState::Delivered)).await;
    let mended = stage.backend().webhook(&id).await.unwrap();
    assert_eq!((mended.failures, mended.paused_until), (0, None));
}

#[tokio::test]
async fn who_asks_to_be_left_alone_is() {
    let receiver = Receiver::answering(|_| ResponseTemplate::new(429).insert_header("retry-after", "120")).await;
    let stage = Stage::with(&[&receiver]).await;
    let (id, _) = stage.webhook(&receiver, &[Topic::MessageSent]).await;
    stage.says("nora", "olaf", "hello").await;
    let waiting = stage.until(&id, |all| all.iter().all(|one| one.attempts == 1)).await;
    assert_eq!(waiting[0].due_at, Some(stage.im.now().plus_secs(120)));
    let asked = stage.backend().webhook(&id).await.unwrap();
    assert_eq!(asked.paused_until, Some(stage.im.now().plus_secs(120)));
}

#[tokio::test]
async fn who_is_gone_is_switched_off_until_the_owner_says_otherwise() {
    let receiver = Receiver::answering(|_| ResponseTemplate::new(410)).await;
    let stage = Stage::with(&[&receiver]).await;
    let (id, _) = stage.webhook(&receiver, &[Topic::MessageSent]).await;
    stage.says("nora", "olaf", "hello").await;
    let tried = stage.until(&id, |all| all.iter().all(|one| one.attempts == 1)).await;
    assert_eq!(tried[0].outcome, Some(Outcome::Gone));
    let gone = stage.backend().webhook(&id).await.unwrap();
    assert!(gone.gone && !gone.enabled);
    stage.says("nora", "olaf", "nobody listens").await;
    assert_eq!(stage.deliveries(&id).await.len(), 1);

    receiver.answers(|_| ResponseTemplate::new(200));
    let on = WebhookChange { enabled: Some(true), ..WebhookChange::default() };
    stage.backend().update_webhook(&id, on).await.unwrap();
    stage.until(&id, |all| all.iter().all(|one| one.state == DeliveryState::Delivered)).await;
}
