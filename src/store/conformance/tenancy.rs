//! Apps, sites, users, agents.

use super::{House, NOON, at, fresh_id, message, no_conversation, person, refused, user};
use crate::{
    model::{
        App, Features, Role, Seq, Site, Stage,
        command::{History, List},
        conversation::{Context, Rating, View},
        site::{Look, Origin},
    },
    store::{AgentAccount, DeskCounts, NewService, NewTicket, Store, StoreError, Transition},
};

fn account(app: &str, id: &str, email: &str) -> AgentAccount {
    AgentAccount {
        person: person(id, Role::Agent),
        app: app.parse().unwrap(),
        email: email.to_owned(),
        password_hash: "$argon2id$one".to_owned(),
    }
}

pub(crate) async fn an_installation_has_one_number(store: &dyn Store) {
    let (one, two) = tokio::join!(store.installation(), store.installation());
    assert_eq!(one.unwrap(), two.unwrap());
}

pub(crate) async fn apps_and_sites_are_found_by_key(store: &dyn Store) {
    let house = House::new(store).await;
    House::named(store, "other").await;
    let apps = store.apps().await.unwrap();
    assert_eq!(apps.iter().map(|app| app.key.as_str()).collect::<Vec<_>>(), ["halden", "other"]);
    assert_eq!(store.app(&house.app).await.unwrap().unwrap().name, "halden");
    assert_eq!(store.app(&"nobody".parse().unwrap()).await.unwrap(), None);
    let site = store.site(&house.site).await.unwrap().unwrap();
    assert_eq!((site.app.clone(), site.name.as_str()), (house.app.clone(), "halden shop"));
    assert_eq!(store.sites(&house.app).await.unwrap(), [site]);
}

pub(crate) async fn a_taken_key_is_refused(store: &dyn Store) {
    let house = House::new(store).await;
    let app = App { key: house.app.clone(), name: "again".to_owned(), features: Features::default(), created_at: NOON };
    refused!(store.create_app(app).await, StoreError::AlreadyExists);
    let site = store.site(&house.site).await.unwrap().unwrap();
    refused!(store.create_site(site.clone()).await, StoreError::AlreadyExists);
    let homeless = Site { app: "nobody".parse().unwrap(), key: "another".parse().unwrap(), ..site };
    refused!(store.create_site(homeless).await, StoreError::Missing("app"));
}

pub(crate) async fn a_site_is_updated_only_by_its_app(store: &dyn Store) {
    let house = House::new(store).await;
    let other = House::named(store, "other").await;
    let look = Look { colour: "#112233".to_owned(), ..Look::default() };
    let origins = vec![Origin::parse("https://*.shop.example").unwrap(), Origin::parse("http://127.0.0.1:81").unwrap()];
    let update = |app| store.update_site(app, &house.site, "New".to_owned(), origins.clone(), look.clone());
    refused!(update(&other.app).await, StoreError::Missing("site"));
    update(&house.app).await.unwrap();
    let site = store.site(&house.site).await.unwrap().unwrap();
    assert_eq!((site.name.as_str(), site.origins, site.look), ("New", origins.clone(), look.clone()));
}

pub(crate) async fn a_user_keeps_the_role(store: &dyn Store) {
    let house = House::new(store).await;
    let mut vera = person("vera", Role::Visitor);
    vera.name = "Vera Å".to_owned();
    vera.portrait = Some("https://shop.example/v.png".to_owned());
    store.save_user(&house.app, vera.clone(), at(1)).await.unwrap();
    assert_eq!(store.user(&house.app, &vera.id).await.unwrap(), Some(vera.clone()));
    vera.role = Role::Agent;
    refused!(store.save_user(&house.app, vera, at(2)).await, StoreError::AlreadyExists);
    assert_eq!(store.user(&house.app, &user("vera")).await.unwrap().unwrap().role, Role::Visitor);
    let lost = store.save_user(&"nobody".parse().unwrap(), person("x", Role::User), NOON).await;
    refused!(lost, StoreError::Missing("app"));
}

pub(crate) async fn agents_are_found_by_email(store: &dyn Store) {
    let house = House::new(store).await;
    House::named(store, "other").await;
    let carl = account("halden", "carl", "carl@halden.example");
    store.create_agent(carl.clone(), NOON).await.unwrap();
    assert_eq!(store.agent_by_email("carl@halden.example").await.unwrap(), Some(carl));
    assert_eq!(store.agent_by_email("nobody@halden.example").await.unwrap(), None);
    assert_eq!(store.user(&house.app, &user("carl")).await.unwrap().unwrap().role, Role::Agent);
    let again = account("other", "dora", "carl@halden.example");
    refused!(store.create_agent(again, NOON).await, StoreError::AlreadyExists);
    assert_eq!(store.user(&"other".parse().unwrap(), &user("dora")).await.unwrap(), None, "all or nothing");
    let taken = account("halden", "carl", "second@halden.example");
    refused!(store.create_agent(taken, NOON).await, StoreError::AlreadyExists);
    assert_eq!(store.count_agents().await.unwrap(), 1);
}

pub(crate) async fn z1_what_belongs_to_another_app_does_not_exist(store: &dyn Store) {
    let house = House::new(store).await;
    let other = House::named(store, "other").await;
    let conversation = house.queued("vera", NOON).await;
    let id = conversation.id;
    house.says(id, person("vera", Role::Visitor), "hello", NOON).await;
    let uid = store.conversation(&house.app, id).await.unwrap().unwrap().last.unwrap().uid;
    let (vera, anna) = (user("vera"), user("anna"));

    assert_eq!(store.conversation(&other.app, id).await.unwrap(), None);
    assert_eq!(store.message(&other.app, uid).await.unwrap(), None);
    assert_eq!(store.open_service(&other.app, &vera, &house.site).await.unwrap(), None);
    assert_eq!(store.queue_position(&other.app, id).await.unwrap(), None);
    let everything = List { limit: 100, ..List::default() };
    assert_eq!(store.conversations_of(&other.app, &vera, &everything).await.unwrap(), []);
    for view in View::ALL {
        assert_eq!(other.view("anna", view).await, []);
    }
    assert_eq!(store.desk_counts(&other.app, &anna).await.unwrap(), DeskCounts::default());
    let newest = History::newest(id, 10);
    assert!(no_conversation(&store.page(&other.app, &newest).await));
    let words = message(id, person("vera", Role::Visitor), "hello", NOON);
    assert!(no_conversation(&store.append(&other.app, words).await));
    assert!(no_conversation(&store.mark(&other.app, id, &vera, None, Some(Seq(1)), NOON).await));
    assert!(no_conversation(&other.accept(id, "anna", NOON).await));
    assert!(no_conversation(&store.set_context(&other.app, id, Context::default()).await));
    let rating = Rating { stars: 5, tags: Vec::new(), text: String::new(), solved: None, at: NOON };
    assert!(no_conversation(&store.rate(&other.app, id, rating).await));
    let ticket = NewTicket { conversation: id, answers: "{}".to_owned(), at: NOON };
    assert!(no_conversation(&store.create_ticket(&other.app, ticket).await));
    let foreign_site = NewService {
        id: fresh_id(),
        site: house.site.clone(),
        visitor: vera.clone(),
        stage: Stage::Queued { since: NOON },
        context: Context::default(),
        at: NOON,
    };
    refused!(store.begin_service(&other.app, foreign_site).await, StoreError::Missing("site"));
    store.save_user(&other.app, person("only-there", Role::Agent), NOON).await.unwrap();
    let foreign_agent = Transition {
        conversation: id,
        from: &["queued"],
        only_agent: None,
        to: Stage::Human { agent: user("only-there"), since: NOON },
        at: NOON,
    };
    refused!(store.transition(&house.app, foreign_agent).await, StoreError::Missing("user"));
    assert_eq!(house.get(id).await.service.unwrap().stage.name(), "queued");
}
