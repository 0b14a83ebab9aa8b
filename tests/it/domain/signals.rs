//! Contents that only signal: who asks who has read, who has read what, who types.

use parlor::model::{
    Code, Command, Content, ConversationId, Event, Kind,
    command::{CreateGroup, MembersQuery, ReadersQuery, Reply, Sent, Target},
};
use serde_json::json;

use super::world::{Someone, World, code, fresh, names};

async fn team(founder: &Someone, users: &[&Someone]) -> ConversationId {
    let users = users.iter().map(|user| user.id().clone()).collect();
    let new = CreateGroup { kind: Kind::Group, name: "Team".to_owned(), users };
    match founder.command(Command::CreateGroup(new)).await.unwrap() {
        Reply::Conversation(group) => group.id,
        other => panic!("{other:?}"),
    }
}

async fn signals(
    who: &Someone,
    to: ConversationId,
    name: &str,
    body: serde_json::Value,
) -> Result<Sent, parlor::model::Fault> {
    who.send(Target::Conversation(to), &fresh(), Content::of(name, &body)).await
}

#[tokio::test]
async fn only_its_sender_asks_who_has_read_a_message() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (id, elsewhere) = (team(&alice, &[&bob]).await, team(&alice, &[&bob]).await);
    let sent = alice.says(id, "read this").await.unwrap();
    let asked = json!({ "messageUId": sent.uid });
    assert_eq!(code(signals(&bob, id, "RC:RRReqMsg", asked.clone()).await), Code::Forbidden);
    assert_eq!(code(signals(&alice, elsewhere, "RC:RRReqMsg", asked.clone()).await), Code::NotFound);
    assert_eq!(code(signals(&alice, id, "RC:RRReqMsg", json!({})).await), Code::BadRequest);
    world.hints();
    assert_eq!(signals(&alice, id, "RC:RRReqMsg", asked).await.unwrap().seq, None);
    assert_eq!(names(&world.messages_to(&bob)), ["RC:RRReqMsg"]);
}

#[tokio::test]
async fn an_answer_reaches_only_those_who_asked() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let outsider = world.user("olga").await;
    let id = team(&alice, &[&bob, &cara]).await;
    let sent = alice.says(id, "read this").await.unwrap();
    world.hints();
    let answer = json!({ "receiptMessageDic": { "alice": [sent.uid], "olga": [sent.uid] } });
    signals(&bob, id, "RC:RRRspMsg", answer).await.unwrap();
    let hint = world.hints().remove(0);
    assert!(hint.audience.users.contains(alice.id()) && hint.audience.users.contains(bob.id()));
    assert!(!hint.audience.users.contains(cara.id()) && !hint.audience.users.contains(outsider.id()));
}

#[tokio::test]
async fn a_read_notice_moves_the_watermark_and_a_sync_stays_with_oneself() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let to_bob = || Target::User(bob.id().clone());
    let first = alice.send(to_bob(), "1", Content::text("one")).await.unwrap();
    world.clock.advance_secs(1);
    let second = alice.send(to_bob(), "2", Content::text("two")).await.unwrap();
    let id = first.conversation;
    let unread = async || bob.sees(id).await.mine.unwrap().unread;
    world.hints();
    let by_time = json!({ "messageUId": "", "lastMessageSendTime": first.at, "type": "1" });
    signals(&bob, id, "RC:ReadNtf", by_time).await.unwrap();
    assert_eq!(unread().await, 1);
    let hints = world.hints();
    assert!(hints.iter().any(|hint| matches!(hint.event, Event::Receipt { read, .. } if Some(read) == first.seq)));
    assert!(hints.iter().all(|hint| hint.audience.users.contains(alice.id())));
    let by_uid = json!({ "messageUId": second.uid, "lastMessageSendTime": 0, "type": 1 });
    signals(&bob, id, "RC:ReadNtf", by_uid).await.unwrap();
    assert_eq!(unread().await, 0);
    world.hints();
    signals(&bob, id, "RC:SRSMsg", json!({ "lastMessageSendTime": second.at })).await.unwrap();
    assert_eq!(world.hints()[0].audience.users, [bob.id().clone()]);
    signals(&bob, id, "RC:TypSts", json!({ "typingContentType": "RC:TxtMsg" })).await.unwrap();
    assert_eq!(world.hints()[0].audience.users, [alice.id().clone()]);
    assert_eq!(alice.sees(id).await.head.seq, second.seq.unwrap(), "none of it is kept");
}

#[tokio::test]
async fn the_sender_hears_who_has_read_and_a_member_who_is_inside() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let outsider = world.user("olga").await;
    let id = team(&alice, &[&bob, &cara]).await;
    let sent = alice.says(id, "read this").await.unwrap();
    let readers = |limit| Command::Readers(ReadersQuery { uid: sent.uid, after: None, limit });
    assert_eq!(code(bob.command(readers(9)).await), Code::Forbidden);
    assert_eq!(code(outsider.command(readers(9)).await), Code::NotFound);
    assert_eq!(code(alice.command(readers(0)).await), Code::BadRequest);
    let receipt = parlor::model::command::Receipt { conversation: id, delivered: None, read: sent.seq };
    bob.marks(receipt).await.unwrap();
    let Reply::Readers(page) = alice.command(readers(9)).await.unwrap() else { panic!() };
    assert_eq!((page.count, page.of, page.more), (1, 2, false));
    assert_eq!(page.readers[0].person.id, *bob.id());
    let members = |limit| Command::Members(MembersQuery { conversation: id, after: None, limit });
    let Reply::Members(page) = cara.command(members(2)).await.unwrap() else { panic!() };
    assert_eq!((page.members.len(), page.more), (2, true));
    assert_eq!(code(outsider.command(members(2)).await), Code::NotFound);
}
