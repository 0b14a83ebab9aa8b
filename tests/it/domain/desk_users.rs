//! The desk for users of the app: they name the site whose desk is to answer.

use parlor::model::{
    Caller, Code, Command, Content, ConversationId, Event, Handle, Kind, Millis, Role, Site, SiteKey, Stretch,
    command::{Page, Reply, Sent, Target},
    conversation::{Keeping, View},
    site::{Look, Origin},
};
use serde_json::{Value, json};

use super::world::{Someone, World, code, field, fresh, names, stage};

impl Someone {
    /// Says something to a site's desk.
    async fn asks_desk(&self, site: &SiteKey, text: &str) -> Sent {
        self.send(Target::DeskOf(site.clone()), &fresh(), Content::text(text)).await.unwrap()
    }

    async fn signals_desk(&self, site: &SiteKey, name: &str, body: Value) -> Result<Sent, parlor::model::Fault> {
        self.send(Target::DeskOf(site.clone()), &fresh(), Content::of(name, &body)).await
    }
}

fn desk_of(site: &SiteKey) -> Handle {
    site.as_str().parse().unwrap()
}

async fn second_site(world: &World) -> Site {
    let origins = vec![Origin::parse("https://second.example").unwrap()];
    world.im.create_site(&world.app, "Second", origins, Look::default()).await.unwrap()
}

async fn history(world: &World, who: &Someone, site: &SiteKey, stretch: Stretch) -> Option<Page> {
    world.im.history_of(&who.caller, Kind::Service, &desk_of(site), stretch).await.unwrap()
}

const ALL: Stretch = Stretch { before: None, after: None, limit: 100 };

#[tokio::test]
async fn a_user_is_greeted_answered_and_seen_in_the_console() {
    let world = World::new().await;
    let site = world.site.key.clone();
    let (anna, alice) = (world.agent("Anna").await, world.user("alice").await);
    world.hints();
    let greeting = json!({ "userInfo": { "name": "Mallory" }, "requestInfo": { "page": "https://a.example/x?y" } });
    let id = alice.signals_desk(&site, "RC:CsHs", greeting).await.unwrap().conversation;
    let heard = world.messages_to(&alice);
    assert_eq!(names(&heard), ["RC:CsHsR"]);
    assert_eq!(field(&heard[0], "/data/uid"), json!("alice"));
    assert_eq!((field(&heard[0], "/status"), field(&heard[0], "/data/sid")), (json!(1), json!(id)));
    let waiting = anna.view(View::Waiting).await;
    let seen = waiting[0].visitor().unwrap();
    assert_eq!((waiting[0].id, seen.person.id.as_str(), seen.person.role), (id, "alice", Role::User));
    assert_eq!(seen.person.name, "alice", "the app names its users, they do not");
    assert!(seen.online);
    assert_eq!(waiting[0].service.as_ref().unwrap().context.page.as_deref(), Some("https://a.example/x"));

    assert_eq!(alice.asks_desk(&site, "Hello?").await.conversation, id);
    world.hints();
    anna.accepts(id).await.unwrap();
    anna.says(id, "Hello!").await.unwrap();
    assert_eq!(names(&world.messages_to(&alice)), ["RC:CsUpdate", "RC:InfoNtf", "RC:TxtMsg"]);
    alice.signals_desk(&site, "RC:CSCha", json!({ "sid": id })).await.unwrap();
    assert_eq!(field(&world.messages_to(&alice)[0], "/data/status"), json!(4));
    anna.ends(id).await.unwrap();
    assert!(names(&world.messages_to(&alice)).contains(&"RC:CsEnd"));
    alice.signals_desk(&site, "RC:CsEva", json!({ "sid": id, "source": 4 })).await.unwrap();
    assert_eq!(anna.sees(id).await.service.unwrap().rating.unwrap().stars, 4);
}

#[tokio::test]
async fn a_user_ends_it_and_an_old_session_is_ignored() {
    let world = World::new().await;
    let site = world.site.key.clone();
    let (anna, alice) = (world.agent("Anna").await, world.user("alice").await);
    let first = alice.asks_desk(&site, "one").await.conversation;
    alice.signals_desk(&site, "RC:CsSp", json!({ "sid": first })).await.unwrap();
    assert_eq!(stage(&anna.sees(first).await), "ended");
    world.clock.advance_secs(1);
    let second = alice.asks_desk(&site, "two").await.conversation;
    assert_ne!(first, second);
    alice.signals_desk(&site, "RC:CsSp", json!({ "sid": first })).await.unwrap();
    assert_eq!(stage(&anna.sees(second).await), "queued");
}

#[tokio::test]
async fn what_a_user_leaves_becomes_a_ticket_in_either_form() {
    let world = World::new().await;
    let (site, alice) = (world.site.key.clone(), world.user("alice").await);
    let note = json!({ "nickName": "Al", "info": { "mail": "al@mail.example" }, "page": "x" });
    let id = alice.signals_desk(&site, "RC:CsContact", note).await.unwrap().conversation;
    assert_eq!(alice.words(id).await, ["mail: al@mail.example", "We have your message"]);
    alice.signals_desk(&site, "RC:CsLm", json!({ "msg_content": "Call me" })).await.unwrap();
    assert_eq!(alice.words(id).await[2], "Call me");
    let anna = world.agent("Anna").await;
    assert_eq!(anna.view(View::Waiting).await[0].id, id);
    let nothing = alice.signals_desk(&site, "RC:CsContact", json!({ "nickName": "Al" })).await;
    assert_eq!(code(nothing), Code::BadRequest);
}

#[tokio::test]
async fn z1_a_desk_must_be_named_and_be_the_apps_own() {
    let world = World::new().await;
    let (alice, vera, anna) = (world.user("alice").await, world.visitor().await, world.agent("Anna").await);
    let second = second_site(&world).await;
    let other = world.im.create_app("Other").await.unwrap();
    let foreign = Caller { app: other.key.clone(), ..alice.caller.clone() };
    assert_eq!(code(alice.send(Target::Desk, "1", Content::text("hi")).await), Code::Forbidden);
    let nowhere = Target::DeskOf("nosuch".parse().unwrap());
    assert_eq!(code(alice.send(nowhere, "1", Content::text("hi")).await), Code::NotFound);
    assert_eq!(code(alice.signals_desk(&"nosuch".parse().unwrap(), "RC:CsHs", json!({})).await), Code::NotFound);
    assert_eq!(code(anna.send(Target::DeskOf(second.key.clone()), "1", Content::text("hi")).await), Code::Forbidden);
    assert_eq!(code(vera.send(Target::DeskOf(second.key.clone()), "1", Content::text("hi")).await), Code::NotFound);
    vera.send(Target::DeskOf(world.site.key.clone()), "1", Content::text("hi")).await.unwrap();
    assert_eq!(world.im.find(&foreign, Kind::Service, &desk_of(&second.key)).await.unwrap(), None);
}

#[tokio::test]
async fn a_user_cannot_speak_with_the_servers_voice() {
    let world = World::new().await;
    let (site, alice) = (world.site.key.clone(), world.user("alice").await);
    let id = alice.asks_desk(&site, "hi").await.conversation;
    for name in ["RC:InfoNtf", "RC:CsEnd", "RC:CsHsR", "RC:CsUpdate"] {
        assert_eq!(code(alice.signals_desk(&site, name, json!({})).await), Code::Forbidden, "{name}");
        let direct = alice.send(Target::Conversation(id), &fresh(), Content::of(name, &json!({}))).await;
        assert_eq!(code(direct), Code::Forbidden, "{name}");
    }
    let ended = alice.send(Target::Conversation(id), &fresh(), Content::of("RC:CsSp", &json!({}))).await;
    assert_eq!(ended.unwrap().conversation, id);
    let bob = world.user("bob").await;
    let private = alice.send(Target::User(bob.id().clone()), "i", Content::of("RC:InfoNtf", &json!({}))).await;
    assert!(private.is_ok(), "among users it is a message like others");
}

#[tokio::test]
async fn each_site_has_its_own_conversation_and_its_episodes_are_read_as_one() {
    let world = World::new().await;
    let (site, second) = (world.site.key.clone(), second_site(&world).await.key);
    let (anna, alice) = (world.agent("Anna").await, world.user("alice").await);
    assert_eq!(history(&world, &alice, &site, ALL).await, None);
    let mut first: Vec<ConversationId> = Vec::new();
    for text in ["one", "two", "three"] {
        first.push(alice.asks_desk(&site, text).await.conversation);
        alice.asks_desk(&second, "elsewhere").await;
        alice.signals_desk(&site, "RC:CsSp", json!({})).await.unwrap();
        world.clock.advance_secs(1);
    }
    let page = history(&world, &alice, &site, ALL).await.unwrap();
    let texts: Vec<_> = page.messages.iter().filter_map(|message| message.content.words()).collect();
    let ended = "The visitor ended the conversation";
    assert_eq!(texts, ["one", ended, "two", ended, "three", ended]);
    let times: Vec<Millis> = page.messages.iter().map(|message| message.at).collect();
    assert!(times.is_sorted_by(|a, b| a < b));
    let older = Stretch { before: Some(times[3]), limit: 2, ..ALL };
    let page = history(&world, &alice, &site, older).await.unwrap();
    assert_eq!((page.messages[0].at, page.messages[1].at, page.more), (times[1], times[2], true));
    assert_eq!(
        code(world.im.history_of(&alice.caller, Kind::Service, &desk_of(&site), Stretch { limit: 0, ..ALL }).await),
        Code::BadRequest
    );

    let place = (Kind::Service, &desk_of(&second));
    anna.accepts(alice.asks_desk(&second, "elsewhere").await.conversation).await.unwrap();
    let unread = async || match alice.command(Command::Unread(vec![Kind::Service])).await.unwrap() {
        Reply::Unread(unread) => unread.total,
        other => panic!("{other:?}"),
    };
    let id = world.im.find(&alice.caller, Kind::Service, place.1).await.unwrap().unwrap().id;
    let (early, late) = (anna.says(id, "early").await.unwrap(), anna.says(id, "late").await.unwrap());
    assert_eq!(unread().await, 2);
    world.im.read_until(&alice.caller, Some(alice.connection), place, early.at).await.unwrap();
    assert_eq!(unread().await, 1);
    world.im.read_until(&alice.caller, Some(alice.connection), place, late.at).await.unwrap();
    assert_eq!(unread().await, 0);
    let me = anna.sees(id).await.participant(alice.id()).unwrap().clone();
    assert_eq!(me.read, late.seq.unwrap());

    let cleared = Keeping::ClearedUntil(times[2]);
    world.im.keep_all(&alice.caller, alice.connection, (Kind::Service, &desk_of(&site)), cleared).await.unwrap();
    let page = history(&world, &alice, &site, ALL).await.unwrap();
    assert_eq!(page.messages.iter().map(|message| message.at).collect::<Vec<_>>(), times[3..]);
    assert_eq!(anna.words(first[0]).await.len(), 2, "for the user only");
}

#[tokio::test]
async fn an_agent_sees_a_user_come_and_go() {
    let world = World::new().await;
    let (site, alice) = (world.site.key.clone(), world.user("alice").await);
    let id = alice.asks_desk(&site, "hi").await.conversation;
    world.hints();
    alice.goes();
    world.clock.advance_secs(60);
    world.im.fade_out().await;
    let told = world.hints().into_iter().find_map(|hint| match hint.event {
        Event::Conversation(conversation) if hint.audience.agents => Some(conversation),
        _ => None,
    });
    let told = told.expect("agents are told");
    assert!(told.id == id && !told.visitor().unwrap().online);
}

#[tokio::test]
async fn messages_are_deleted_by_their_ids_wherever_they_stand() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let one = alice.send(Target::User(bob.id().clone()), "1", Content::text("one")).await.unwrap();
    let two = alice.send(Target::User(cara.id().clone()), "2", Content::text("two")).await.unwrap();
    let theirs = cara.send(Target::User(bob.id().clone()), "3", Content::text("three")).await.unwrap();
    world.hints();
    let uids = [one.uid, two.uid, theirs.uid];
    world.im.delete_named(&alice.caller, alice.connection, &uids).await.unwrap();
    assert!(alice.words(one.conversation).await.is_empty() && alice.words(two.conversation).await.is_empty());
    assert_eq!(bob.words(one.conversation).await, ["one"]);
    assert_eq!(cara.words(theirs.conversation).await, ["three"], "not theirs to delete");
    let told = world.hints().into_iter().filter(|hint| matches!(hint.event, Event::Deleted { .. }));
    assert_eq!(told.count(), 2);
    let many = [one.uid; 101];
    assert_eq!(code(world.im.delete_named(&alice.caller, alice.connection, &many).await), Code::BadRequest);
}
