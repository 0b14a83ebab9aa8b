//! What an app's back end does with its users: profiles, tokens, tags, blocks and gags.

use parlor::{
    auth::Token,
    im::backend::{Backend, users::UserChange},
    model::{
        Code, Command, Contacts, Content, Features, Kind, UserId,
        command::{CreateGroup, History, Reply, Target},
        event::Event,
        restraint::Restraint,
    },
};

use super::world::{Someone, World, code, fresh};

fn id(text: &str) -> UserId {
    text.parse().unwrap()
}

fn named(name: &str, portrait: &str) -> UserChange {
    UserChange { name: Some(name.to_owned()), portrait: Some(portrait.to_owned()) }
}

async fn writes(from: &Someone, to: &Someone) -> Result<parlor::model::command::Sent, parlor::model::Fault> {
    from.send(Target::User(to.id().clone()), &fresh(), Content::text("hi")).await
}

async fn group(owner: &Someone, guest: &Someone) -> parlor::model::ConversationId {
    let new = CreateGroup { kind: Kind::Group, name: "Team".to_owned(), users: vec![guest.id().clone()] };
    let Reply::Conversation(group) = owner.command(Command::CreateGroup(new)).await.unwrap() else { panic!() };
    group.id
}

/// Who it is, and until when, of those under a restraint.
async fn listed(backend: &Backend<'_>, restraint: Restraint) -> Vec<(UserId, Option<i64>)> {
    let (found, more) = backend.restrained(restraint, None, 100).await.unwrap();
    assert!(!more);
    found.into_iter().map(|it| (it.user, it.until.map(parlor::model::Millis::get))).collect()
}

#[tokio::test]
async fn a_profile_keeps_what_is_not_given_and_takes_plain_web_addresses_only() {
    let world = World::new().await;
    let backend = world.im.backend(&world.app);
    let zoe = id("zoe");
    let made = backend.save_user(&zoe, named("  Zoë\u{202e} ", "https://a.example/z.png")).await.unwrap();
    assert_eq!((made.person.name.as_str(), made.person.portrait.as_deref()), ("Zoë", Some("https://a.example/z.png")));
    for wrong in ["javascript:alert(1)", "data:image/png;base64,AA", "https://u:p@a.example/"] {
        assert_eq!(code(backend.save_user(&zoe, named("Eve", wrong)).await), Code::BadRequest);
    }
    world.clock.advance_secs(60);
    let renamed = backend.save_user(&zoe, UserChange { name: Some("Zo".to_owned()), portrait: None }).await.unwrap();
    assert_eq!((renamed.person.name.as_str(), renamed.created_at), ("Zo", made.created_at));
    assert!(renamed.person.portrait.is_some());
    assert_eq!(backend.save_user(&zoe, named("", "")).await.unwrap().person.portrait, None);
    backend.issue_token(&zoe, UserChange { name: Some("Zoe".to_owned()), portrait: None }, None).await.unwrap();
    world.im.issue_user_token(&world.app, zoe.clone(), "", None).await.unwrap();
    assert_eq!(backend.user(&zoe).await.unwrap().person.name, "Zoe", "a token without a name changes none");
    let agent = world.agent("Anna").await;
    assert_eq!(code(backend.save_user(agent.id(), named("Mallory", "")).await), Code::AlreadyExists);
    assert_eq!(code(backend.user(agent.id()).await), Code::NotFound);
}

#[tokio::test]
async fn req_1_6_a_token_lives_as_long_as_asked_or_as_the_app_says() {
    let world = World::new().await;
    let backend = world.im.backend(&world.app);
    backend.set_features(Features { user_token_secs: 100, ..Features::default() }).await.unwrap();
    let issue = async |secs| backend.issue_token(&id("bob"), UserChange::default(), secs).await.unwrap();
    let (apps, asked, endless) = (issue(None).await, issue(Some(200)).await, issue(Some(0)).await);
    let opens = async |token: &Token| world.im.authenticate(token).await.unwrap().is_some();
    assert_eq!(apps.expires_at, Some(world.im.now().plus_secs(100)));
    assert_eq!(endless.expires_at, None);
    world.clock.advance_secs(100);
    assert!(!opens(&apps.token).await && opens(&asked.token).await);
    world.clock.advance_secs(9 * 365 * 24 * 3600);
    assert!(!opens(&asked.token).await && opens(&endless.token).await);
    assert!(opens(&issue(None).await.token).await, "a new one works");
    let too_long = backend.issue_token(&id("bob"), UserChange::default(), Some(u32::MAX)).await;
    assert_eq!(code(too_long), Code::BadRequest);
}

#[tokio::test]
async fn revoking_ends_one_token_or_all_before_an_instant_and_only_the_apps_own() {
    let world = World::new().await;
    let other = world.im.create_app("Other").await.unwrap();
    let (backend, stranger) = (world.im.backend(&world.app), world.im.backend(&other.key));
    let bob = id("bob");
    let issue = async || backend.issue_token(&bob, UserChange::default(), Some(0)).await.unwrap().token;
    let opens = async |token: &Token| world.im.authenticate(token).await.unwrap().is_some();
    let (first, second) = (issue().await, issue().await);
    assert!(!stranger.revoke_token(&first).await.unwrap());
    assert_eq!(code(stranger.revoke_tokens(&bob, None).await), Code::NotFound);
    assert!(opens(&first).await);
    assert!(backend.revoke_token(&first).await.unwrap());
    assert!(!backend.revoke_token(&first).await.unwrap(), "it is one no more");
    assert!(!opens(&first).await && opens(&second).await);
    world.clock.advance_secs(1);
    let later = issue().await;
    backend.revoke_tokens(&bob, Some(world.im.now())).await.unwrap();
    assert!(!opens(&second).await && opens(&later).await);
    backend.revoke_tokens(&bob, None).await.unwrap();
    assert!(!opens(&later).await, "also one of this very millisecond");
    let (_, visitors) = world.im.mint_visitor(&world.site).await.unwrap();
    assert!(!backend.revoke_token(&visitors).await.unwrap() && opens(&visitors).await, "a visitor's is not a user's");
}

#[tokio::test]
async fn a_blocked_user_with_a_valid_token_does_not_come_in_until_the_very_end() {
    let world = World::new().await;
    let backend = world.im.backend(&world.app);
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let token = world.im.issue_user_token(&world.app, id("bob"), "", None).await.unwrap();
    for minutes in [0, 43_201] {
        assert_eq!(code(backend.restrain(bob.id(), Restraint::Everything, Some(minutes)).await), Code::BadRequest);
    }
    world.hints();
    let term = backend.restrain(bob.id(), Restraint::Everything, Some(1)).await.unwrap();
    assert_eq!(term.until, Some(world.im.now().plus_secs(60)));
    assert!(world.hints().iter().any(|it| it.event == Event::ProveAgain && it.audience.users == [bob.id().clone()]));
    assert_eq!(code(world.im.authenticate(&token).await), Code::UserBlocked);
    assert_eq!(code(writes(&bob, &alice).await), Code::UserBlocked, "a connection that still stands");
    let again = world.im.issue_user_token(&world.app, id("bob"), "", None).await.unwrap();
    assert_eq!(code(world.im.authenticate(&again).await), Code::UserBlocked);
    assert_eq!(
        listed(&backend, Restraint::Everything).await,
        [(id("bob"), term.until.map(parlor::model::Millis::get))]
    );
    world.clock.advance_secs(59);
    assert_eq!(code(world.im.authenticate(&token).await), Code::UserBlocked);
    world.clock.advance_secs(1);
    assert!(world.im.authenticate(&token).await.unwrap().is_some());
    assert!(listed(&backend, Restraint::Everything).await.is_empty());
    backend.restrain(bob.id(), Restraint::Everything, None).await.unwrap();
    assert_eq!(listed(&backend, Restraint::Everything).await, [(id("bob"), None)]);
    backend.lift(bob.id(), Restraint::Everything).await.unwrap();
    assert!(world.im.authenticate(&token).await.unwrap().is_some());
    let visitor = world.visitor().await;
    assert_eq!(code(backend.restrain(visitor.id(), Restraint::Everything, None).await), Code::NotFound);
}

#[tokio::test]
async fn req_4_13_a_gagged_user_reads_and_does_not_write_until_the_very_end() {
    let world = World::new().await;
    let backend = world.im.backend(&world.app);
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let private = writes(&bob, &alice).await.unwrap().conversation;
    let team = group(&alice, &bob).await;
    backend.restrain(bob.id(), Restraint::Writing, Some(1)).await.unwrap();
    world.hints();
    assert_eq!(code(writes(&bob, &alice).await), Code::Silenced);
    assert_eq!(code(bob.says(team, "hm").await), Code::Silenced);
    assert_eq!(code(bob.command(Command::Typing { conversation: private, on: true }).await), Code::Silenced);
    assert!(world.messages_to(&alice).is_empty());
    writes(&alice, &bob).await.unwrap();
    let newest = History::newest(private, 10);
    assert_eq!(world.im.history(&bob.caller, newest).await.unwrap().messages.len(), 2);
    let read = Content::of("RC:RRRspMsg", &serde_json::json!({ "receiptMessageDic": {} }));
    bob.send(Target::Conversation(team), &fresh(), read).await.unwrap();
    world.clock.advance_secs(59);
    assert_eq!(code(writes(&bob, &alice).await), Code::Silenced);
    world.clock.advance_secs(1);
    writes(&bob, &alice).await.unwrap();
}

#[tokio::test]
async fn a_gag_may_hold_for_one_kind_only() {
    let world = World::new().await;
    let backend = world.im.backend(&world.app);
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let team = group(&alice, &bob).await;
    backend.restrain(bob.id(), Restraint::WritingPrivate, None).await.unwrap();
    assert_eq!(code(writes(&bob, &cara).await), Code::Silenced);
    let nothing = world.im.conversations(&cara.caller, parlor::model::command::List::default()).await.unwrap();
    assert!(nothing.conversations.is_empty(), "nothing was begun");
    bob.says(team, "here I may").await.unwrap();
    backend.lift(bob.id(), Restraint::WritingPrivate).await.unwrap();
    backend.restrain(bob.id(), Restraint::WritingGroups, None).await.unwrap();
    assert_eq!(code(bob.says(team, "hm").await), Code::Silenced);
    writes(&bob, &cara).await.unwrap();
    assert_eq!(listed(&backend, Restraint::WritingGroups).await, [(id("bob"), None)]);
    assert!(listed(&backend, Restraint::Writing).await.is_empty());
}

#[tokio::test]
async fn what_another_process_changed_is_heard_of() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    world.im.hear_of_changed_people().await.unwrap();
    writes(&bob, &alice).await.unwrap();
    let beside = world.beside();
    beside.backend(&world.app).restrain(bob.id(), Restraint::Writing, None).await.unwrap();
    writes(&bob, &alice).await.unwrap();
    world.hints();
    world.im.hear_of_changed_people().await.unwrap();
    assert_eq!(world.hints().len(), 1);
    assert_eq!(code(writes(&bob, &alice).await), Code::Silenced);
    world.im.hear_of_changed_people().await.unwrap();
    assert!(world.hints().is_empty(), "each change is heard of once");
}

#[tokio::test]
async fn req_4_13_the_back_end_keeps_block_and_allow_lists() {
    let world = World::new().await;
    let backend = world.im.backend(&world.app);
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    backend.set_contacts(Contacts::Blocked, bob.id(), &[id("alice")], true).await.unwrap();
    assert_eq!(code(writes(&alice, &bob).await), Code::Blocked);
    backend.set_contacts(Contacts::Blocked, bob.id(), &[id("alice")], false).await.unwrap();
    writes(&alice, &bob).await.unwrap();
    backend.set_features(Features { whitelist: true, ..Features::default() }).await.unwrap();
    assert_eq!(code(writes(&alice, &bob).await), Code::NotOnList);
    backend.set_contacts(Contacts::Allowed, bob.id(), &[id("alice")], true).await.unwrap();
    writes(&alice, &bob).await.unwrap();
    assert_eq!(code(writes(&bob, &alice).await), Code::NotOnList, "only one way");
    let on_list = backend.contacts(Contacts::Allowed, bob.id()).await.unwrap();
    assert_eq!(on_list.iter().map(|person| &person.id).collect::<Vec<_>>(), [alice.id()]);
    let many: Vec<UserId> = (0..21).map(|n| id(&format!("u{n}"))).collect();
    assert_eq!(code(backend.set_contacts(Contacts::Allowed, bob.id(), &many, true).await), Code::BadRequest);
    let unknown = backend.set_contacts(Contacts::Allowed, bob.id(), &[id("nobody")], true).await;
    assert_eq!(code(unknown), Code::NotFound);
}

#[tokio::test]
async fn tags_are_few_short_and_visible() {
    let world = World::new().await;
    let backend = world.im.backend(&world.app);
    world.user("alice").await;
    let set = async |tags: &[String]| backend.set_tags(&[id("alice")], tags).await;
    let twenty: Vec<String> = (0..20).map(|n| format!("tag-{n}")).collect();
    set(&twenty).await.unwrap();
    assert_eq!(backend.tags_of(&[id("alice"), id("nobody")]).await.unwrap(), [(id("alice"), twenty.clone())]);
    for wrong in [[twenty, vec!["more".to_owned()]].concat(), vec!["x".repeat(41)], vec![" ".to_owned()]] {
        assert_eq!(code(set(&wrong).await), Code::BadRequest);
    }
}
