//! Order within a conversation, retries, giving up and going on.

use parlor::model::{
    Topic,
    webhook::{DeliveryState, Outcome},
};
use wiremock::ResponseTemplate;

use super::{
    receiver::{Received, Receiver, by_words},
    stage::Stage,
};

#[tokio::test]
async fn n3_while_one_waits_for_its_retry_the_later_of_its_conversation_wait_and_others_go_on() {
    let receiver = Receiver::answering(by_words(&[("first", 500)])).await;
    let stage = Stage::with(&[&receiver]).await;
    let (id, _) = stage.webhook(&receiver, &[Topic::MessageSent]).await;
    stage.says("nora", "olaf", "first").await;
    stage.says("nora", "olaf", "second").await;
    stage.says("nora", "pia", "elsewhere").await;
    stage.says("nora", "olaf", "third").await;

    stage.until(&id, |all| all[2].state == DeliveryState::Delivered && all[0].attempts == 1).await;
    let arrived = receiver.received();
    assert!(arrived.iter().all(|one| ["first", "elsewhere"].contains(&one.words().as_str())), "{arrived:#?}");
    stage.passes(7);
    stage.until(&id, |all| all[0].attempts == 2).await;
    receiver.answers(|_| ResponseTemplate::new(200));
    stage.passes(75);
    let delivered = stage.until(&id, |all| all.iter().all(|one| one.state == DeliveryState::Delivered)).await;
    assert_eq!(delivered.iter().map(|one| one.attempts).collect::<Vec<_>>(), [3, 1, 1, 1]);

    let arrived = receiver.received();
    let first: Vec<_> = arrived.iter().filter(|one| one.words() == "first").collect();
    assert_eq!(first.len(), 3);
    assert!(first.iter().all(|one| one.id == first[0].id && one.raw == first[0].raw), "attempts are the same notice");
    let with_olaf: Vec<_> =
        arrived.iter().skip(1).filter(|one| one.words() != "elsewhere").map(Received::words).collect();
    assert_eq!(with_olaf, ["first", "first", "second", "third"]);
    let mut sequences: Vec<_> = arrived.iter().map(Received::sequence).collect();
    sequences.sort_unstable();
    sequences.dedup();
    assert_eq!(sequences, [1, 2, 3, 4], "a receiver sees by them that nothing is missing");
}

#[tokio::test]
async fn n3_what_fails_for_ever_is_given_up_visible_and_can_be_replayed() {
    let receiver = Receiver::answering(by_words(&[("first", 404)])).await;
    let stage = Stage::with(&[&receiver]).await;
    let (id, _) = stage.webhook(&receiver, &[Topic::MessageSent]).await;
    stage.says("nora", "olaf", "first").await;
    stage.says("nora", "olaf", "second").await;
    for attempts in 1..=7 {
        // A message elsewhere gets through, so that this is no receiver to be left alone.
        stage.says("nora", "pia", "fine").await;
        stage.until(&id, |all| all[0].attempts >= attempts).await;
        let last = all_but_first(&stage, &id).await;
        stage.until(&id, |all| all[last].state == DeliveryState::Delivered).await;
        stage.passes(30 * 3600);
    }
    let given_up = stage.until(&id, |all| all[0].state == DeliveryState::Parked).await;
    assert_eq!((given_up[0].attempts, given_up[0].outcome), (7, Some(Outcome::Refused)));
    stage.until(&id, |all| all[1].state == DeliveryState::Delivered).await;

    receiver.answers(|_| ResponseTemplate::new(200));
    let replayed = stage.backend().replay_parked(&id, given_up[0].at).await.unwrap();
    assert_eq!(replayed, 1);
    stage.until(&id, |all| all[0].state == DeliveryState::Delivered).await;
    let before = receiver.received().len();
    stage.backend().replay(&id, 2).await.unwrap();
    let arrived = receiver.requests(before + 1).await;
    assert_eq!(arrived.last().unwrap().words(), "second");
}

async fn all_but_first(stage: &Stage, id: &parlor::model::WebhookId) -> usize {
    stage.deliveries(id).await.len() - 1
}

#[tokio::test]
async fn a_hundred_messages_of_one_conversation_arrive_in_order() {
    let receiver = Receiver::start().await;
    let stage = Stage::with(&[&receiver]).await;
    stage.webhook(&receiver, &[Topic::MessageSent]).await;
    for number in 0..100 {
        stage.says("nora", "olaf", &number.to_string()).await;
    }
    let arrived = receiver.requests(100).await;
    let words: Vec<_> = arrived.iter().map(Received::words).collect();
    assert_eq!(words, (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
}
