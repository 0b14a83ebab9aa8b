//! Every operation of the OpenAPI document, called as one should not: by another app, without a key, with a key that
//! lacks the scope or was revoked, with fields that nobody knows.
//!
//! An operation that is missing in [`TABLE`] fails the test. Things of the app that must stay hidden are made in
//! [`Estate::new`]: whoever adds an id to an address adds such a thing there.

use std::collections::{BTreeMap, BTreeSet};

use parlor::{
    app::{domain_beside, open_beside},
    im::{Im, backend::webhooks::WebhookWish},
    model::{
        AppKey, Content, Scope, WebhookId,
        command::{Send, Target},
        site::{Look, Origin},
    },
};
use serde_json::{Value, json};

use super::document::{Document, Operation};
use crate::harness::{Answer, BackEnd, TestServer};

/// What another app sees of an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// The address names something of the first app: it does not exist.
    Hidden,
    /// The other app's own things only.
    Own,
}

use Seen::{Hidden, Own};

/// Every operation.
const TABLE: &[(&str, Seen)] = &[
    ("ping", Own),
    ("readApp", Own),
    ("changeApp", Own),
    ("listAudit", Own),
    ("listKeys", Own),
    ("createKey", Own),
    ("revokeKey", Hidden),
    ("listSecrets", Own),
    ("createSecret", Own),
    ("removeSecret", Hidden),
    ("listSites", Own),
    ("createSite", Own),
    ("readSite", Hidden),
    ("changeSite", Hidden),
    ("listAgents", Own),
    ("createAgent", Own),
    ("disableAgent", Hidden),
    ("enableAgent", Hidden),
    ("listConversations", Own),
    ("readConversation", Hidden),
    ("listConversationPeople", Hidden),
    ("listConversationMessages", Hidden),
    // Names come after a question mark; `names_lead_to_the_messages_of_the_own_app` asks with them.
    ("listMessages", Own),
    ("uploadFile", Own),
    ("sendConversationMessage", Hidden),
    ("assignConversation", Hidden),
    ("endConversation", Hidden),
    ("listUserConversations", Hidden),
    ("readUser", Hidden),
    // The other app's own user of that name is made, and then it is theirs.
    ("saveUser", Own),
    ("issueToken", Own),
    ("revokeTokens", Own),
    ("revokeToken", Own),
    ("setTags", Own),
    ("queryTags", Own),
    ("queryPresence", Own),
    ("listBlocks", Own),
    ("blockUser", Own),
    ("unblockUser", Own),
    ("listGags", Own),
    ("gagUser", Own),
    ("ungagUser", Own),
    ("listContacts", Hidden),
    ("changeContacts", Own),
    ("readSettings", Hidden),
    ("changeSettings", Hidden),
    ("searchMessages", Own),
    ("exportHour", Own),
    ("listWords", Own),
    ("addWords", Own),
    ("removeWord", Own),
    ("readStatistics", Own),
    ("listWebhooks", Own),
    ("createWebhook", Own),
    ("readWebhook", Hidden),
    ("changeWebhook", Hidden),
    ("deleteWebhook", Hidden),
    ("rotateWebhookSecret", Hidden),
    ("testWebhook", Hidden),
    ("listDeliveries", Hidden),
    ("readDelivery", Hidden),
    ("replayDelivery", Hidden),
    ("replayParked", Hidden),
    ("readPreSendHook", Own),
    ("setPreSendHook", Own),
    ("deletePreSendHook", Own),
    ("rotatePreSendSecret", Own),
    ("listChatrooms", Own),
    ("putChatroom", Own),
    ("readChatroom", Hidden),
    ("endChatroom", Own),
    ("findChatroomMembers", Hidden),
    ("listChatroomAttributes", Hidden),
    ("setChatroomAttributes", Hidden),
    ("removeChatroomAttributes", Hidden),
    ("sendChatroomMessage", Own),
    ("listChatroomRights", Own),
    ("giveChatroomRight", Own),
    ("removeChatroomRight", Own),
    ("listChatroomRules", Own),
    ("setChatroomRule", Own),
    ("listChatroomTypes", Own),
    ("setChatroomTypes", Own),
    ("sendMessage", Own),
    ("recallMessage", Hidden),
    ("clearHistory", Hidden),
    ("createGroup", Own),
    ("readGroup", Hidden),
    ("changeGroup", Hidden),
    ("dismissGroup", Hidden),
    ("listUserGroups", Hidden),
    ("syncUserGroups", Own),
    ("listMembers", Hidden),
    ("addMembers", Hidden),
    ("removeMembers", Hidden),
    ("silenceMembers", Hidden),
    ("allowMembers", Hidden),
    ("listGroupBans", Hidden),
    ("forgiveGroupBan", Hidden),
    ("createBroadcast", Own),
    ("readBroadcast", Hidden),
    ("listPublicServices", Own),
    ("readPublicService", Hidden),
    ("savePublicService", Own),
    ("saveSystemSender", Own),
    ("saveRobot", Own),
];

/// A body that names things of the first app, where the example would name nothing.
fn body_of(operation: &Operation, ids: &BTreeMap<&str, String>) -> Option<Value> {
    let mut body = operation.example.clone()?;
    if body["agent"].is_string() {
        body["agent"] = ids["agent"].clone().into();
    }
    Some(body)
}

/// Reads whose answer changes by itself.
const RESTLESS: &[&str] = &["ping", "listAudit", "readBroadcast", "readStatistics"];

/// In every name of the first app's things.
const MARK: &str = "Secretive";

/// Two users who have talked.
async fn make_friends(im: &Im, app: &AppKey) {
    let mallory = "mallory".parse().unwrap();
    im.issue_user_token(app, "mallory".parse().unwrap(), MARK, None).await.unwrap();
    let token = im.issue_user_token(app, "nora".parse().unwrap(), MARK, None).await.unwrap();
    let nora = im.authenticate(&token).await.unwrap().unwrap().caller;
    let send = Send {
        to: Target::User(mallory),
        client_id: "n1".parse().unwrap(),
        content: Content::text(MARK),
        only: Vec::new(),
    };
    im.send(&nora, None, send).await.unwrap();
}

/// Two apps on one server.
struct Estate {
    server: TestServer,
    im: Im,
    owner: BackEnd,
    other: BackEnd,
    /// Things of the owner, by the name that stands for them in addresses.
    ids: BTreeMap<&'static str, String>,
}

impl Estate {
    async fn new() -> Self {
        // Every operation is called many times within a second.
        let server = TestServer::start_with(|config| {
            (config.limits.api_per_app_sec, config.limits.api_per_key_sec) = (10_000, 10_000);
        });
        let store = open_beside(server.config()).await.unwrap();
        let im = domain_beside(server.config(), store).await.unwrap();
        let app = im.create_app(&format!("{MARK} lamps")).await.unwrap().key;
        let other = im.create_app("Bystander").await.unwrap().key;
        let origins = vec![Origin::parse("https://secretive.example").unwrap()];
        let site = im.create_site(&app, MARK, origins, Look::default()).await.unwrap();
        let owner = BackEnd::of(&server, &im, &app).await;
        let other = BackEnd::of(&server, &im, &other).await;
        let agent = json!({ "email": "ada@secretive.example", "name": MARK, "password": "a lamp on the table" });
        let agent = owner.post("/v1/agents", &agent).await.ok()["id"].as_str().unwrap().to_owned();
        let (visitor, _) = im.mint_visitor(&site).await.unwrap();
        let asked =
            Send { to: Target::Desk, client_id: "1".parse().unwrap(), content: Content::text(MARK), only: Vec::new() };
        let asked = im.send(&visitor, None, asked).await.unwrap();
        make_friends(&im, &app).await;
        let webhook = webhook(&im, &app).await;
        let room = "mirror-hall".to_owned();
        let lasting = parlor::model::chatroom::Lifetime::Idle(None);
        im.backend(&app).create_chatroom(&room.parse().unwrap(), MARK, lasting).await.unwrap();
        im.issue_user_token(&app, "secretive-user".parse().unwrap(), MARK, None).await.unwrap();
        let secret = owner.post("/v1/secrets", &json!({})).await.ok()["id"].as_str().unwrap().to_owned();
        let group = json!({ "id": "secretive-group", "name": MARK, "users": ["secretive-user"] });
        owner.post("/v1/groups", &group).await.ok();
        let service = json!({ "kind": "app_service", "name": MARK });
        owner.ask("PUT", "/v1/public-services/secretive-news", Some(&service)).await.ok();
        let all = json!({ "type": "RC:TxtMsg", "content": { "content": MARK } });
        let broadcast = owner.post("/v1/broadcasts", &all).await.ok()["id"].as_str().unwrap().to_owned();
        finish(&owner, &broadcast).await;
        let ids = BTreeMap::from([
            ("chatroom", room),
            ("key", owner.key_id.clone()),
            ("secret", secret),
            ("site", site.key.to_string()),
            ("agent", agent),
            ("user", "nora".to_owned()),
            ("gag", "all".to_owned()),
            ("list", "blocked".to_owned()),
            ("hour", "2026010100".to_owned()),
            ("webhook", webhook.to_string()),
            ("sequence", "1".to_owned()),
            ("conversation", asked.conversation.to_string()),
            ("uid", asked.uid.to_string()),
            ("group", "secretive-group".to_owned()),
            ("account", "secretive-news".to_owned()),
            ("broadcast", broadcast),
        ]);
        Self { server, im, owner, other, ids }
    }

    /// Calls an operation on the owner's things.
    async fn call(&self, by: &BackEnd, operation: &Operation) -> Answer {
        by.ask(&operation.method, &operation.address(&self.ids), body_of(operation, &self.ids).as_ref()).await
    }

    /// Everything that the owner can read.
    async fn inventory(&self, document: &Document) -> BTreeMap<String, Value> {
        let mut found = BTreeMap::new();
        let reads = document.operations().filter(|it| it.method == "GET" && !RESTLESS.contains(&it.name.as_str()));
        for operation in reads {
            found.insert(operation.name.clone(), self.call(&self.owner, &operation).await.body);
        }
        found
    }
}

/// Waits until a broadcast has reached everybody: what users have changes no more then.
async fn finish(owner: &BackEnd, broadcast: &str) {
    let asking = async {
        while owner.get(&format!("/v1/broadcasts/{broadcast}")).await.ok()["finished_at"].is_null() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), asking).await.expect("it comes to its end in time");
}

/// A webhook that nobody asks, with one notice on its way.
async fn webhook(im: &Im, app: &AppKey) -> WebhookId {
    let wish = WebhookWish {
        url: "https://secretive.example/".to_owned(),
        description: MARK.to_owned(),
        topics: Vec::new(),
        form: parlor::model::webhook::Form::Standard,
        enabled: false,
    };
    let id = im.backend(app).create_webhook(wish).await.unwrap().0.id;
    im.backend(app).test_webhook(&id).await.unwrap();
    id
}

#[test]
fn the_table_names_every_operation() {
    let named: BTreeSet<_> = TABLE.iter().map(|(name, _)| (*name).to_owned()).collect();
    let documented: BTreeSet<_> = Document::read().operations().map(|operation| operation.name).collect();
    assert_eq!(named, documented, "tests/it/api/isolation.rs and docs/openapi.json name the same operations");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn z1_another_app_sees_and_changes_nothing() {
    let (estate, document) = (Estate::new().await, Document::read());
    // The first look writes down when the key was used.
    estate.inventory(&document).await;
    let before = estate.inventory(&document).await;
    for operation in document.operations() {
        let name = &operation.name;
        let answer = estate.call(&estate.other, &operation).await;
        let seen = TABLE.iter().find(|(named, _)| named == name).map(|(_, seen)| *seen);
        assert!(answer.status < 500, "{name}: {} {}", answer.status, answer.body);
        assert!(!answer.body.to_string().contains(MARK), "{name} tells of another app: {}", answer.body);
        match seen {
            Some(Hidden) => assert_eq!(answer.status, 404, "{name}: {}", answer.body),
            Some(Own) => {}
            None => panic!("{name} is not in the table"),
        }
    }
    assert_eq!(estate.inventory(&document).await, before, "nothing of the owner's has changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a7_without_a_live_key_nothing_is_told() {
    let (estate, document) = (Estate::new().await, Document::read());
    let revoked = BackEnd::of(&estate.server, &estate.im, &estate.owner.app).await;
    estate.owner.delete(&format!("/v1/keys/{}", revoked.key_id)).await.ok();
    for operation in document.operations() {
        let address = operation.address(&estate.ids);
        let bare = estate.owner.bare(&operation.method, &address).send().await.unwrap();
        let bare = Answer::of(bare).await;
        assert_eq!((bare.status, bare.code()), (401, "unauthorized"), "{}", operation.name);
        assert_eq!(bare.header("www-authenticate"), "Bearer");
    }
    for operation in document.operations() {
        let answer = estate.call(&revoked, &operation).await;
        let expected = [401, 429]; // so many wrong keys at once
        assert!(expected.contains(&answer.status), "{}: {}", operation.name, answer.status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_does_what_its_scopes_say() {
    let (estate, document) = (Estate::new().await, Document::read());
    for operation in document.operations() {
        let Some(scope) = operation.scope() else { continue };
        let others: Vec<_> = Scope::ALL.iter().copied().filter(|it| it.name() != scope).collect();
        let lacking = BackEnd::with_scopes(&estate.server, &estate.im, &estate.owner.app, &others).await;
        let answer = estate.call(&lacking, &operation).await;
        assert_eq!((answer.status, answer.code()), (403, "forbidden"), "{}", operation.name);
        estate.owner.delete(&format!("/v1/keys/{}", lacking.key_id)).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a6_unknown_fields_are_refused_everywhere() {
    let (estate, document) = (Estate::new().await, Document::read());
    for operation in document.operations() {
        let address = format!("{}?no_such_field=1", operation.address(&estate.ids));
        let answer = estate.owner.ask(&operation.method, &address, operation.example.as_ref()).await;
        assert_eq!((answer.status, answer.code()), (400, "bad_request"), "{}", operation.name);
        let Some(mut body) = operation.example.clone() else { continue };
        body["no_such_field"] = 1.into();
        let answer = estate.owner.ask(&operation.method, &operation.address(&estate.ids), Some(&body)).await;
        assert_eq!((answer.status, answer.code()), (400, "bad_request"), "{}", operation.name);
    }
}
