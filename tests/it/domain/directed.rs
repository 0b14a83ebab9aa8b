//! Messages to some members of a group only.

use parlor::model::{
    Code, Command, Content, ConversationId, Event, Kind, Message, Seq,
    command::{CreateGroup, GroupChange, Reply, Send, Sent, Target},
    content::names,
};
use serde_json::json;

use super::world::{Someone, World, code, fresh};

async fn team(founder: &Someone, users: &[&Someone]) -> ConversationId {
    let users = users.iter().map(|user| user.id().clone()).collect();
    let new = CreateGroup { kind: Kind::Group, name: "Team".to_owned(), users };
    match founder.command(Command::CreateGroup(new)).await.unwrap() {
        Reply::Conversation(group) => group.id,
        other => panic!("{other:?}"),
    }
}

async fn whispers(
    from: &Someone,
    to: ConversationId,
    only: &[&Someone],
    content: Content,
) -> Result<Sent, parlor::model::Fault> {
    let only = only.iter().map(|user| user.id().clone()).collect();
    let send = Send { to: Target::Conversation(to), client_id: fresh().parse().unwrap(), content, only };
    match from.command(Command::Send(send)).await? {
        Reply::Sent(sent) => Ok(sent),
        other => panic!("{other:?}"),
    }
}

async fn last_of(who: &Someone, id: ConversationId) -> Message {
    who.reads(id).await.unwrap().messages.pop().unwrap()
}

#[tokio::test]
async fn z3_an_outsider_learns_nothing_of_a_directed_message() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let id = team(&alice, &[&bob, &cara]).await;
    alice.says(id, "to all").await.unwrap();
    let before = cara.sees(id).await;
    world.hints();
    let content = Content::of(names::TEXT, &json!({ "content": "secret", "mentionedInfo": { "type": 1 } }));
    let sent = whispers(&alice, id, &[&bob], content).await.unwrap();
    for hint in world.hints() {
        assert!(!hint.audience.users.contains(cara.id()), "{:?}", hint.event);
        assert!(hint.audience.users.contains(bob.id()) && hint.audience.users.contains(alice.id()));
    }
    let after = cara.sees(id).await;
    assert_eq!((&after.last, &after.mine, after.changed_at), (&before.last, &before.mine, before.changed_at));
    assert_eq!(after.head.seq, sent.seq.unwrap(), "places have no gaps");
    let hidden = last_of(&cara, id).await;
    assert_eq!((hidden.seq, hidden.content.name.as_str()), (sent.seq, names::DELETED));
    assert_eq!((hidden.from.id.as_str(), hidden.client_id), ("system", None));
    assert_eq!(code(cara.command(Command::Recall(sent.uid)).await), Code::Forbidden);
    let mine = bob.sees(id).await.mine.unwrap();
    assert_eq!((mine.unread, mine.mentions), (2, 1));
    assert_eq!(last_of(&bob, id).await.content.words().unwrap(), "secret");
    world.hints();
    let change = GroupChange::Rename("Crew".to_owned());
    alice.command(Command::Group { conversation: id, change }).await.unwrap();
    for hint in world.hints() {
        if let Event::Conversation(group) = hint.event {
            assert_eq!(group.last.as_ref().unwrap().content.words().unwrap(), "to all");
        }
    }
}

#[tokio::test]
async fn a_directed_message_that_is_taken_back_is_told_to_those_it_was_for() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let id = team(&alice, &[&bob, &cara]).await;
    let sent = whispers(&alice, id, &[&bob], Content::text("secret")).await.unwrap();
    world.hints();
    alice.command(Command::Recall(sent.uid)).await.unwrap();
    let hints = world.hints();
    assert!(hints.iter().all(|hint| !hint.audience.users.contains(cara.id())));
    assert!(hints.iter().any(|hint| hint.audience.users.contains(bob.id())));
    assert_eq!(last_of(&cara, id).await.content.name.as_str(), names::DELETED);
    assert_eq!(last_of(&bob, id).await.content.name.as_str(), names::RECALLED);
}

#[tokio::test]
async fn a_message_is_directed_to_members_of_groups_only() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let id = team(&alice, &[&bob]).await;
    assert_eq!(code(whispers(&alice, id, &[&cara], Content::text("x")).await), Code::NotFound);
    assert_eq!(code(whispers(&alice, id, &[&alice], Content::text("x")).await), Code::BadRequest);
    let private = alice.send(Target::User(bob.id().clone()), "1", Content::text("hi")).await.unwrap();
    assert_eq!(code(whispers(&alice, private.conversation, &[&bob], Content::text("x")).await), Code::BadRequest);
    let many = vec![&bob; 101];
    assert_eq!(code(whispers(&alice, id, &many, Content::text("x")).await), Code::BadRequest);
    world.hints();
    let passing = Content::of("RC:CmdMsg", &json!({ "name": "x" }));
    assert_eq!(whispers(&alice, id, &[&bob, &bob], passing).await.unwrap().seq, None);
    assert_eq!(world.hints()[0].audience.users.len(), 2);
    assert_eq!(alice.sees(id).await.head.seq, Seq(1), "only the notice of the founding");
}
