//! Word lists: what is refused, what is replaced, and what a retry hears.

use parlor::{
    im::backend::words::NewWord,
    model::{Code, Command, Content, Reply, command::Target, conversation::View, words::Word},
};
use serde_json::json;

use super::world::{Someone, World, code};

fn refuse(word: &str) -> NewWord {
    NewWord { word: word.to_owned(), replacement: None, whole: false }
}

fn replace(word: &str, replacement: &str) -> NewWord {
    NewWord { replacement: Some(replacement.to_owned()), ..refuse(word) }
}

impl World {
    async fn forbids(&self, words: Vec<NewWord>) {
        self.im.backend(&self.app).add_words(words).await.unwrap();
    }
}

fn to(somebody: &Someone) -> Target {
    Target::User(somebody.id().clone())
}

#[tokio::test]
async fn a_refused_word_keeps_nothing_and_begins_nothing() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    world.forbids(vec![refuse("damn")]).await;
    world.hints();
    let refused = visitor.send(Target::Desk, "1", Content::text("D\u{200b}AMN it")).await;
    assert_eq!(code(refused), Code::RefusedWords);
    assert!(anna.view(View::All).await.is_empty(), "no conversation began");
    let open = visitor.asks("Hello?").await.conversation;
    assert_eq!(code(visitor.says(open, "damn").await), Code::RefusedWords);
    assert_eq!(visitor.words(open).await, ["Hello?"]);
}

#[tokio::test]
async fn a_replaced_word_is_replaced_for_everybody() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    world.forbids(vec![replace("heck", "h**k")]).await;
    world.hints();
    let content = Content::of("RC:TxtMsg", &json!({ "content": "what the HECK", "extra": "heck" }));
    let sent = alice.send(to(&bob), "1", content.clone()).await.unwrap();
    assert!(sent.replaced);
    let told = world.messages_to(&alice);
    assert_eq!(told[0].content.words().unwrap(), "what the h**k", "the sender hears it too");
    assert_eq!(bob.words(sent.conversation).await, ["what the h**k"]);
    assert!(!alice.says(sent.conversation, "fine").await.unwrap().replaced);
}

#[tokio::test]
async fn a_retry_hears_the_first_result_whatever_the_list_says_by_then() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let backend = world.im.backend(&world.app);
    world.forbids(vec![replace("heck", "h**k")]).await;
    let first = alice.send(to(&bob), "1", Content::text("heck")).await.unwrap();
    let plain = alice.send(to(&bob), "2", Content::text("darn")).await.unwrap();
    backend.remove_words(&["HECK".to_owned()]).await.unwrap();
    assert_eq!(alice.send(to(&bob), "1", Content::text("heck")).await.unwrap(), first);
    world.forbids(vec![refuse("heck"), refuse("darn")]).await;
    assert_eq!(alice.send(to(&bob), "1", Content::text("heck")).await.unwrap(), first);
    assert_eq!(alice.send(to(&bob), "2", Content::text("darn")).await.unwrap(), plain);
    assert_eq!(code(alice.send(to(&bob), "3", Content::text("darn")).await), Code::RefusedWords);
    assert_eq!(code(alice.send(to(&bob), "2", Content::text("other")).await), Code::ClientIdReused);
    assert_eq!(bob.words(first.conversation).await, ["h**k", "darn"]);
}

#[tokio::test]
async fn a_retry_to_the_desk_after_the_end_hears_the_first_result() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    world.forbids(vec![replace("heck", "h**k")]).await;
    let first = visitor.send(Target::Desk, "1", Content::text("heck")).await.unwrap();
    anna.accepts(first.conversation).await.unwrap();
    anna.ends(first.conversation).await.unwrap();
    world.forbids(vec![refuse("heck")]).await;
    assert_eq!(visitor.send(Target::Desk, "1", Content::text("heck")).await.unwrap(), first);
    assert_eq!(code(visitor.send(Target::Desk, "2", Content::text("heck")).await), Code::RefusedWords);
}

#[tokio::test]
async fn odd_fields_do_not_hide_a_word_and_other_types_are_not_looked_at() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    world.forbids(vec![refuse("damn")]).await;
    let odd = Content::of("RC:TxtMsg", &json!({ "content": "damn", "message": 5, "msg_content": [] }));
    assert_eq!(code(alice.send(to(&bob), "1", odd).await), Code::RefusedWords);
    let file = Content::of("RC:FileMsg", &json!({ "name": "damn.pdf" }));
    assert!(alice.send(to(&bob), "2", file).await.is_ok());
}

#[tokio::test]
async fn z1_the_list_of_an_app_is_its_own() {
    let world = World::new().await;
    let other = world.im.create_app("Elsewhere").await.unwrap().key;
    world.im.backend(&other).add_words(vec![refuse("hello")]).await.unwrap();
    let visitor = world.visitor().await;
    visitor.asks("hello").await;
    assert!(world.im.backend(&world.app).words().await.unwrap().is_empty());
    assert_eq!(world.im.backend(&world.app).remove_words(&["hello".to_owned()]).await.unwrap(), 0);
}

#[tokio::test]
async fn odd_words_are_refused_and_a_full_list_takes_no_more() {
    let world = World::new().await;
    let backend = world.im.backend(&world.app);
    let long = "a".repeat(33);
    for word in ["", "  ", "\u{200b}", "a\u{0}b", &long] {
        assert_eq!(code(backend.add_words(vec![refuse(word)]).await), Code::BadRequest, "{word:?}");
    }
    assert_eq!(code(backend.add_words(vec![replace("a", &long)]).await), Code::BadRequest);
    assert_eq!(code(backend.add_words(Vec::new()).await), Code::BadRequest);
    for hundred in 0..10 {
        let words = (0..100).map(|number| refuse(&format!("w{hundred}-{number}"))).collect();
        backend.add_words(words).await.unwrap();
    }
    assert_eq!(u32::try_from(backend.words().await.unwrap().len()).unwrap(), Word::MOST);
    assert_eq!(code(backend.add_words(vec![refuse("one too many")]).await), Code::LimitReached);
    backend.add_words(vec![replace("W0-0", "x")]).await.unwrap();
    let alice = world.user("alice").await;
    let bob = world.user("bob").await;
    let Reply::Sent(sent) = alice
        .command(Command::Send(parlor::model::command::Send {
            to: Target::User(bob.id().clone()),
            client_id: "1".parse().unwrap(),
            only: Vec::new(),
            content: Content::text(&"w0-0 w1-x ".repeat(800)),
        }))
        .await
        .unwrap()
    else {
        panic!()
    };
    assert!(sent.replaced, "a long text against a full list");
}
