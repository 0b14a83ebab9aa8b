//! Files: what names them, and when they go.

use serde_json::json;

use super::{House, at, client_id, message, person, refused, user};
use crate::{
    model::{Content, Conversation, ConversationId, File, FileId, FileName, MediaType, Role, content::names},
    store::{
        NewMessage, Store, StoreError,
        files::{Quota, Usage},
    },
};

const NO_LIMIT: Quota = Quota { since: at_start(), files: None, bytes: None, app_bytes: u64::MAX };

const fn at_start() -> crate::model::Millis {
    super::NOON
}

fn file(number: u128, uploader: &str, conversation: Option<ConversationId>, second: i64) -> File {
    File {
        id: FileId::from_u128(number),
        conversation,
        uploader: user(uploader),
        name: FileName::clean("bowl.png"),
        media_type: MediaType::Png,
        size: 100,
        sha256: [7; 32],
        pixels: Some((4, 3)),
        created_at: at(second),
    }
}

async fn kept(house: &House<'_>, file: File) -> FileId {
    let id = file.id;
    assert!(house.store.create_file(&house.app, file, NO_LIMIT).await.unwrap());
    id
}

fn naming(conversation: ConversationId, from: &str, file: FileId, second: i64) -> NewMessage {
    let content = Content::of(names::FILE, &json!({ "name": "bowl.png", "fileUrl": file.reference() }));
    NewMessage { content, ..message(conversation, person(from, Role::User), "", at(second)) }
}

async fn where_is(house: &House<'_>, id: FileId) -> Option<Option<ConversationId>> {
    house.store.files(&house.app, &[id]).await.unwrap().pop().map(|file| file.conversation)
}

async fn private(house: &House<'_>) -> Conversation {
    house.private().await
}

pub(crate) async fn a_file_is_used_by_the_message_that_names_it(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let here = private(&house).await.id;
    let new = file(1, "alice", None, 1);
    let id = kept(&house, new.clone()).await;
    assert_eq!(store.files(&house.app, &[id, FileId::from_u128(2)]).await.unwrap(), [new]);
    assert_eq!(store.files(&other.app, &[id]).await.unwrap(), []);
    let first = NewMessage { client_id: Some(client_id("one")), ..naming(here, "alice", id, 2) };
    let sent = store.append(&house.app, first.clone()).await.unwrap();
    assert_eq!(where_is(&house, id).await, Some(Some(here)));
    let again = store.append(&house.app, first).await.unwrap();
    assert!(again.repeated && again.message == sent.message);
    store.append(&house.app, naming(here, "bob", id, 3)).await.expect("what was shown here can be shown again");
}

pub(crate) async fn z2_a_message_names_no_file_of_elsewhere(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let (here, elsewhere) = (private(&house).await.id, house.queued("vera", at(1)).await.id);
    let there = private(&other).await.id;
    let used = kept(&house, file(1, "alice", Some(here), 1)).await;
    store.append(&house.app, naming(here, "alice", used, 2)).await.unwrap();
    let unused = kept(&house, file(2, "alice", None, 3)).await;
    let meant = kept(&house, file(3, "vera", Some(elsewhere), 3)).await;
    let refuses = async |app, conversation, from, id| {
        let head = store.conversation(app, conversation).await.unwrap().unwrap().head;
        refused!(store.append(app, naming(conversation, from, id, 4)).await, StoreError::Missing("file"));
        assert_eq!(store.conversation(app, conversation).await.unwrap().unwrap().head, head);
    };
    refuses(&house.app, elsewhere, "vera", used).await;
    refuses(&house.app, here, "bob", unused).await;
    refuses(&house.app, here, "alice", meant).await;
    refuses(&house.app, here, "alice", FileId::from_u128(99)).await;
    refuses(&other.app, there, "alice", used).await;
    assert_eq!(where_is(&house, unused).await, Some(None));
}

pub(crate) async fn what_a_message_said_takes_its_files_along(store: &dyn Store) {
    let house = House::new(store).await;
    let here = private(&house).await.id;
    let id = kept(&house, file(1, "alice", None, 1)).await;
    let sent = store.append(&house.app, naming(here, "alice", id, 2)).await.unwrap().message;
    store.replace_content(&house.app, sent.uid, Content::of(names::RECALLED, &json!({})), at(3)).await.unwrap();
    assert_eq!(where_is(&house, id).await, None);
    assert_eq!(store.files_to_remove(at(0), 10).await.unwrap(), [id]);
    store.files_removed(&[id], at(0)).await.unwrap();
    assert_eq!(store.files_to_remove(at(0), 10).await.unwrap(), []);
    assert_eq!(store.known_files(&[id, FileId::from_u128(2)]).await.unwrap(), [id], "it still counts");
    store.files_removed(&[], at(2)).await.unwrap();
    assert_eq!(store.known_files(&[id]).await.unwrap(), []);
}

pub(crate) async fn unused_files_are_given_up(store: &dyn Store) {
    let house = House::new(store).await;
    let here = private(&house).await.id;
    let (used, old, new) = (file(1, "alice", None, 1), file(2, "alice", Some(here), 1), file(3, "alice", None, 50));
    let (used, old, new) = (kept(&house, used).await, kept(&house, old).await, kept(&house, new).await);
    store.append(&house.app, naming(here, "alice", used, 2)).await.unwrap();
    assert_eq!(store.files_to_remove(at(40), 10).await.unwrap(), [old]);
    assert_eq!(store.files_to_remove(at(40), 10).await.unwrap(), [old], "until its bytes are gone");
    refused!(store.append(&house.app, naming(here, "alice", old, 41)).await, StoreError::Missing("file"));
    store.append(&house.app, naming(here, "alice", new, 42)).await.unwrap();
}

pub(crate) async fn quotas_count_a_day_of_files(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let quota = Quota { since: at(10), files: Some(2), bytes: Some(250), app_bytes: 350 };
    let keep = async |number, uploader: &str, size, second| {
        store.create_file(&house.app, File { size, ..file(number, uploader, None, second) }, quota).await.unwrap()
    };
    assert!(keep(1, "vera", 200, 1).await, "before the day counts nothing");
    assert!(keep(2, "vera", 200, 11).await);
    assert!(!keep(3, "vera", 60, 12).await, "too many bytes");
    assert!(keep(4, "vera", 50, 12).await);
    assert!(!keep(5, "vera", 1, 13).await, "too many files");
    assert!(!keep(6, "viktor", 101, 13).await, "too many bytes of the app");
    assert!(keep(7, "viktor", 100, 13).await);
    let used = store.files_used(&house.app, &user("vera"), at(10)).await.unwrap();
    assert_eq!(used, Usage { files: 2, bytes: 250, app_bytes: 350 });
    assert_eq!(store.files_used(&other.app, &user("vera"), at(10)).await.unwrap(), Usage::default());
}
