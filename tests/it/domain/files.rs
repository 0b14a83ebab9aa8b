//! Files and time: links grow old, what nobody names goes, and a crash between bytes and row leaves nothing for ever.

use std::{fs, path::PathBuf, time::Duration};

use bytes::Bytes;
use parlor::{
    im::files::{LINK_SECS, Place, Uploaded},
    model::{
        Code, Content, FileId, Reply,
        command::{Command, Target},
        content::names,
    },
};
use serde_json::json;

use super::world::{Someone, World, code, fresh};

async fn upload(world: &World, someone: &Someone, name: &str) -> Uploaded {
    let mut upload = world.im.begin_upload(&someone.caller, Place::Desk, name, "", None).await.unwrap();
    upload.add(Bytes::from_static(b"hello ")).await.unwrap();
    upload.add(Bytes::from_static(b"world")).await.unwrap();
    world.im.finish_upload(&someone.caller, upload).await.unwrap()
}

fn naming(file: FileId) -> Content {
    Content::of(names::FILE, &json!({ "name": "a", "size": 11, "type": "", "fileUrl": file.reference() }))
}

fn kept(world: &World) -> Vec<PathBuf> {
    let shelves = fs::read_dir(world.folder().join("files")).unwrap().map(|shelf| shelf.unwrap().path());
    shelves.flat_map(|shelf| fs::read_dir(shelf).unwrap().map(|file| file.unwrap().path())).collect()
}

#[tokio::test]
async fn f4_a_link_grows_old() {
    let world = World::new().await;
    let vera = world.visitor().await;
    let file = upload(&world, &vera, "a.txt").await.file.id;
    let Reply::Links { links } = vera.command(Command::Links(vec![file])).await.unwrap() else { panic!() };
    let token = &links[0].token;
    assert_eq!(world.im.linked_file(token).await.unwrap().1.id, file);
    world.clock.advance_secs(LINK_SECS);
    assert_eq!(world.im.linked_file(token).await.unwrap_err().code, Code::NotFound);
}

#[tokio::test]
async fn f5_what_no_message_names_goes_after_a_day() {
    let world = World::new().await;
    let vera = world.visitor().await;
    let (used, unused) = (upload(&world, &vera, "a.txt").await, upload(&world, &vera, "b.txt").await);
    vera.send(Target::Desk, &fresh(), naming(used.file.id)).await.unwrap();
    world.im.sweep_files().await.unwrap();
    assert_eq!(kept(&world).len(), 2);
    world.clock.advance_secs(24 * 3600 + 1);
    world.im.sweep_files().await.unwrap();
    assert!(kept(&world).iter().all(|path| path.ends_with(used.file.id.to_string())));
    assert_eq!(kept(&world).len(), 1);
    assert_eq!(code(vera.send(Target::Desk, &fresh(), naming(unused.file.id)).await), Code::NotFound);
}

#[tokio::test]
async fn d1_bytes_that_a_crash_left_without_a_row_go() {
    let world = World::new().await;
    let vera = world.visitor().await;
    let used = upload(&world, &vera, "a.txt").await.file.id;
    vera.send(Target::Desk, &fresh(), naming(used)).await.unwrap();
    let lost = world.folder().join("files/07").join(FileId::from_u128(7).to_string());
    fs::create_dir_all(lost.parent().unwrap()).unwrap();
    fs::write(&lost, "never kept").unwrap();
    let long_ago = std::time::UNIX_EPOCH + Duration::from_hours(48);
    for path in kept(&world) {
        fs::File::open(path).unwrap().set_modified(long_ago).unwrap();
    }
    for _ in 0..256 {
        world.im.sweep_files().await.unwrap();
    }
    assert!(!lost.exists());
    assert_eq!(kept(&world).len(), 1, "what has a row stays");
}

#[tokio::test]
async fn only_who_may_write_may_send_files() {
    let world = World::new().await;
    let (vera, anna) = (world.visitor().await, world.agent("anna").await);
    let conversation = vera.asks("hi").await.conversation;
    let place = Place::Conversation(conversation);
    let refused = world.im.begin_upload(&anna.caller, place, "a", "", None).await.err().unwrap();
    assert_eq!(refused.code, Code::Forbidden, "not before she has taken it");
    let refused = world.im.begin_upload(&anna.caller, Place::Desk, "a", "", None).await.err().unwrap();
    assert_eq!(refused.code, Code::Forbidden);
    anna.accepts(conversation).await.unwrap();
    world.im.begin_upload(&anna.caller, place, "a", "", None).await.unwrap();
    anna.ends(conversation).await.unwrap();
    let refused = world.im.begin_upload(&vera.caller, place, "a", "", None).await.err().unwrap();
    assert_eq!(refused.code, Code::ConversationClosed);
}
