//! Groups as an app's back end keeps them.

use parlor::{
    im::backend::{groups::NewGroupByBackEnd, messages::Place},
    model::{Code, Conversation, Fault, Handle, Kind, UserId, conversation::Which},
};

use super::world::{Someone, World, code};

fn handle(text: &str) -> Handle {
    text.parse().unwrap()
}

fn place(text: &str) -> Place {
    Place::Handle(Kind::Group, handle(text))
}

fn ids(users: &[&Someone]) -> Vec<UserId> {
    users.iter().map(|user| user.id().clone()).collect()
}

impl World {
    async fn founds(&self, name: &str, users: &[&Someone]) -> Result<Conversation, Fault> {
        let new =
            NewGroupByBackEnd { kind: Kind::Group, handle: handle(name), name: name.to_owned(), users: ids(users) };
        self.im.backend(&self.app).create_group(new).await
    }
}

#[tokio::test]
async fn a_group_is_found_by_the_apps_own_id() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    world.hints();
    let group = world.founds("team", &[&alice, &bob, &bob]).await.unwrap();
    assert_eq!((group.handle.as_ref().unwrap().as_str(), group.group.unwrap().members), ("team", 2));
    assert!(group.participants.iter().any(|p| p.member.unwrap().owner && p.person.id == *alice.id()));
    assert!(matches!(&world.hints()[0], hint if hint.audience.users.contains(bob.id())));
    assert_eq!(code(world.founds("team", &[&cara]).await), Code::AlreadyExists);
    assert_eq!(code(world.founds("empty", &[]).await), Code::BadRequest);
    let backend = world.im.backend(&world.app);
    backend.join_group(&place("team"), ids(&[&cara, &bob])).await.unwrap();
    cara.says(group.id, "hello").await.unwrap();
    let page = cara.reads(group.id).await.unwrap();
    assert_eq!(page.messages.len(), 1, "the app announces by itself, if it wants to");
    world.hints();
    let left = backend.quit_group(&place("team"), ids(&[&bob]), false).await.unwrap();
    assert_eq!(left.group.unwrap().members, 2);
    let last_word = world.hints();
    assert!(last_word.iter().any(|hint| hint.audience.users.contains(bob.id())));
    assert_eq!(code(bob.says(group.id, "still here?").await), Code::NotFound);
    assert_eq!(backend.rename_group(&place("team"), " Crew ").await.unwrap().group.unwrap().name, "Crew");
    backend.dismiss_group(&place("team")).await.unwrap();
    backend.dismiss_group(&place("team")).await.unwrap();
    assert_eq!(code(cara.says(group.id, "late").await), Code::ConversationClosed);
    assert_eq!(code(backend.group(&place("nowhere")).await), Code::NotFound);
}

#[tokio::test]
async fn a_users_groups_become_exactly_those_given() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    for name in ["one", "two", "three"] {
        world.founds(name, &[&alice, &bob]).await.unwrap();
    }
    let backend = world.im.backend(&world.app);
    backend.quit_group(&place("three"), ids(&[&bob]), false).await.unwrap();
    let wanted = ["two", "three", "four"].map(|name| (handle(name), name.to_owned())).to_vec();
    backend.sync_groups(bob.id(), wanted).await.unwrap();
    let groups = backend.groups_of_user(bob.id(), None, 10).await.unwrap();
    let mut names: Vec<_> = groups.iter().map(|group| group.handle.as_ref().unwrap().to_string()).collect();
    names.sort();
    assert_eq!(names, ["four", "three", "two"]);
    assert_eq!(backend.groups_of_user(alice.id(), None, 10).await.unwrap().len(), 3);
    backend.sync_groups(bob.id(), vec![]).await.unwrap();
    assert_eq!(backend.groups_of_user(bob.id(), None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn silences_exceptions_and_bans_are_the_back_ends_too() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let id = world.founds("team", &[&alice, &bob, &cara]).await.unwrap().id;
    let (backend, team) = (world.im.backend(&world.app), place("team"));
    backend.silence_members(&team, &ids(&[&bob]), Some(5)).await.unwrap();
    let silenced = async || {
        let members = backend.group_members(&team, Which::Silenced(world.im.now()), None, 10).await.unwrap();
        members.into_iter().map(|member| member.person.id).collect::<Vec<_>>()
    };
    assert_eq!((code(bob.says(id, "hm").await), silenced().await), (Code::Silenced, ids(&[&bob])));
    world.clock.advance_secs(300);
    bob.says(id, "hm").await.unwrap();
    assert_eq!(silenced().await, []);
    backend.silence_members(&team, &ids(&[&bob]), Some(0)).await.unwrap();
    world.clock.advance_secs(10_000_000);
    assert_eq!(code(bob.says(id, "hm").await), Code::Silenced);
    backend.silence_members(&team, &ids(&[&bob]), None).await.unwrap();
    backend.silence_group(&team, true).await.unwrap();
    backend.allow_members(&team, &ids(&[&cara]), true).await.unwrap();
    assert_eq!(code(bob.says(id, "hm").await), Code::Silenced);
    cara.says(id, "I may").await.unwrap();
    let nobody: UserId = "nobody".parse().unwrap();
    assert_eq!(code(backend.allow_members(&team, &[cara.id().clone(), nobody], false).await), Code::NotFound);
    backend.ban_from_group(&team, cara.id(), true).await.unwrap();
    assert_eq!(code(cara.says(id, "hm").await), Code::NotFound);
    assert_eq!(backend.group_bans(&team, None, 10).await.unwrap()[0].id, *cara.id());
    backend.ban_from_group(&team, cara.id(), false).await.unwrap();
    assert_eq!(backend.group_bans(&team, None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn z1_another_app_has_its_own_handles() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let id = world.founds("team", &[&alice]).await.unwrap().id;
    let theirs = world.im.create_app("Other").await.unwrap().key;
    let other = world.im.backend(&theirs);
    for place in [place("team"), Place::Conversation(id)] {
        assert_eq!(code(other.group(&place).await), Code::NotFound);
        assert_eq!(code(other.dismiss_group(&place).await), Code::NotFound);
        assert_eq!(code(other.group_members(&place, Which::All, None, 9).await), Code::NotFound);
        assert_eq!(code(other.ban_from_group(&place, alice.id(), true).await), Code::NotFound);
        assert_eq!(code(other.silence_group(&place, true).await), Code::NotFound);
    }
    let sent = alice.says(id, "fine").await.unwrap();
    assert!(world.hints().iter().all(|hint| hint.audience.app == world.app));
    assert!(matches!(world.im.conversation(&alice.caller, id).await.unwrap().last, Some(last) if last.uid == sent.uid));
}
