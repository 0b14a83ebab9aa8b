//! What came for somebody while they were away.

use parlor::model::{
    Code, Content, Inbox, Kind, Millis,
    command::{Receipt, Target},
};

use super::world::{Someone, World, code};

async fn came(world: &World, who: &Someone, received_after: Option<Millis>, own_after: Option<Millis>) -> Vec<String> {
    let window = Inbox { received_after, own_after, limit: 100 };
    let page = world.im.inbox(&who.caller, window).await.unwrap();
    assert!(!page.more);
    for (conversation, arrival) in &page.arrivals {
        assert_eq!(conversation.id, arrival.message.conversation);
        assert!(conversation.has(who.id()));
    }
    page.arrivals.iter().filter_map(|(_, arrival)| arrival.message.content.words()).collect()
}

#[tokio::test]
async fn what_reached_no_device_waits_and_what_is_newer_than_a_time_too() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let to_bob = |text| (Target::User(bob.id().clone()), Content::text(text));
    let (to, one) = to_bob("one");
    let first = alice.send(to, "1", one).await.unwrap();
    let (to, two) = to_bob("two");
    cara.send(to, "2", two).await.unwrap();
    let answer = bob.says(first.conversation, "three").await.unwrap();
    let (to, four) = to_bob("four");
    let last = alice.send(to, "4", four).await.unwrap();

    assert_eq!(came(&world, &bob, None, None).await, ["two", "four"], "who answered has what came before");
    assert_eq!(came(&world, &bob, Some(Millis::new(0)), None).await, ["one", "two", "four"]);
    assert_eq!(came(&world, &bob, Some(first.at), Some(first.at)).await, ["two", "three", "four"]);
    assert_eq!(came(&world, &bob, Some(answer.at), Some(answer.at)).await, ["four"]);
    assert_eq!(came(&world, &bob, Some(last.at), None).await, Vec::<String>::new());
    assert_eq!(came(&world, &alice, None, Some(Millis::new(0))).await, ["one", "four"], "alice has read by writing");
    let delivered = Receipt { conversation: first.conversation, delivered: last.seq, read: None };
    bob.marks(delivered).await.unwrap();
    assert_eq!(came(&world, &bob, None, None).await, ["two"]);
}

#[tokio::test]
async fn an_inbox_comes_in_pages_and_without_chatrooms() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    alice.joins("lobby").await;
    bob.joins("lobby").await;
    alice.tells("lobby", "in the room").await.unwrap();
    for number in 0..5 {
        alice.send(Target::User(bob.id().clone()), &number.to_string(), Content::text("hi")).await.unwrap();
    }
    let (mut after, mut sizes) = (Millis::new(0), Vec::new());
    loop {
        let window = Inbox { received_after: Some(after), own_after: None, limit: 2 };
        let page = world.im.inbox(&bob.caller, window).await.unwrap();
        assert!(page.arrivals.iter().all(|(conversation, _)| conversation.kind == Kind::Private));
        after = page.arrivals.last().unwrap().1.at();
        sizes.push(page.arrivals.len());
        if !page.more {
            break;
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
    let window = Inbox { received_after: None, own_after: None, limit: 0 };
    assert_eq!(code(world.im.inbox(&bob.caller, window).await), Code::BadRequest);
}

#[tokio::test]
async fn visitors_have_an_inbox_too() {
    let world = World::new().await;
    let (anna, vera) = (world.agent("Anna").await, world.visitor().await);
    let asked = vera.asks("Hello?").await;
    anna.accepts(asked.conversation).await.unwrap();
    anna.says(asked.conversation, "Hello!").await.unwrap();
    assert_eq!(came(&world, &vera, Some(asked.at), None).await, ["Anna joined the conversation", "Hello!"]);
}
