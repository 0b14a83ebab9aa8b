//! Groups and discussions: who may do what, and who hears of it.

use parlor::model::{
    Code, Command, Content, Conversation, ConversationId, Event, Fault, Kind, UserId,
    command::{CreateGroup, GroupChange, Reply, Target},
    content::names,
    conversation::Group,
};
use serde_json::json;

use super::world::{Someone, World, code, field, fresh};

async fn founds(who: &Someone, kind: Kind, users: &[&Someone]) -> ConversationId {
    let users = users.iter().map(|user| user.id().clone()).collect();
    let new = CreateGroup { kind, name: "Team".to_owned(), users };
    match who.command(Command::CreateGroup(new)).await.unwrap() {
        Reply::Conversation(group) => group.id,
        other => panic!("{other:?}"),
    }
}

async fn tries(who: &Someone, conversation: ConversationId, change: GroupChange) -> Result<Reply, Fault> {
    who.command(Command::Group { conversation, change }).await
}

async fn does(who: &Someone, conversation: ConversationId, change: GroupChange) -> Option<Conversation> {
    match tries(who, conversation, change).await.unwrap() {
        Reply::Conversation(group) => Some(*group),
        _ => None,
    }
}

fn add(who: &Someone) -> GroupChange {
    GroupChange::Add(vec![who.id().clone()])
}

fn kick(who: &Someone, ban: bool) -> GroupChange {
    GroupChange::Kick { user: who.id().clone(), ban }
}

#[tokio::test]
async fn what_happens_in_a_group_is_kept_as_notices_that_count_nothing() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let id = founds(&alice, Kind::Group, &[&bob]).await;
    does(&bob, id, add(&cara)).await;
    does(&alice, id, GroupChange::Rename("Crew".to_owned())).await;
    does(&alice, id, kick(&cara, false)).await;
    assert_eq!(does(&bob, id, GroupChange::Quit).await, None);
    does(&alice, id, GroupChange::Dismiss).await;
    let page = alice.reads(id).await.unwrap();
    assert!(page.messages.iter().all(|message| message.content.name.as_str() == names::GROUP_NOTICE));
    let told: Vec<_> = page.messages.iter().map(|message| field(message, "/operation")).collect();
    assert_eq!(told, ["Create", "Add", "Rename", "Kicked", "Quit", "Dismiss"]);
    assert_eq!(field(&page.messages[1], "/operatorUserId"), json!("bob"));
    assert_eq!(field(&page.messages[1], "/data/targetUserIds"), json!(["cara"]));
    assert_eq!(field(&page.messages[2], "/data/targetGroupName"), json!("Crew"));
    assert_eq!(alice.sees(id).await.mine.unwrap().unread, 0);
}

#[tokio::test]
async fn a_discussion_has_its_own_notices_and_anybody_renames_it() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let id = founds(&alice, Kind::Discussion, &[&bob]).await;
    let renamed = does(&bob, id, GroupChange::Rename("Chat".to_owned())).await.unwrap();
    assert_eq!((renamed.kind, renamed.group.unwrap().name.as_str()), (Kind::Discussion, "Chat"));
    assert_eq!(code(tries(&cara, id, GroupChange::Join).await), Code::NotFound, "nobody comes unasked");
    does(&alice, id, kick(&bob, false)).await;
    let page = alice.reads(id).await.unwrap();
    let told: Vec<_> = page.messages.iter().map(|message| field(message, "/type")).collect();
    assert_eq!(told, [1, 3, 4]);
    assert_eq!(field(&page.messages[1], "/extension"), json!("Chat"));
}

#[tokio::test]
async fn z3_who_is_outside_sees_and_says_nothing() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let id = founds(&alice, Kind::Group, &[&bob]).await;
    assert_eq!(code(cara.says(id, "hi").await), Code::NotFound);
    assert_eq!(code(cara.reads(id).await), Code::NotFound);
    assert_eq!(code(tries(&cara, id, add(&bob)).await), Code::NotFound);
    bob.says(id, "hi").await.unwrap();
    world.hints();
    does(&alice, id, kick(&bob, false)).await;
    let hints = world.hints();
    let last_word = |hint: &&parlor::model::Hint| {
        matches!(&hint.event, Event::Conversation(group) if !group.has(bob.id()))
            && hint.audience.users.contains(bob.id())
    };
    assert!(hints.iter().any(|hint| last_word(&hint)), "one last push tells him that he is out");
    assert_eq!(code(bob.says(id, "still here?").await), Code::NotFound, "with the very next message");
    assert_eq!(code(bob.reads(id).await), Code::NotFound);
    world.hints();
    alice.says(id, "he is gone").await.unwrap();
    assert!(world.messages_to(&bob).is_empty());
}

#[tokio::test]
async fn silenced_members_are_refused_and_those_allowed_are_not() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let id = founds(&alice, Kind::Group, &[&bob, &cara]).await;
    let silence = |who: &Someone, on| GroupChange::Silence { user: who.id().clone(), on, minutes: 0 };
    does(&alice, id, silence(&bob, true)).await;
    assert_eq!(code(bob.says(id, "hm").await), Code::Silenced);
    does(&alice, id, silence(&bob, false)).await;
    bob.says(id, "hm").await.unwrap();
    does(&alice, id, GroupChange::SilenceAll(true)).await;
    does(&alice, id, GroupChange::Allow { user: cara.id().clone(), on: true }).await;
    assert_eq!(code(bob.says(id, "hm").await), Code::Silenced);
    cara.says(id, "I may").await.unwrap();
    alice.says(id, "so may I").await.unwrap();
    let response = Content::of("RC:RRRspMsg", &json!({ "receiptMessageDic": {} }));
    assert!(
        bob.send(Target::Conversation(id), &fresh(), response).await.is_ok(),
        "saying what one read is not writing"
    );
    does(&alice, id, GroupChange::SilenceAll(false)).await;
    bob.says(id, "at last").await.unwrap();
}

#[tokio::test]
async fn only_the_owner_decides_and_the_oldest_inherits() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let id = founds(&alice, Kind::Group, &[&bob]).await;
    for change in [
        GroupChange::Dismiss,
        GroupChange::Rename("Mine".to_owned()),
        kick(&alice, false),
        GroupChange::SilenceAll(true),
        GroupChange::Allow { user: bob.id().clone(), on: true },
    ] {
        assert_eq!(code(tries(&bob, id, change).await), Code::Forbidden);
    }
    assert_eq!(code(tries(&alice, id, kick(&alice, false)).await), Code::BadRequest);
    assert_eq!(code(tries(&alice, id, kick(&cara, false)).await), Code::NotFound);
    world.clock.advance_secs(1);
    does(&bob, id, add(&cara)).await;
    does(&alice, id, GroupChange::Quit).await;
    assert_eq!(code(tries(&cara, id, GroupChange::Dismiss).await), Code::Forbidden);
    does(&bob, id, GroupChange::Dismiss).await;
    assert_eq!(code(bob.says(id, "hello?").await), Code::ConversationClosed);
    assert_eq!(code(tries(&bob, id, GroupChange::Quit).await), Code::ConversationClosed);
}

#[tokio::test]
async fn a_banned_user_comes_back_only_with_the_owner() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let id = founds(&alice, Kind::Group, &[&bob]).await;
    assert!(does(&cara, id, GroupChange::Join).await.unwrap().has(cara.id()));
    assert!(does(&cara, id, GroupChange::Join).await.is_some(), "twice is harmless");
    does(&alice, id, kick(&cara, true)).await;
    assert_eq!(code(tries(&cara, id, GroupChange::Join).await), Code::Banned);
    assert_eq!(code(tries(&bob, id, add(&cara)).await), Code::Banned);
    does(&alice, id, add(&cara)).await;
    cara.says(id, "back again").await.unwrap();
}

#[tokio::test]
async fn groups_are_for_known_users_and_not_endless() {
    let world = World::new().await;
    let (alice, visitor) = (world.user("alice").await, world.visitor().await);
    let group = |kind, users: Vec<UserId>| Command::CreateGroup(CreateGroup { kind, name: "Team".to_owned(), users });
    assert_eq!(code(visitor.command(group(Kind::Group, vec![])).await), Code::Forbidden);
    assert_eq!(code(alice.command(group(Kind::Private, vec![])).await), Code::BadRequest);
    assert_eq!(code(alice.command(group(Kind::Group, vec![visitor.id().clone()])).await), Code::NotFound);
    let crowd = (0..=Group::MOST_MEMBERS).map(|number| format!("u{number}").parse().unwrap()).collect();
    assert_eq!(code(alice.command(group(Kind::Group, crowd)).await), Code::GroupFull);
    let id = founds(&alice, Kind::Group, &[]).await;
    assert_eq!(code(tries(&visitor, id, GroupChange::Join).await), Code::NotFound);
}

#[tokio::test]
async fn a_silence_of_some_minutes_ends_by_itself() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = founds(&alice, Kind::Group, &[&bob]).await;
    let silence = |minutes| GroupChange::Silence { user: bob.id().clone(), on: true, minutes };
    assert_eq!(code(tries(&alice, id, silence(43_201)).await), Code::BadRequest);
    does(&alice, id, silence(1)).await;
    assert_eq!(code(bob.says(id, "hm").await), Code::Silenced);
    world.clock.advance_secs(60);
    bob.says(id, "hm").await.unwrap();
    assert!(!alice.sees(id).await.participant(bob.id()).unwrap().member.unwrap().silenced);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn z3_who_is_put_out_while_they_write_gets_in_before_or_not_at_all() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    for _ in 0..20 {
        let id = founds(&alice, Kind::Group, &[&bob]).await;
        let kicked = async {
            tokio::task::yield_now().await;
            does(&alice, id, kick(&bob, false)).await;
        };
        let words = ["1", "2", "3", "4", "5", "6"].map(|word| bob.says(id, word));
        let (said, ()) = tokio::join!(futures_util::future::join_all(words), kicked);
        let taken = said.iter().filter(|sent| sent.is_ok()).count();
        assert!(said.into_iter().filter(Result::is_err).all(|refused| code(refused) == Code::NotFound));
        let page = alice.reads(id).await.unwrap();
        let of_bob: Vec<_> = page.messages.iter().filter(|message| message.from.id == *bob.id()).collect();
        assert_eq!(of_bob.len(), taken);
        let out = page.messages.iter().find(|message| field(message, "/operation") == "Kicked").unwrap();
        assert!(of_bob.iter().all(|message| message.seq < out.seq));
    }
}
