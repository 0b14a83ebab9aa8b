//! Accounts that speak to many, and who follows them.

use super::{House, at, person, refused, user};
use crate::{
    model::{Kind, Person, PublicService, Role, UserId},
    store::{Store, StoreError},
};

fn service(id: &str, kind: Kind) -> PublicService {
    let followed = kind == Kind::AppService;
    PublicService { person: person(id, Role::System), kind, about: format!("About {id}"), followed }
}

async fn save(house: &House<'_>, id: &str, kind: Kind) {
    house.store.save_public_service(&house.app, service(id, kind), at(1)).await.unwrap();
}

async fn follow(house: &House<'_>, id: &str, who: &str, on: bool) {
    house.store.follow(&house.app, &user(id), &user(who), on, at(2)).await.unwrap();
}

async fn follows(house: &House<'_>, id: &str, who: &str) -> bool {
    house.store.public_service(&house.app, &user(id), Some(&user(who))).await.unwrap().unwrap().followed
}

async fn search(house: &House<'_>, who: Option<&str>, filter: (&str, bool), page: (Option<&str>, u16)) -> Vec<String> {
    let (who, after): (Option<UserId>, Option<UserId>) = (who.map(user), page.0.map(user));
    let found = house.store.public_services(&house.app, who.as_ref(), filter, after.as_ref(), page.1).await.unwrap();
    found.into_iter().map(|service| service.person.id.to_string()).collect()
}

pub(crate) async fn a_public_service_is_saved_changed_and_keeps_its_kind(store: &dyn Store) {
    let house = House::new(store).await;
    let news = user("news");
    assert_eq!(store.public_service(&house.app, &news, None).await.unwrap(), None);
    save(&house, "news", Kind::PublicService).await;
    let found = store.public_service(&house.app, &news, None).await.unwrap();
    assert_eq!(found, Some(service("news", Kind::PublicService)));
    assert_eq!(store.user(&house.app, &news).await.unwrap(), Some(person("news", Role::System)));
    let portrait = Some("https://shop.example/news.png".to_owned());
    let renamed = PublicService {
        person: Person { name: "Weekly".to_owned(), portrait, ..person("news", Role::System) },
        about: String::new(),
        ..service("news", Kind::PublicService)
    };
    store.save_public_service(&house.app, renamed.clone(), at(2)).await.unwrap();
    assert_eq!(store.public_service(&house.app, &news, None).await.unwrap(), Some(renamed.clone()));
    let other_kind = service("news", Kind::AppService);
    refused!(store.save_public_service(&house.app, other_kind, at(3)).await, StoreError::AlreadyExists);
    assert_eq!(store.public_service(&house.app, &news, None).await.unwrap(), Some(renamed), "all or nothing");
}

pub(crate) async fn a_person_is_no_public_service(store: &dyn Store) {
    let house = House::new(store).await;
    for name in ["alice", "anna", "vera"] {
        let posing = service(name, Kind::PublicService);
        refused!(store.save_public_service(&house.app, posing, at(1)).await, StoreError::AlreadyExists);
        assert_eq!(store.public_service(&house.app, &user(name), None).await.unwrap(), None);
    }
    // A sender of system messages is none either, until it is made one.
    store.save_user(&house.app, person("shipping", Role::System), at(1)).await.unwrap();
    assert_eq!(store.public_service(&house.app, &user("shipping"), None).await.unwrap(), None);
    save(&house, "shipping", Kind::AppService).await;
    assert!(follows(&house, "shipping", "alice").await);
}

pub(crate) async fn who_follows_does_so_once_and_until_they_leave(store: &dyn Store) {
    let house = House::new(store).await;
    save(&house, "news", Kind::PublicService).await;
    save(&house, "weather", Kind::AppService).await;
    assert!(follows(&house, "weather", "alice").await, "every user has it");
    for _ in 0..2 {
        follow(&house, "news", "alice", true).await;
        assert!(follows(&house, "news", "alice").await && !follows(&house, "news", "bob").await);
    }
    save(&house, "news", Kind::PublicService).await;
    assert!(follows(&house, "news", "alice").await, "a change of the account leaves its followers");
    for _ in 0..2 {
        follow(&house, "news", "alice", false).await;
        assert!(!follows(&house, "news", "alice").await);
    }
    let stranger = store.follow(&house.app, &user("news"), &user("nobody"), true, at(3)).await;
    refused!(stranger, StoreError::Missing("user"));
    let nowhere = store.follow(&house.app, &user("nobody"), &user("alice"), true, at(3)).await;
    refused!(nowhere, StoreError::Missing("user"));
    assert!(store.follow(&house.app, &user("bob"), &user("alice"), true, at(3)).await.is_err(), "bob is no service");
    // What went wrong left nothing behind.
    assert_eq!(search(&house, Some("alice"), ("", true), (None, 9)).await, ["weather"]);
}

pub(crate) async fn public_services_are_found_page_by_page(store: &dyn Store) {
    let house = House::new(store).await;
    for (id, kind) in [
        ("weather", Kind::AppService),
        ("News-b", Kind::PublicService),
        ("news-a", Kind::PublicService),
        ("sports", Kind::PublicService),
    ] {
        save(&house, id, kind).await;
    }
    follow(&house, "sports", "alice", true).await;
    let all = ["News-b", "news-a", "sports", "weather"];
    assert_eq!(search(&house, None, ("", false), (None, 9)).await, all);
    let (mut after, mut seen): (Option<String>, Vec<String>) = (None, Vec::new());
    loop {
        let page = search(&house, Some("bob"), ("", false), (after.as_deref(), 3)).await;
        after = page.last().cloned();
        seen.extend(page.clone());
        // One that is made meanwhile behind the place is met, one before it is not.
        save(&house, "zebra", Kind::PublicService).await;
        save(&house, "Alpha", Kind::PublicService).await;
        if page.len() < 3 {
            break;
        }
    }
    assert_eq!(seen, ["News-b", "news-a", "sports", "weather", "zebra"]);
    for (who, words, followed, expected) in [
        (None, "NEWS", false, vec!["News-b", "news-a"]),
        (None, "the sp", false, vec!["sports"]),
        (None, "%", false, vec![]),
        (None, "_", false, vec![]),
        (None, "", true, vec!["weather"]),
        (Some("alice"), "", true, vec!["sports", "weather"]),
        (Some("alice"), "news", true, vec![]),
        (Some("bob"), "", true, vec!["weather"]),
    ] {
        assert_eq!(search(&house, who, (words, followed), (None, 9)).await, expected, "{who:?} {words}");
    }
    assert_eq!(search(&house, Some("alice"), ("", true), (Some("sports"), 9)).await, ["weather"]);
}

pub(crate) async fn z1_another_apps_public_services_do_not_exist(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    save(&house, "news", Kind::PublicService).await;
    assert_eq!(store.public_service(&other.app, &user("news"), None).await.unwrap(), None);
    assert_eq!(search(&other, Some("alice"), ("", false), (None, 9)).await, Vec::<String>::new());
    let across = store.follow(&other.app, &user("news"), &user("alice"), true, at(2)).await;
    refused!(across, StoreError::Missing("user"));
    // The same id is another account there, and the same name another person.
    save(&other, "news", Kind::AppService).await;
    follow(&house, "news", "alice", true).await;
    assert!(!follows(&house, "news", "bob").await);
    assert!(store.follow(&other.app, &user("news"), &user("alice"), false, at(2)).await.is_ok());
    assert!(follows(&house, "news", "alice").await);
    let kinds = [&house, &other].map(|house| &house.app);
    for (app, kind) in kinds.into_iter().zip([Kind::PublicService, Kind::AppService]) {
        assert_eq!(store.public_service(app, &user("news"), None).await.unwrap().unwrap().kind, kind);
    }
}
