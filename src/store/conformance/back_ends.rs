//! What back ends need: keys, signatures, first answers, the record, agents.

use super::{House, NOON, at, refused, token};
use crate::{
    model::{ApiKey, App, AppKey, Features, KeyId, Millis, NewAuditEntry, Role, Scope},
    store::{
        AgentAccount, Store, StoreError,
        answers::{AnswerLimits, KeptAnswer},
        api_keys::{KeptKey, SeenSignature},
    },
};

fn key_id(text: &str) -> KeyId {
    text.parse().unwrap()
}

fn kept(app: &AppKey, id: &str) -> KeptKey {
    let key = ApiKey {
        id: key_id(id),
        app: app.clone(),
        name: "Shop".to_owned(),
        scopes: vec![Scope::Read, Scope::App],
        created_at: NOON,
        expires_at: Some(at(60)),
        last_used_at: None,
    };
    KeptKey { key, secret: token(1), sealed_secret: vec![7; 80] }
}

pub(crate) async fn a_key_is_kept_used_and_revoked(store: &dyn Store) {
    let house = House::new(store).await;
    let made = kept(&house.app, "keyone");
    store.create_api_key(made.clone(), 2).await.unwrap();
    assert_eq!(store.api_key(&key_id("keyone")).await.unwrap(), Some(made));
    refused!(store.create_api_key(kept(&house.app, "keyone"), 2).await, StoreError::AlreadyExists);
    store.touch_api_key(&house.app, &key_id("keyone"), at(5)).await.unwrap();
    assert_eq!(store.api_keys(&house.app).await.unwrap()[0].last_used_at, Some(at(5)));
    store.create_api_key(kept(&house.app, "keytwo"), 2).await.unwrap();
    refused!(store.create_api_key(kept(&house.app, "three"), 2).await, StoreError::TooMany("keys"));
    assert!(store.revoke_api_key(&house.app, &key_id("keyone")).await.unwrap());
    assert!(!store.revoke_api_key(&house.app, &key_id("keyone")).await.unwrap());
    assert_eq!(store.api_key(&key_id("keyone")).await.unwrap(), None);
}

pub(crate) async fn a2_a_signature_is_seen_once_and_memory_is_bounded(store: &dyn Store) {
    House::new(store).await;
    let (one, two) = ("keyone", "app:keyone");
    let seen = |number: u8, now: Millis| SeenSignature { signature: [number; 32], expires_at: at(60), now };
    assert!(store.first_sight(one, seen(1, NOON), 3).await.unwrap());
    assert!(!store.first_sight(one, seen(1, at(59)), 3).await.unwrap());
    assert!(store.first_sight(two, seen(1, NOON), 3).await.unwrap());
    assert!(store.first_sight(one, seen(2, NOON), 3).await.unwrap());
    refused!(store.first_sight(one, seen(3, NOON), 3).await, StoreError::TooMany("signed requests"));
    assert!(store.first_sight(one, seen(3, at(61)), 3).await.unwrap(), "expired ones make room");
}

pub(crate) async fn a_first_answer_stays_until_it_is_old(store: &dyn Store) {
    let house = House::new(store).await;
    let limits = |since: Millis| AnswerLimits { since, most: 100 };
    let answer =
        |number: u8, when: Millis| KeptAnswer { request: [number; 32], status: 201, body: vec![number], at: when };
    store.keep_answer(&house.app, "one", answer(1, NOON), limits(at(-60))).await.unwrap();
    store.keep_answer(&house.app, "one", answer(2, at(1)), limits(at(-59))).await.unwrap();
    assert_eq!(store.kept_answer(&house.app, "one", at(-59)).await.unwrap(), Some(answer(1, NOON)));
    assert_eq!(store.kept_answer(&house.app, "two", at(-59)).await.unwrap(), None);
    assert_eq!(store.kept_answer(&house.app, "one", at(1)).await.unwrap(), None);
    store.keep_answer(&house.app, "one", answer(3, at(61)), limits(at(1))).await.unwrap();
    assert_eq!(store.kept_answer(&house.app, "one", at(1)).await.unwrap(), Some(answer(3, at(61))));
}

pub(crate) async fn the_oldest_answers_go_when_there_are_too_many(store: &dyn Store) {
    let house = House::new(store).await;
    let limits = AnswerLimits { since: at(-60), most: 3 };
    for number in 0..10_u8 {
        let answer = KeptAnswer { request: [number; 32], status: 200, body: Vec::new(), at: NOON };
        store.keep_answer(&house.app, &format!("{number}"), answer, limits).await.unwrap();
    }
    assert_eq!(store.kept_answer(&house.app, "0", at(-60)).await.unwrap(), None);
    assert!(store.kept_answer(&house.app, "9", at(-60)).await.unwrap().is_some());
}

pub(crate) async fn l2_the_record_grows_and_keeps_its_order(store: &dyn Store) {
    let house = House::new(store).await;
    let entry = |number: i64| NewAuditEntry {
        at: at(number),
        who: "key:keyone".to_owned(),
        what: "changeApp".to_owned(),
        target: String::new(),
        address: String::new(),
        request_id: String::new(),
    };
    let write_down = async |number: i64| {
        let begun = store.begin_entry(&house.app, entry(number)).await.unwrap();
        store.write_down(&house.app, begun, format!("{number}")).await.unwrap();
    };
    for number in 0..5 {
        write_down(number).await;
    }
    let first = store.audit(&house.app, None, 3).await.unwrap();
    let targets = |entries: &[crate::model::AuditEntry]| entries.iter().map(|it| it.target.clone()).collect::<Vec<_>>();
    assert_eq!(targets(&first), ["4", "3", "2"]);
    let rest = store.audit(&house.app, Some(first[2].number), 3).await.unwrap();
    assert_eq!(targets(&rest), ["1", "0"]);
    // After 400 days the old ones make room, a few with each new one.
    write_down(401 * 86_400).await;
    assert_eq!(targets(&store.audit(&house.app, None, 9).await.unwrap()), ["34646400", "4"]);
}

pub(crate) async fn l2_what_was_begun_is_settled_or_written_down_as_unsure(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let entry = |number: i64| NewAuditEntry {
        at: at(number),
        who: "key:keyone".to_owned(),
        what: "createKey".to_owned(),
        target: "before".to_owned(),
        address: "192.0.2.1".to_owned(),
        request_id: format!("r{number}"),
    };
    let mut begun = Vec::new();
    for number in 0..4 {
        begun.push(store.begin_entry(&house.app, entry(number)).await.unwrap());
    }
    store.begin_entry(&other.app, entry(1)).await.unwrap();
    assert_eq!(store.audit(&house.app, None, 9).await.unwrap(), [], "nothing is done yet");
    let late = begun.pop().unwrap();
    let refused = begun.pop().unwrap();
    let done = begun.remove(0);
    store.write_down(&house.app, done, "after".to_owned()).await.unwrap();
    // Another app's back end settles nothing of this one's.
    store.forget_entry(&other.app, begun[0].clone()).await.unwrap();
    store.forget_entry(&house.app, refused).await.unwrap();
    assert_eq!(store.write_down_unsure(at(1)).await.unwrap(), 0);
    assert_eq!(store.write_down_unsure(at(3)).await.unwrap(), 2, "one of each app");
    assert_eq!(store.write_down_unsure(at(3)).await.unwrap(), 0, "once");
    let listed = store.audit(&house.app, None, 9).await.unwrap();
    let shown: Vec<_> =
        listed.iter().map(|it| (it.request_id.as_str(), it.target.as_str(), it.unsure, it.at)).collect();
    assert_eq!(shown, [("r1", "before", true, at(1)), ("r0", "after", false, at(0))]);
    assert_eq!(store.audit(&other.app, None, 9).await.unwrap().len(), 1);
    // Whoever comes late says it all the same.
    store.write_down(&house.app, late.clone(), "late".to_owned()).await.unwrap();
    store.write_down(&house.app, late, "late".to_owned()).await.unwrap();
    assert_eq!(store.audit(&house.app, None, 9).await.unwrap().len(), 4);
}

pub(crate) async fn z1_another_app_has_its_own_keys_answers_and_record(store: &dyn Store) {
    let house = House::new(store).await;
    let other: AppKey = "otherapp".parse().unwrap();
    let app = App { key: other.clone(), name: "Other".to_owned(), features: Features::default(), created_at: NOON };
    store.create_app(app).await.unwrap();
    store.create_api_key(kept(&house.app, "keyone"), 2).await.unwrap();
    let answer = KeptAnswer { request: [1; 32], status: 200, body: Vec::new(), at: NOON };
    let limits = AnswerLimits { since: at(-60), most: 9 };
    store.keep_answer(&house.app, "one", answer, limits).await.unwrap();
    assert!(store.api_keys(&other).await.unwrap().is_empty());
    assert!(!store.revoke_api_key(&other, &key_id("keyone")).await.unwrap());
    assert_eq!(store.kept_answer(&other, "one", at(-60)).await.unwrap(), None);
    assert!(store.audit(&other, None, 9).await.unwrap().is_empty());
    assert!(store.agents(&other).await.unwrap().is_empty());
    refused!(store.disable_agent(&other, &super::user("anna"), NOON).await, StoreError::Missing("agent"));
    refused!(store.enable_agent(&other, &super::user("anna")).await, StoreError::Missing("agent"));
}

pub(crate) async fn o3_a_disabled_agent_is_found_no_more(store: &dyn Store) {
    let house = House::new(store).await;
    let person = super::person("carl", Role::Agent);
    let email = "carl@halden.example".to_owned();
    let account =
        AgentAccount { person, app: house.app.clone(), email: email.clone(), password_hash: "hash".to_owned() };
    store.create_agent(account, NOON).await.unwrap();
    store.create_login(&house.app, super::login("carl", 9, at(60))).await.unwrap();
    for secs in [5, 6] {
        store.disable_agent(&house.app, &super::user("carl"), at(secs)).await.unwrap();
    }
    assert!(store.agent_by_email(&email).await.unwrap().is_none());
    assert!(store.login(token(9), at(7)).await.unwrap().is_none());
    let listed = store.agents(&house.app).await.unwrap();
    let carl = listed.iter().find(|agent| agent.email == email).unwrap();
    assert_eq!((carl.created_at, carl.disabled_at), (NOON, Some(at(5))));
    let other = House::named(store, "other").await;
    refused!(store.enable_agent(&other.app, &super::user("carl")).await, StoreError::Missing("agent"));
    assert!(store.agent_by_email(&email).await.unwrap().is_none());
    for _ in 0..2 {
        store.enable_agent(&house.app, &super::user("carl")).await.unwrap();
    }
    assert_eq!(store.agent_by_email(&email).await.unwrap().unwrap().person.id, super::user("carl"));
    assert!(store.login(token(9), at(7)).await.unwrap().is_none(), "what ended stays ended");
    let listed = store.agents(&house.app).await.unwrap();
    assert_eq!(listed.iter().find(|agent| agent.email == email).unwrap().disabled_at, None);
}
