//! Finding conversations by their other side, and messages by what clients know of them.

use super::{House, at, message, person, user};
use crate::{
    model::{
        ConversationId, Kind, Message, Millis, Role, Seq, Site, SiteKey, Stage, Stretch,
        conversation::Keeping,
        site::{Look, Origin},
    },
    store::{NewService, Store},
};

pub(crate) async fn a_pair_is_found_from_both_sides_once_it_is_there(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let (alice, bob) = (user("alice"), user("bob"));
    assert_eq!(store.find_pair(&house.app, Kind::Private, &alice, &bob).await.unwrap(), None);
    let id = house.private().await.id;
    assert_eq!(store.find_pair(&house.app, Kind::Private, &alice, &bob).await.unwrap(), Some(id));
    assert_eq!(store.find_pair(&house.app, Kind::Private, &bob, &alice).await.unwrap(), Some(id));
    assert_eq!(store.find_pair(&house.app, Kind::System, &bob, &alice).await.unwrap(), None);
    assert_eq!(store.find_pair(&other.app, Kind::Private, &bob, &alice).await.unwrap(), None);
}

async fn second_site(house: &House<'_>) -> SiteKey {
    let key: SiteKey = "secondsite".parse().unwrap();
    let site = Site {
        key: key.clone(),
        app: house.app.clone(),
        name: "Second".into(),
        origins: vec![Origin::parse("https://second.example").unwrap()],
        look: Look::default(),
        created_at: at(0),
    };
    house.store.create_site(site).await.unwrap();
    key
}

async fn begin_on(house: &House<'_>, site: &SiteKey, who: &str, since: Millis) -> ConversationId {
    let new = NewService {
        id: super::fresh_id(),
        site: site.clone(),
        visitor: user(who),
        stage: Stage::Queued { since },
        context: super::Context::default(),
        at: since,
    };
    house.store.begin_service(&house.app, new).await.unwrap().id
}

pub(crate) async fn a_user_has_one_open_conversation_with_each_site(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let second = second_site(&house).await;
    let first = begin_on(&house, &house.site, "alice", at(1)).await;
    let elsewhere = begin_on(&house, &second, "alice", at(2)).await;
    assert_ne!(first, elsewhere);
    assert_eq!(begin_on(&house, &second, "alice", at(3)).await, elsewhere);
    let open = async |app| {
        let open = store.open_services(app, &user("alice")).await.unwrap();
        open.iter().map(|conversation| conversation.id).collect::<Vec<_>>()
    };
    assert_eq!(open(&house.app).await, [first, elsewhere]);
    assert!(open(&other.app).await.is_empty());
    house.end(first, "anna", at(4)).await.unwrap();
    assert_eq!(open(&house.app).await, [elsewhere]);
    let again = begin_on(&house, &house.site, "alice", at(5)).await;
    let episodes = async |site, limit| store.episodes(&house.app, &user("alice"), site, limit).await.unwrap();
    assert_eq!(episodes(&house.site, 10).await, [again, first], "newest first, open or ended");
    assert_eq!(episodes(&house.site, 1).await, [again]);
    assert_eq!(episodes(&second, 10).await, [elsewhere]);
    assert_eq!(store.episodes(&house.app, &user("bob"), &second, 10).await.unwrap(), []);
    assert_eq!(store.episodes(&other.app, &user("alice"), &second, 10).await.unwrap(), []);
}

pub(crate) async fn episodes_are_read_like_one_conversation(store: &dyn Store) {
    let house = House::new(store).await;
    let second = second_site(&house).await;
    let (mut said, mut second_of_day): (Vec<Message>, i64) = (Vec::new(), 0);
    let mut tick = || {
        second_of_day += 1;
        at(second_of_day)
    };
    let mut last = None;
    for words in [3, 0, 1, 7, 2] {
        let id = begin_on(&house, &house.site, "alice", tick()).await;
        // The last words of an episode may come when the next one has begun.
        if let Some(ended) = last.take() {
            let note = super::NewMessage {
                demand: super::Demand::Nothing,
                ..message(ended, person("anna", Role::Agent), "late", tick())
            };
            said.push(store.append(&house.app, note).await.unwrap().message);
        }
        for _ in 0..words {
            let new = message(id, person("alice", Role::User), "words", tick());
            said.push(store.append(&house.app, new).await.unwrap().message);
        }
        house.end(id, "anna", tick()).await.unwrap();
        last = Some(id);
    }
    let elsewhere = begin_on(&house, &second, "alice", tick()).await;
    house.says(elsewhere, person("alice", Role::User), "another desk", tick()).await;

    let page = async |stretch: Stretch| {
        let found = store.episode_page(&house.app, &user("alice"), &house.site, &stretch).await.unwrap();
        (found.messages, found.more)
    };
    for instant in 0..=30 {
        for limit in 1..=said.len() + 1 {
            let most = u16::try_from(limit).unwrap();
            let older: Vec<_> = said.iter().filter(|message| message.at < at(instant)).cloned().collect();
            let newest = older[older.len().saturating_sub(limit)..].to_vec();
            let (found, more) = page(Stretch { before: Some(at(instant)), after: None, limit: most }).await;
            assert_eq!(found, newest, "{limit} before {instant}");
            assert!(more || older.len() <= limit, "{limit} before {instant}");
            let newer: Vec<_> = said.iter().filter(|message| message.at > at(instant)).cloned().collect();
            let oldest = newer[..newer.len().min(limit)].to_vec();
            let (found, more) = page(Stretch { before: None, after: Some(at(instant)), limit: most }).await;
            assert_eq!(found, oldest, "{limit} after {instant}");
            assert!(more || newer.len() <= limit, "{limit} after {instant}");
        }
    }
    let (found, more) = page(Stretch { before: None, after: None, limit: 100 }).await;
    assert_eq!((found, more), (said.clone(), false));
    let change = Keeping::ClearedUntil(said[5].at);
    store.keep(&house.app, said[5].conversation, &user("alice"), change).await.unwrap();
    let (found, _) = page(Stretch { before: None, after: None, limit: 100 }).await;
    assert!(!found.contains(&said[5]), "as the visitor sees it");
}

pub(crate) async fn places_are_found_by_time_and_by_id(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let id = house.private().await.id;
    let until = async |instant| store.last_until(&house.app, id, instant).await.unwrap();
    assert_eq!(until(at(9)).await, Seq(0));
    let mut uids = Vec::new();
    for second in [10, 20, 30, 40] {
        let new = message(id, person("alice", Role::User), "words", at(second));
        uids.push(store.append(&house.app, new).await.unwrap().message.uid);
    }
    for (instant, place) in [(9, 0), (10, 1), (19, 1), (20, 2), (35, 3), (40, 4), (99, 4)] {
        assert_eq!(until(at(instant)).await, Seq(place), "{instant}");
    }
    assert!(super::no_conversation(&store.last_until(&other.app, id, at(9)).await));
    let mut placed = store.placed(&house.app, &user("bob"), &[uids[3], uids[1]]).await.unwrap();
    placed.sort_unstable();
    assert_eq!(placed, [(id, Seq(2)), (id, Seq(4))]);
    assert_eq!(store.placed(&house.app, &user("anna"), &uids).await.unwrap(), []);
    assert_eq!(store.placed(&other.app, &user("bob"), &uids).await.unwrap(), []);
}
