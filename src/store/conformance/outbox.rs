//! Webhooks, what is recorded for them, and the order in which it becomes due.

use serde_json::{Value, json};

use super::{House, NOON, Store, at, message, person, refused, user};
use crate::{
    model::{
        AppKey, Content, ConversationId, Features, Kind, Millis, Notice, Role, Source, Stage, Topic, UserId, WebhookId,
        content::names,
        conversation::Rating,
        webhook::{Attempt, DeliveryList, DeliveryState, MAX_WEBHOOKS, Outcome},
    },
    store::{
        GroupStep, NewGroup, NewMessage, NewTicket, StoreError,
        outbox::{Attempted, Due, Health, Keeping, NewWebhook, SealedSecrets, Then, WebhookWish},
    },
};

fn wish(topics: &[Topic]) -> WebhookWish {
    let url = "https://hook.example/".to_owned();
    WebhookWish {
        url,
        description: "routing".to_owned(),
        topics: topics.to_vec(),
        form: crate::model::webhook::Form::Standard,
        enabled: true,
    }
}

async fn webhook(house: &House<'_>, name: &str, topics: &[Topic]) -> WebhookId {
    let id: WebhookId = name.parse().unwrap();
    let new = NewWebhook { id: id.clone(), wish: wish(topics), secret: vec![1, 2, 3], at: NOON };
    house.store.create_webhook(&house.app, new).await.unwrap().unwrap();
    id
}

async fn due(house: &House<'_>, id: &WebhookId, now: Millis) -> Vec<Due> {
    house.store.due_deliveries(&house.app, id, now, 100).await.unwrap()
}

async fn sequences(house: &House<'_>, id: &WebhookId, now: Millis) -> Vec<u64> {
    due(house, id, now).await.iter().map(|due| due.sequence).collect()
}

async fn try_one(house: &House<'_>, id: &WebhookId, sequence: u64, now: Millis, then: Then) {
    let outcome = if then == Then::Delivered { Outcome::Delivered } else { Outcome::Failed };
    let attempt = Attempt { at: now, millis: 12, outcome };
    let attempted = Attempted { sequence, attempt, then, health: Health::default() };
    house.store.attempted(&house.app, id, attempted).await.unwrap();
}

async fn states(house: &House<'_>, id: &WebhookId) -> Vec<(u64, DeliveryState)> {
    let list = DeliveryList { limit: 100, ..DeliveryList::default() };
    let page = house.store.deliveries(&house.app, id, &list).await.unwrap();
    page.deliveries.iter().rev().map(|delivery| (delivery.sequence, delivery.state)).collect()
}

fn body(due: &Due) -> Value {
    serde_json::from_str(due.notice.body.get()).unwrap()
}

async fn says(house: &House<'_>, conversation: ConversationId, words: &str) {
    house.says(conversation, person("alice", Role::User), words, at(1)).await;
}

fn passing(topic: Topic, user: Option<&str>) -> Notice {
    let notice = Notice::new(topic, at(1), &json!({ "user": user }));
    match user {
        Some(id) => notice.of_user(id.parse::<UserId>().unwrap()),
        None => notice,
    }
}

pub(crate) async fn a_webhook_is_made_changed_and_ended(store: &dyn Store) {
    let house = House::new(store).await;
    let id = webhook(&house, "wh01", &[Topic::MessageSent]).await;
    let made = store.webhook(&house.app, &id).await.unwrap().unwrap();
    assert_eq!((made.url.as_str(), made.topics.as_slice()), ("https://hook.example/", &[Topic::MessageSent][..]));
    assert!(made.enabled && !made.gone && made.sequence == 0);

    let changed = WebhookWish { enabled: false, topics: vec![], ..wish(&[]) };
    let changed = store.update_webhook(&house.app, &id, changed, at(5)).await.unwrap();
    assert!(!changed.enabled && changed.topics.is_empty() && changed.changed_at == at(5));

    let secrets = SealedSecrets { current: vec![9], old: Some((vec![1, 2, 3], at(60))) };
    store.set_webhook_secrets(&house.app, &id, secrets.clone()).await.unwrap();
    assert_eq!(store.webhook_secrets(&house.app, &id).await.unwrap(), Some(secrets));

    store.delete_webhook(&house.app, &id).await.unwrap();
    assert_eq!(store.webhook(&house.app, &id).await.unwrap(), None);
    assert!(store.webhooks(&house.app).await.unwrap().is_empty());
    refused!(store.delete_webhook(&house.app, &id).await, StoreError::Missing("webhook"));
}

pub(crate) async fn an_app_has_so_many_webhooks(store: &dyn Store) {
    let house = House::new(store).await;
    for number in 0..MAX_WEBHOOKS {
        webhook(&house, &format!("wh0{number}"), &[]).await;
    }
    let new = |id: &str| NewWebhook { id: id.parse().unwrap(), wish: wish(&[]), secret: vec![1], at: NOON };
    assert_eq!(store.create_webhook(&house.app, new("one2many")).await.unwrap(), None);
    store.delete_webhook(&house.app, &"wh00".parse().unwrap()).await.unwrap();
    assert!(store.create_webhook(&house.app, new("one2many")).await.unwrap().is_some());
}

pub(crate) async fn a_kept_message_is_recorded_once_for_whoever_wants_it(store: &dyn Store) {
    let house = House::new(store).await;
    let conversation = house.private().await.id;
    says(&house, conversation, "before anybody listens").await;
    let all = webhook(&house, "all0", &[]).await;
    let online = webhook(&house, "online", &[Topic::UserOnline]).await;
    let client_id = Some("one".parse().unwrap());
    let new = NewMessage { client_id, ..message(conversation, person("alice", Role::User), "hello", at(1)) };
    let kept = store.append(&house.app, new.clone()).await.unwrap().message;
    store.append(&house.app, new).await.unwrap();

    let due = due(&house, &all, at(1)).await;
    assert_eq!(due.len(), 1, "a retry is not told again");
    assert_eq!((due[0].sequence, due[0].notice.topic, due[0].notice.seq), (1, Topic::MessageSent, kept.seq));
    let body = body(&due[0]);
    assert_eq!(body["uid"], json!(kept.uid));
    assert_eq!((&body["kind"], &body["target"], &body["source"]), (&json!("private"), &json!("bob"), &json!("client")));
    assert_eq!((&body["type"], &body["content"]), (&json!("RC:TxtMsg"), &json!({ "content": "hello" })));
    assert_eq!(
        (&body["from"]["id"], &body["at"], &body["client_id"]),
        (&json!("alice"), &json!(kept.at), &json!("one"))
    );
    assert!(sequences(&house, &online, at(9)).await.is_empty());
}

pub(crate) async fn what_the_back_end_sent_is_told_only_on_request(store: &dyn Store) {
    let house = House::new(store).await;
    let conversation = house.private().await.id;
    let id = webhook(&house, "wh01", &[]).await;
    let from_api =
        || NewMessage { source: Source::Api, ..message(conversation, person("alice", Role::User), "by rest", at(1)) };
    store.append(&house.app, from_api()).await.unwrap();
    assert!(sequences(&house, &id, at(9)).await.is_empty());
    store.set_features(&house.app, Features { echo_back_end: true, ..Features::default() }).await.unwrap();
    store.append(&house.app, from_api()).await.unwrap();
    assert_eq!(sequences(&house, &id, at(9)).await, [1]);
}

pub(crate) async fn every_change_of_the_engine_is_told(store: &dyn Store) {
    let house = House::new(store).await;
    let id = webhook(&house, "wh01", &[]).await;
    let asked = house.queued("vera", at(1)).await;
    house.accept(asked.id, "anna", at(2)).await.unwrap();
    let rating = Rating { stars: 5, tags: vec![], text: String::new(), solved: None, at: at(3) };
    store.rate(&house.app, asked.id, rating).await.unwrap();
    let answers = json!({ "msg_content": "later" }).to_string();
    let ticket = NewTicket { conversation: asked.id, answers, at: at(3) };
    store.create_ticket(&house.app, ticket).await.unwrap();
    house.end(asked.id, "anna", at(4)).await.unwrap();
    let group = NewGroup {
        id: super::fresh_id(),
        kind: Kind::Group,
        handle: Some("room-7".parse().unwrap()),
        name: "Seven".to_owned(),
        owner: user("alice"),
        users: vec![user("bob")],
        at: at(5),
    };
    let group = store.create_group(&house.app, group).await.unwrap();
    store.change_group(&house.app, group.id, GroupStep::Rename("Eight".to_owned()), at(6)).await.unwrap();
    let said = message(group.id, person("alice", Role::User), "hi", at(7));
    let said = store.append(&house.app, said).await.unwrap().message;
    let recalled = Content::of(names::RECALLED, &json!({}));
    store.replace_content(&house.app, said.uid, recalled, at(8)).await.unwrap();

    let list = DeliveryList { limit: 100, ..DeliveryList::default() };
    let page = store.deliveries(&house.app, &id, &list).await.unwrap();
    let topics: Vec<_> = page.deliveries.iter().rev().map(|delivery| delivery.topic.name()).collect();
    assert_eq!(
        topics,
        [
            "conversation.started",
            "conversation.assigned",
            "conversation.rated",
            "conversation.message_left",
            "conversation.ended",
            "group.changed",
            "group.changed",
            "message.sent",
            "message.recalled",
        ]
    );
    let heads = due(&house, &id, at(9)).await;
    assert_eq!(heads.iter().map(|due| due.sequence).collect::<Vec<_>>(), [1, 6], "one of each conversation");
    assert_eq!(body(&heads[1])["target"], json!("room-7"));
    assert_eq!(body(&heads[1])["change"]["name"], json!("founded"));
    assert!(matches!(asked.service.unwrap().stage, Stage::Queued { .. }));
}

pub(crate) async fn later_notices_of_a_conversation_wait_for_the_earlier(store: &dyn Store) {
    let house = House::new(store).await;
    let (one, two) = (house.private().await.id, house.queued("vera", NOON).await.id);
    let id = webhook(&house, "wh01", &[Topic::MessageSent, Topic::UserOnline]).await;
    for words in ["1", "2", "3"] {
        says(&house, one, words).await;
    }
    house.says(two, person("vera", Role::Visitor), "4", at(1)).await;
    assert_eq!(sequences(&house, &id, at(1)).await, [1, 4]);

    try_one(&house, &id, 1, at(2), Then::Retry(at(60))).await;
    assert_eq!(sequences(&house, &id, at(30)).await, [4], "2 waits behind 1");
    assert_eq!(store.next_due(at(2)).await.unwrap(), Some(at(60)));
    try_one(&house, &id, 1, at(60), Then::Delivered).await;
    try_one(&house, &id, 4, at(60), Then::Delivered).await;
    assert_eq!(sequences(&house, &id, at(60)).await, [2]);
    try_one(&house, &id, 2, at(61), Then::Park).await;
    assert_eq!(sequences(&house, &id, at(61)).await, [3], "a given-up one holds nobody");

    store.record(&house.app, passing(Topic::UserOnline, Some("bob"))).await.unwrap();
    store.record(&house.app, passing(Topic::UserOnline, Some("bob"))).await.unwrap();
    store.record(&house.app, passing(Topic::UserOnline, None)).await.unwrap();
    store.record(&house.app, passing(Topic::UserOnline, None)).await.unwrap();
    assert_eq!(sequences(&house, &id, at(61)).await, [5, 7, 8, 3], "those about nobody wait for nobody");
}

pub(crate) async fn what_was_given_up_can_go_on(store: &dyn Store) {
    let house = House::new(store).await;
    let conversation = house.private().await.id;
    let id = webhook(&house, "wh01", &[]).await;
    for words in ["1", "2", "3", "4"] {
        says(&house, conversation, words).await;
    }
    for sequence in [1, 2] {
        try_one(&house, &id, sequence, at(2), Then::Park).await;
    }
    try_one(&house, &id, 3, at(3), Then::Retry(at(100))).await;
    assert_eq!(store.replay_parked(&house.app, &id, NOON, at(4)).await.unwrap(), 2);
    assert!(sequences(&house, &id, at(50)).await.is_empty(), "they stand behind what is on its way");
    try_one(&house, &id, 3, at(100), Then::Delivered).await;
    for sequence in [1, 2, 4] {
        assert_eq!(sequences(&house, &id, at(100)).await, [sequence]);
        try_one(&house, &id, sequence, at(100), Then::Delivered).await;
    }
    let again = store.replay(&house.app, &id, 2, at(200)).await.unwrap();
    assert_eq!((again.state, again.attempts, again.due_at), (DeliveryState::Waiting, 0, Some(at(200))));
    let (_, attempts) = store.delivery(&house.app, &id, 2).await.unwrap().unwrap();
    assert_eq!(
        attempts.iter().map(|attempt| attempt.outcome).collect::<Vec<_>>(),
        [Outcome::Failed, Outcome::Delivered]
    );
    refused!(store.replay(&house.app, &id, 99, at(1)).await, StoreError::Missing("delivery"));
}

pub(crate) async fn a_paused_or_switched_off_webhook_is_not_asked(store: &dyn Store) {
    let house = House::new(store).await;
    let conversation = house.private().await.id;
    let id = webhook(&house, "wh01", &[]).await;
    says(&house, conversation, "1").await;
    let endpoints = async |now| store.due_endpoints(now, 10).await.unwrap().len();
    assert_eq!((endpoints(NOON).await, endpoints(at(1)).await), (0, 1));

    let attempt = Attempt { at: at(1), millis: 1, outcome: Outcome::Failed };
    let health = Health { failures: 5, paused_until: Some(at(60)), gone: false };
    let then = Then::Retry(at(5));
    store.attempted(&house.app, &id, Attempted { sequence: 1, attempt, then, health }).await.unwrap();
    assert_eq!((endpoints(at(59)).await, endpoints(at(60)).await), (0, 1));
    assert_eq!(store.due_endpoints(at(60), 10).await.unwrap()[0].failures, 5);

    let health = Health { gone: true, ..Health::default() };
    store.attempted(&house.app, &id, Attempted { sequence: 1, attempt, then, health }).await.unwrap();
    assert_eq!(endpoints(at(99)).await, 0);
    let gone = store.webhook(&house.app, &id).await.unwrap().unwrap();
    assert!(gone.gone && !gone.enabled);
    says(&house, conversation, "nobody listens").await;
    let back = store.update_webhook(&house.app, &id, wish(&[]), at(100)).await.unwrap();
    assert!(!back.gone && back.failures == 0 && back.sequence == 1);
    assert_eq!(endpoints(at(100)).await, 1, "what waited goes on");
}

pub(crate) async fn the_outbox_stays_bounded(store: &dyn Store) {
    let house = House::new(store).await;
    let conversation = house.private().await.id;
    let (id, ended) = (webhook(&house, "wh01", &[]).await, webhook(&house, "ended", &[]).await);
    for words in ["1", "2", "3"] {
        says(&house, conversation, words).await;
    }
    try_one(&house, &id, 1, at(2), Then::Delivered).await;
    try_one(&house, &id, 2, at(2), Then::Park).await;
    store.delete_webhook(&house.app, &ended).await.unwrap();
    let keep = |delivered, waiting, parked| Keeping {
        delivered_before: at(delivered),
        waiting_before: at(waiting),
        parked_before: at(parked),
    };
    assert_eq!(store.prune_outbox(keep(0, 0, 0)).await.unwrap(), 3, "what was recorded for the ended one");
    assert_eq!(store.prune_outbox(keep(2, 0, 0)).await.unwrap(), 1);
    assert_eq!(states(&house, &id).await, [(2, DeliveryState::Parked), (3, DeliveryState::Waiting)]);
    assert_eq!(store.prune_outbox(keep(2, 2, 0)).await.unwrap(), 1);
    let backlog = store.backlog().await.unwrap();
    assert_eq!((backlog.waiting, backlog.parked), (0, 2));
    assert_eq!(store.prune_outbox(keep(2, 2, 2)).await.unwrap(), 2);
    assert!(states(&house, &id).await.is_empty());
}

pub(crate) async fn z1_webhooks_belong_to_their_app(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let id = webhook(&house, "wh01", &[]).await;
    says(&house, house.private().await.id, "ours").await;
    let theirs: &AppKey = &other.app;
    assert_eq!(store.webhook(theirs, &id).await.unwrap(), None);
    assert_eq!(store.webhook_secrets(theirs, &id).await.unwrap(), None);
    assert!(store.webhooks(theirs).await.unwrap().is_empty());
    refused!(store.update_webhook(theirs, &id, wish(&[]), NOON).await, StoreError::Missing("webhook"));
    refused!(store.delete_webhook(theirs, &id).await, StoreError::Missing("webhook"));
    refused!(store.replay(theirs, &id, 1, NOON).await, StoreError::Missing("webhook"));
    refused!(store.replay_parked(theirs, &id, NOON, NOON).await, StoreError::Missing("webhook"));
    refused!(store.record_for(theirs, &id, passing(Topic::Test, None)).await, StoreError::Missing("webhook"));
    assert_eq!(store.delivery(theirs, &id, 1).await.unwrap(), None);
    assert!(store.due_deliveries(theirs, &id, at(9), 10).await.unwrap().is_empty());
    let list = DeliveryList { limit: 10, ..DeliveryList::default() };
    assert!(store.deliveries(theirs, &id, &list).await.unwrap().deliveries.is_empty());
    store.record(theirs, passing(Topic::UserOnline, None)).await.unwrap();
    assert_eq!(sequences(&house, &id, at(9)).await, [1], "their notices are not ours");
    assert_eq!(store.record_for(&house.app, &id, passing(Topic::Test, None)).await.unwrap(), 2);
}
