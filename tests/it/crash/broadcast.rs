//! Killing the server in the middle of a message to everybody: after the next start it goes on, nobody gets it twice,
//! nobody is left out.

use std::collections::BTreeSet;

use parlor::{
    model::{
        AppKey, Kind, Millis, Person, Role, UserId,
        command::{History, List},
    },
    store::{
        Store,
        sqlite::{SqliteOptions, SqliteStore},
    },
};
use rand::Rng;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{DEADLINE, ServerProcess};

const USERS: usize = 3000;
/// It is killed when it has reached so many, then so many.
const KILLS: [u64; 4] = [200, 600, 1400, 2200];

fn store_of(server: &ServerProcess) -> SqliteStore {
    let options = SqliteOptions { reserve_bytes: Some(0), ..SqliteOptions::default() };
    SqliteStore::open(&server.data(), options).unwrap()
}

async fn make_users(store: &SqliteStore, app: &AppKey) -> Vec<UserId> {
    let people = (0..USERS).map(|number| Person {
        id: format!("user{number}").parse().unwrap(),
        name: String::new(),
        role: Role::User,
        portrait: None,
    });
    let people: Vec<Person> = people.collect();
    let saved = people.iter().map(|person| store.save_user(app, person.clone(), Millis::new(1)));
    futures_util::future::try_join_all(saved).await.unwrap();
    people.into_iter().map(|person| person.id).collect()
}

/// The app's back end, which asks again while the server is away.
struct Asker {
    client: reqwest::Client,
    address: String,
    key: String,
}

impl Asker {
    async fn begin(&self) -> Value {
        let body = json!({ "type": "RC:TxtMsg", "content": { "content": "to all of you" } });
        let request = self.client.post(format!("http://{}/v1/broadcasts", self.address)).json(&body);
        let request = request.bearer_auth(&self.key).header("idempotency-key", "noon");
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    /// How far it got, when that was so far, or when it was over.
    async fn until(&self, id: &str, enough: u64) -> Value {
        let asking = async {
            loop {
                let progress = self.progress(id).await;
                if progress["sent"].as_u64().unwrap() >= enough || !progress["finished_at"].is_null() {
                    return progress;
                }
            }
        };
        timeout(DEADLINE, asking).await.expect("it goes on in time")
    }

    async fn progress(&self, id: &str) -> Value {
        let request = self.client.get(format!("http://{}/v1/broadcasts/{id}", self.address));
        request.bearer_auth(&self.key).send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_goes_on_with_a_broadcast_and_reaches_everybody_once() {
    crate::harness::provide_tls();
    let mut server = ServerProcess::prepare();
    let app = server.add_app("Broadcast");
    let key = server.add_key(&app);
    let app: AppKey = app.parse().unwrap();
    let store = store_of(&server);
    let users = make_users(&store, &app).await;
    store.close().await;
    drop(store);

    let address = server.start().await;
    let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let asker = Asker { client, address, key };
    let begun = asker.begin().await;
    let id = begun["id"].as_str().unwrap();
    let mut in_the_middle = 0;
    for enough in KILLS {
        let progress = asker.until(id, enough).await;
        // Somewhere in the next piece.
        for _ in 0..rand::rng().random_range(0..4) {
            asker.progress(id).await;
        }
        server.kill();
        in_the_middle += usize::from(progress["finished_at"].is_null());
        server.start().await;
        // A back end that never heard the answer asks once more: it is the same broadcast.
        assert_eq!(asker.begin().await["id"], id);
    }
    let done = asker.until(id, u64::MAX).await;
    assert_eq!((&done["sent"], &done["passed_over"]), (&json!(USERS), &json!(0)));
    assert!(in_the_middle >= 2, "only {in_the_middle} kills came while it was under way");
    server.kill();

    let store = store_of(&server);
    let mut uids = BTreeSet::new();
    for user in &users {
        let list = List { limit: 10, ..List::default() };
        let conversations = store.conversations_of(&app, user, &list).await.unwrap();
        let [conversation] = conversations.as_slice() else { panic!("{user} has {}", conversations.len()) };
        assert_eq!(conversation.kind, Kind::System);
        let page = store.page_for(&app, user, &History::newest(conversation.id, 10)).await.unwrap();
        let [message] = page.messages.as_slice() else { panic!("{user} got {} messages", page.messages.len()) };
        assert_eq!(message.content.words(), Some("to all of you".to_owned()));
        uids.insert(message.uid);
    }
    assert_eq!(uids.len(), USERS);
    store.close().await;
    eprintln!("{in_the_middle} kills in the middle of a broadcast to {USERS} users");
}
