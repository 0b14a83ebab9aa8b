//! What an app's back end sends, takes back and clears away.

use parlor::{
    im::backend::messages::{Addressees, Place, Post, Posted, TakeBack},
    model::{
        Code, Command, Content, ConversationId, Event, Fault, Kind, MessageUid, Millis, Role, UserId,
        command::{CreateGroup, GroupChange, Reply, Sent, Target},
        content::names,
    },
};
use serde_json::json;

use super::world::{Someone, World, code, field, fresh};

fn post(from: Option<&Someone>, to: Addressees, content: Content) -> Post {
    Post {
        from: from.map(|from| from.id().clone()),
        to,
        content,
        words: None,
        client_id: None,
        stored: None,
        counted: None,
        include_sender: false,
        respect_blocks: false,
        only: Vec::new(),
        any_sender: false,
    }
}

fn ids(users: &[&Someone]) -> Vec<UserId> {
    users.iter().map(|user| user.id().clone()).collect()
}

impl World {
    async fn posts(&self, post: Post) -> Result<Vec<Posted>, Fault> {
        self.im.backend(&self.app).send(post).await
    }

    /// Sends to one place and finds it sent.
    async fn posts_one(&self, post: Post) -> Sent {
        let [posted] = &self.posts(post).await.unwrap()[..] else { panic!() };
        posted.outcome.clone().unwrap()
    }

    async fn takes_back(&self, uid: MessageUid, how: TakeBack) -> Result<parlor::model::Message, Fault> {
        self.im.backend(&self.app).recall(uid, how).await
    }
}

async fn team(founder: &Someone, users: &[&Someone]) -> ConversationId {
    let new = CreateGroup { kind: Kind::Group, name: "Team".to_owned(), users: ids(users) };
    match founder.command(Command::CreateGroup(new)).await.unwrap() {
        Reply::Conversation(group) => group.id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_private_message_of_the_back_end_reaches_each_user_once() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let mut all = ids(&[&bob, &cara]);
    all.push("nobody".parse().unwrap());
    let client_id = Some("k1".parse().unwrap());
    let call = Post { client_id, ..post(Some(&alice), Addressees::Users(all), Content::text("hi")) };
    world.hints();
    let first = world.posts(call.clone()).await.unwrap();
    assert_eq!(first.iter().map(|posted| posted.to.as_str()).collect::<Vec<_>>(), ["bob", "cara", "nobody"]);
    assert_eq!(first[2].outcome.as_ref().unwrap_err().code, Code::NotFound);
    for hint in world.hints() {
        if let Event::Message(message) = hint.event {
            assert_eq!((message.from.id.as_str(), hint.audience.users.len()), ("alice", 1));
            assert!(!hint.audience.users.contains(alice.id()), "her own devices only when asked");
        }
    }
    assert_eq!(world.posts(call.clone()).await.unwrap()[..2], first[..2], "a repeated call changes nothing");
    assert!(!world.hints().iter().any(|hint| matches!(hint.event, Event::Message(_))));
    let sent = first[0].outcome.clone().unwrap();
    assert_eq!(bob.words(sent.conversation).await, ["hi"]);
    assert_eq!(bob.sees(sent.conversation).await.mine.unwrap().unread, 1);
    let echo = Post { include_sender: true, client_id: None, ..call };
    world.posts(echo).await.unwrap();
    assert!(world.messages_to(&alice).len() == 2);
}

#[tokio::test]
async fn flags_are_the_back_ends_to_set_and_blocks_to_respect() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let to_bob = |content| post(Some(&alice), Addressees::Users(ids(&[&bob])), content);
    let quiet = Post { counted: Some(false), ..to_bob(Content::text("quiet")) };
    let sent = world.posts_one(quiet).await;
    let unread = async || bob.sees(sent.conversation).await.mine.unwrap().unread;
    assert_eq!((sent.seq.is_some(), unread().await), (true, 0));
    let passing = Post { stored: Some(false), counted: Some(true), ..to_bob(Content::text("passing")) };
    assert_eq!((world.posts_one(passing).await.seq, unread().await), (None, 0));
    let kept = Post { stored: Some(true), ..to_bob(Content::of("RC:CmdMsg", &json!({ "name": "x" }))) };
    assert!(world.posts_one(kept).await.seq.is_some());
    bob.command(Command::Block { user: alice.id().clone(), on: true }).await.unwrap();
    world.posts_one(to_bob(Content::text("all the same"))).await;
    let polite = Post { respect_blocks: true, ..to_bob(Content::text("polite")) };
    let refused = world.posts(polite).await.unwrap().remove(0).outcome;
    assert_eq!(code(refused), Code::Blocked);
}

#[tokio::test]
async fn a_group_message_of_the_back_end_is_not_held_up_by_silences() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let id = team(&alice, &[&bob]).await;
    alice.command(Command::Group { conversation: id, change: GroupChange::SilenceAll(true) }).await.unwrap();
    let to_team = |from, content| post(from, Addressees::Groups(vec![Place::Conversation(id)]), content);
    world.posts_one(to_team(Some(&bob), Content::text("from Bob"))).await;
    world.posts_one(to_team(Some(&cara), Content::text("from outside"))).await;
    let bulletin =
        Content::of(names::GROUP_NOTICE, &json!({ "operation": "Bulletin", "data": {}, "message": "read!" }));
    world.posts_one(to_team(None, bulletin)).await;
    let page = alice.reads(id).await.unwrap();
    let senders: Vec<_> = page.messages.iter().map(|message| message.from.id.as_str()).collect();
    assert_eq!(senders, ["system", "bob", "cara", "system"]);
    world.hints();
    let aside = Post { only: ids(&[&alice]), ..to_team(Some(&bob), Content::text("aside")) };
    world.posts_one(aside).await;
    assert_eq!(world.hints()[0].audience.users, ids(&[&alice]));
    alice.command(Command::Group { conversation: id, change: GroupChange::Dismiss }).await.unwrap();
    let refused = world.posts(to_team(None, Content::text("late"))).await.unwrap().remove(0).outcome;
    assert_eq!(code(refused), Code::ConversationClosed);
}

#[tokio::test]
async fn one_template_says_each_user_their_own_words() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let words = ["Bob", "Cara"].map(|name| [("name".to_owned(), name.to_owned())].into());
    let call = post(Some(&alice), Addressees::Users(ids(&[&bob, &cara])), Content::text("Dear {name}"));
    let short = Post { words: Some(vec![[].into()]), ..call.clone() };
    assert_eq!(code(world.posts(short).await), Code::BadRequest);
    let posted = world.posts(Post { words: Some(words.to_vec()), ..call }).await.unwrap();
    let place = |index: usize| posted[index].outcome.as_ref().unwrap().conversation;
    assert_eq!(
        (bob.words(place(0)).await, cara.words(place(1)).await),
        (vec!["Dear Bob".to_owned()], vec!["Dear Cara".to_owned()])
    );
}

#[tokio::test]
async fn calls_that_cannot_be_meant_are_refused_as_a_whole() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let text = || Content::text("hi");
    let many = |count: usize| (0..count).map(|number| format!("u{number}").parse().unwrap()).collect::<Vec<UserId>>();
    let groups = vec![Place::Handle(Kind::Group, "g".parse().unwrap()); 4];
    let nobody: UserId = "nobody".parse().unwrap();
    for (call, expected) in [
        (post(Some(&alice), Addressees::Users(vec![]), text()), Code::BadRequest),
        (post(Some(&alice), Addressees::Users(many(1001)), text()), Code::BadRequest),
        (post(None, Addressees::System(many(101)), text()), Code::BadRequest),
        (post(None, Addressees::Groups(groups), text()), Code::BadRequest),
        (post(None, Addressees::Users(ids(&[&bob])), text()), Code::BadRequest),
        (post(Some(&alice), Addressees::System(ids(&[&bob])), text()), Code::BadRequest),
        (post(Some(&alice), Addressees::Users(ids(&[&bob])), Content::deleted()), Code::BadRequest),
        (post(Some(&alice), Addressees::Users(ids(&[&bob])), Content::text(" ")), Code::BadRequest),
        (Post { only: ids(&[&bob]), ..post(Some(&alice), Addressees::Users(ids(&[&bob])), text()) }, Code::BadRequest),
        (Post { from: Some(nobody), ..post(None, Addressees::Users(ids(&[&bob])), text()) }, Code::NotFound),
    ] {
        assert_eq!(code(world.posts(call.clone()).await), expected, "{call:?}");
    }
}

#[tokio::test]
async fn z1_another_apps_groups_users_and_messages_do_not_exist() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = team(&alice, &[&bob]).await;
    let sent = alice.says(id, "ours").await.unwrap();
    let theirs = world.im.create_app("Other").await.unwrap().key;
    let other = world.im.backend(&theirs);
    let call = post(None, Addressees::Groups(vec![Place::Conversation(id)]), Content::text("hi"));
    assert_eq!(code(other.send(call).await.unwrap().remove(0).outcome), Code::NotFound);
    assert_eq!(code(other.recall(sent.uid, TakeBack::default()).await), Code::NotFound);
    let until = Millis::new(i64::MAX);
    assert_eq!(code(other.clear_history(alice.id(), id, until).await), Code::NotFound);
    let call = post(None, Addressees::System(ids(&[&bob])), Content::text("hi"));
    assert_eq!(code(other.send(call).await.unwrap().remove(0).outcome), Code::NotFound);
}

#[tokio::test]
async fn the_back_end_takes_any_message_back_however_old() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = team(&alice, &[&bob]).await;
    let [one, two, three] = ["one", "two", "three"].map(|words| alice.says(id, words));
    let [one, two, three] = [one.await.unwrap(), two.await.unwrap(), three.await.unwrap()];
    world.clock.advance_secs(7 * 24 * 3600);
    world.hints();
    let gone = world.takes_back(one.uid, TakeBack::default()).await.unwrap();
    assert_eq!((field(&gone, "/user/id"), field(&gone, "/isAdmin")), (json!("alice"), json!(null)));
    assert!(matches!(&world.hints()[0].event, Event::Recalled { message, .. } if message.uid == one.uid));
    let admin = world.takes_back(two.uid, TakeBack { admin: true, delete: false }).await.unwrap();
    assert_eq!((field(&admin, "/user/id"), field(&admin, "/isAdmin")), (json!("system"), json!(true)));
    let delete = TakeBack { admin: false, delete: true };
    for uid in [three.uid, one.uid] {
        assert_eq!(world.takes_back(uid, delete).await.unwrap().content.name.as_str(), names::DELETED);
    }
    world.hints();
    world.takes_back(three.uid, TakeBack::default()).await.unwrap();
    assert!(world.hints().is_empty(), "nothing stands there any more");
    let retry = alice.send(Target::Conversation(id), &fresh(), Content::text("four")).await.unwrap();
    assert_eq!(retry.seq.unwrap().0, 5);
}

#[tokio::test]
async fn the_back_end_clears_a_users_history_up_to_a_time() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = team(&alice, &[&bob]).await;
    let until = alice.says(id, "old").await.unwrap().at;
    world.clock.advance_secs(1);
    alice.says(id, "new").await.unwrap();
    world.hints();
    let mine = world.im.backend(&world.app).clear_history(bob.id(), id, until).await.unwrap();
    assert_eq!((bob.words(id).await, mine.unread), (vec!["new".to_owned()], 1));
    assert_eq!(alice.words(id).await, ["old", "new"]);
    assert_eq!(world.hints()[0].audience.users, ids(&[&bob]));
}

#[tokio::test]
async fn a_system_message_is_read_and_never_answered() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let call = post(None, Addressees::System(ids(&[&alice, &bob])), Content::text("maintenance at noon"));
    let posted = world.posts(call).await.unwrap();
    let id = posted[0].outcome.as_ref().unwrap().conversation;
    let seen = alice.sees(id).await;
    assert_eq!((seen.kind, seen.mine.unwrap().unread), (Kind::System, 1));
    assert!(seen.participants.iter().any(|p| p.person.role == Role::System));
    assert_eq!(code(alice.says(id, "why?").await), Code::Forbidden);
    assert_eq!(code(bob.reads(id).await), Code::NotFound);
    assert_eq!(
        code(alice.send(Target::User("system".parse().unwrap()), "1", Content::text("why?")).await),
        Code::NotFound
    );
}
