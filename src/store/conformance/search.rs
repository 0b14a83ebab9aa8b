//! Finding messages by what they say, and never what one may not see.

use super::{House, NOON, at, fresh_id, message, person, user};
use crate::{
    model::{Content, ConversationId, Kind, MessageUid, Role, UserId, conversation::Keeping, search::Search},
    store::{
        GroupStep, NewGroup, NewMessage, Store,
        search::{Finding, Searcher},
    },
};

impl House<'_> {
    async fn finds(&self, by: Searcher, search: Search) -> Finding {
        let words = crate::model::search::words_of(&search.query);
        self.store.search(&self.app, by, words, search).await.unwrap()
    }

    /// What somebody finds, as words.
    async fn words(&self, by: Searcher, query: &str) -> Vec<String> {
        let found = self.finds(by, Search::of(query)).await;
        found.messages.iter().filter_map(|message| message.content.words()).collect()
    }
}

fn alice() -> Searcher {
    Searcher::User(user("alice"))
}

pub(crate) async fn words_are_found_by_substring_in_every_script(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    let said = [
        "Der Schreibtisch",
        "Bürostuhl, crème",
        "我们的订单什么时候发货",
        "注文はいつ届きますか",
        "주문 확인",
        "ok go",
    ];
    for (second, text) in (1..).zip(said) {
        house.says(id, person("alice", Role::User), text, at(second)).await;
    }
    for (query, text) in [
        ("TISCH", said[0]),
        ("burostuhl", said[1]),
        ("CREME stuhl", said[1]),
        ("订单", said[2]),
        ("货", said[2]),
        ("我们 发货", said[2]),
        ("届き", said[3]),
        ("확인", said[4]),
        ("ok", said[5]),
        ("k g", said[5]),
    ] {
        assert_eq!(house.words(alice(), query).await, [text], "{query}");
        assert_eq!(house.words(Searcher::BackEnd, query).await, [text], "{query}");
    }
    for query in ["*", "\" OR 1", "订发", "tisch AND stuhl", "NOT x", "sch_eib", "%", "words:tisch", "NEAR(tisch)"] {
        assert!(house.words(Searcher::BackEnd, query).await.is_empty(), "{query}");
    }
}

pub(crate) async fn hits_come_newest_first_page_by_page(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    for second in 1..=25 {
        let from = if second % 5 == 0 { "bob" } else { "alice" };
        house.says(id, person(from, Role::User), &format!("lamp {second}"), at(second)).await;
    }
    let (mut seen, mut before) = (Vec::new(), None);
    for _ in 0..10 {
        let page = house.finds(alice(), Search { before, limit: 10, ..Search::of("lamp") }).await;
        seen.extend(page.messages.iter().map(|message| message.seq.unwrap().0));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen, (1..=25).rev().collect::<Vec<u64>>());
    let bobs = Search { from: Some(user("bob")), ..Search::of("lamp") };
    assert_eq!(house.finds(alice(), bobs).await.messages.len(), 5);
    let window = Search { after_at: Some(at(3)), before_at: Some(at(7)), ..Search::of("lamp") };
    let seqs: Vec<u64> =
        house.finds(alice(), window).await.messages.iter().map(|message| message.seq.unwrap().0).collect();
    assert_eq!(seqs, [6, 5, 4]);
    let none = Search { kinds: vec![Kind::Group], ..Search::of("lamp") };
    assert!(house.finds(alice(), none).await.messages.is_empty());
    let files = Search { name: Some("RC:FileMsg".parse().unwrap()), ..Search::of("lamp") };
    assert!(house.finds(Searcher::BackEnd, files).await.messages.is_empty());
}

async fn group_of(house: &House<'_>, users: &[&str]) -> ConversationId {
    let new = NewGroup {
        id: fresh_id(),
        kind: Kind::Group,
        handle: None,
        name: "Lamps".to_owned(),
        owner: user("alice"),
        users: users.iter().map(|id| user(id)).collect::<Vec<UserId>>(),
        at: NOON,
    };
    house.store.create_group(&house.app, new).await.unwrap().id
}

pub(crate) async fn z3_nobody_finds_what_they_may_not_see(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "elsewhere").await);
    let bob = || Searcher::User(user("bob"));
    let group = group_of(&house, &[]).await;
    house.says(group, person("alice", Role::User), "before bob came", at(1)).await;
    let step = GroupStep::Add(vec![user("bob")]);
    house.store.change_group(&house.app, group, step, at(2)).await.unwrap();
    house.says(group, person("alice", Role::User), "while bob is there", at(3)).await;
    assert_eq!(house.words(bob(), "bob").await, ["while bob is there"], "nothing from before");
    let whisper = message(group, person("alice", Role::User), "to herself", at(3));
    let whisper = NewMessage { only: vec![user("alice")], ..whisper };
    house.store.append(&house.app, whisper).await.unwrap();
    assert!(house.words(bob(), "herself").await.is_empty(), "nothing that is for others");
    assert_eq!(house.words(alice(), "herself").await.len(), 1);
    let mut page = house.finds(alice(), Search::of("while")).await;
    let seen = page.messages.remove(0);
    house.store.delete_for(&house.app, group, &user("alice"), &[seen.seq.unwrap()]).await.unwrap();
    assert_eq!(house.words(alice(), "bob").await, ["before bob came"], "not what they deleted");
    house.store.keep(&house.app, group, &user("alice"), Keeping::Cleared(seen.seq.unwrap())).await.unwrap();
    assert!(house.words(alice(), "bob").await.is_empty(), "not what they cleared");
    let gone = GroupStep::Remove { user: user("bob"), ban: false };
    house.store.change_group(&house.app, group, gone, at(4)).await.unwrap();
    assert!(house.words(bob(), "bob").await.is_empty(), "nothing after they went");
    assert_eq!(house.words(Searcher::BackEnd, "bob").await.len(), 2, "the back end sees all");
    assert!(other.words(Searcher::BackEnd, "bob").await.is_empty(), "of its own app");
    assert!(other.words(alice(), "bob").await.is_empty());
    let theirs = Search { conversation: Some(group), ..Search::of("bob") };
    assert!(other.finds(Searcher::BackEnd, theirs).await.messages.is_empty());
}

pub(crate) async fn agents_find_service_conversations_and_visitors_their_own(store: &dyn Store) {
    let house = House::new(store).await;
    let (service, private) = (house.queued("vera", NOON).await.id, house.private().await.id);
    house.says(service, person("vera", Role::Visitor), "my lamp broke", at(1)).await;
    house.says(private, person("alice", Role::User), "a lamp, privately", at(2)).await;
    let agent = |id| Searcher::Agent(user(id));
    assert_eq!(house.words(agent("anna"), "lamp").await, ["my lamp broke"]);
    assert_eq!(house.words(Searcher::User(user("vera")), "lamp").await, ["my lamp broke"]);
    assert!(house.words(Searcher::User(user("viktor")), "lamp").await.is_empty());
    assert!(house.words(Searcher::User(user("nobody")), "lamp").await.is_empty());
}

pub(crate) async fn what_was_taken_back_is_found_no_more(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    let new =
        NewMessage { content: Content::text("secret lamp"), ..message(id, person("alice", Role::User), "", at(1)) };
    let uid: MessageUid = store.append(&house.app, new).await.unwrap().message.uid;
    assert_eq!(house.words(alice(), "secret").await.len(), 1);
    store.replace_content(&house.app, uid, Content::text("another lamp"), at(2)).await.unwrap();
    assert!(house.words(Searcher::BackEnd, "secret").await.is_empty());
    assert_eq!(house.words(alice(), "lamp").await, ["another lamp"]);
}
