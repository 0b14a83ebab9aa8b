//! Messages for some of those inside only.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use serde_json::json;

use super::{House, at, client_id, fresh_id, message, person, user};
use crate::{
    model::{
        Content, Conversation, ConversationId, Kind, Message, Role, Seq, UserId,
        command::{History, List},
        content::{Mentions, names},
        conversation::Keeping,
    },
    store::{GroupStep, NewGroup, NewMessage, Store, readership::Unseen},
};

const NAMES: [&str; 3] = ["alice", "bob", "anna"];

/// Alice's group with Bob and Anna.
async fn found(house: &House<'_>) -> ConversationId {
    let new = NewGroup {
        handle: None,
        id: fresh_id(),
        kind: Kind::Group,
        name: "Team".to_owned(),
        owner: user("alice"),
        users: vec![user("bob"), user("anna")],
        at: at(0),
    };
    house.store.create_group(&house.app, new).await.unwrap().id
}

async fn seen(house: &House<'_>, id: ConversationId, who: &str) -> Vec<Message> {
    house.store.page_for(&house.app, &user(who), &History::newest(id, 100)).await.unwrap().messages
}

async fn of(house: &House<'_>, id: ConversationId, who: &str) -> Conversation {
    house.store.conversation_for(&house.app, id, &user(who)).await.unwrap().unwrap()
}

async fn list(house: &House<'_>, who: &str) -> Vec<Conversation> {
    house.store.conversations_of(&house.app, &user(who), &List::default()).await.unwrap()
}

pub(crate) async fn a_message_for_some_is_nothing_to_the_others(store: &dyn Store) {
    let house = House::new(store).await;
    let id = found(&house).await;
    let alice = person("alice", Role::User);
    house.says(id, alice.clone(), "to all", at(1)).await;
    store.keep(&house.app, id, &user("anna"), Keeping::Removed).await.unwrap();
    store.keep(&house.app, id, &user("bob"), Keeping::Removed).await.unwrap();
    let before = of(&house, id, "anna").await;
    let new = NewMessage {
        only: vec![user("bob")],
        mentions: Mentions::Everybody,
        client_id: Some(client_id("one")),
        ..message(id, alice, "to Bob", at(2))
    };
    let kept = store.append(&house.app, new.clone()).await.unwrap().message;
    assert!(store.append(&house.app, new).await.unwrap().repeated);
    let anna = of(&house, id, "anna").await;
    assert_eq!((&anna.last, &anna.mine, anna.changed_at), (&before.last, &before.mine, at(1)));
    assert_eq!(list(&house, "anna").await, [], "and what she removed stays away");
    let [_, hidden] = &seen(&house, id, "anna").await[..] else { panic!() };
    assert_eq!((hidden.seq, hidden.content.name.as_str()), (Some(Seq(2)), names::DELETED));
    assert_eq!((hidden.from.id.as_str(), &hidden.client_id, hidden.content.body()), ("system", &None, "{}"));
    for who in ["alice", "bob"] {
        assert_eq!(seen(&house, id, who).await[1], kept);
        let theirs = of(&house, id, who).await;
        assert_eq!((theirs.last, theirs.changed_at), (Some(kept.clone()), at(2)));
    }
    let [bobs] = &list(&house, "bob").await[..] else { panic!("it comes back") };
    let mine = bobs.mine.clone().unwrap();
    assert_eq!((mine.unread, mine.mentions, bobs.changed_at, &bobs.last), (1, 1, at(2), &Some(kept.clone())));
    let all = house.get(id).await;
    assert_eq!(all.last.unwrap().seq, Some(Seq(1)), "nor is it in what everybody is told");
    assert_eq!(all.participants.iter().map(|p| p.unread).collect::<Vec<_>>(), [0, 1, 1], "Alice, Bob, Anna");
    let mut recipients = store.recipients(&house.app, kept.uid).await.unwrap();
    recipients.sort();
    assert_eq!(recipients, [user("alice"), user("bob")]);
}

pub(crate) async fn who_has_read_is_known_from_the_watermarks(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let id = found(&house).await;
    let new = message(id, person("alice", Role::User), "read me", at(1));
    let uid = store.append(&house.app, new.clone()).await.unwrap().message.uid;
    let readers = async |uid, after: Option<&UserId>, limit| {
        let readers = store.readers(&house.app, uid, after, limit).await.unwrap();
        let names: Vec<String> = readers.readers.iter().map(|reader| reader.person.id.to_string()).collect();
        (readers.count, readers.of, names)
    };
    assert_eq!(readers(uid, None, 9).await, (0, 2, vec![]));
    for (who, second) in [("bob", 2), ("anna", 3), ("alice", 4)] {
        store.mark(&house.app, id, &user(who), None, Some(Seq(1)), at(second)).await.unwrap();
    }
    assert_eq!(readers(uid, None, 1).await, (2, 2, vec!["anna".to_owned()]));
    assert_eq!(readers(uid, Some(&user("anna")), 9).await, (2, 2, vec!["bob".to_owned()]));
    let late = GroupStep::Add(vec![user("ben")]);
    store.change_group(&house.app, id, late, at(5)).await.unwrap();
    assert_eq!(readers(uid, None, 9).await.1, 2, "who came later was never meant");
    let aside = NewMessage { only: vec![user("bob")], ..new };
    let uid = store.append(&house.app, aside).await.unwrap().message.uid;
    for who in ["bob", "anna"] {
        store.mark(&house.app, id, &user(who), None, Some(Seq(2)), at(6)).await.unwrap();
    }
    assert_eq!(readers(uid, None, 9).await, (1, 1, vec!["bob".to_owned()]));
    assert_eq!(store.readers(&other.app, uid, None, 9).await.unwrap().of, 0);
}

pub(crate) async fn what_not_everybody_sees_is_one_question(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let id = found(&house).await;
    let alice = person("alice", Role::User);
    for second in 1..=4 {
        let only = if second == 2 { vec![user("bob")] } else { Vec::new() };
        let new = NewMessage { only, ..message(id, alice.clone(), "words", at(second)) };
        store.append(&house.app, new).await.unwrap();
    }
    store.delete_for(&house.app, id, &user("bob"), &[Seq(1), Seq(3)]).await.unwrap();
    store.keep(&house.app, id, &user("alice"), Keeping::Cleared(Seq(1))).await.unwrap();
    store.keep(&house.app, id, &user("anna"), Keeping::Cleared(Seq(3))).await.unwrap();
    let unseen = store.unseen(&house.app, id, Seq(2), Seq(4)).await.unwrap();
    assert_eq!(unseen.only, [(Seq(2), [user("alice"), user("bob")].into())].into());
    assert_eq!(unseen.thrown_away, [(Seq(3), user("bob"))].into());
    assert_eq!(unseen.cleared, [(user("anna"), Seq(3))].into());
    assert_eq!(store.unseen(&other.app, id, Seq(2), Seq(4)).await.unwrap(), Unseen::default());
}

#[derive(Debug, Clone)]
enum Step {
    Send { from: usize, counted: bool, only: Vec<usize> },
    Mark { who: usize, read: u64 },
    Clear { who: usize, place: u64 },
    Remove { who: usize },
    Delete { who: usize, place: u64 },
    Recall { place: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (who, place) = (|| 0..3_usize, || 0..20_u64);
    let step = prop_oneof![
        6 => (who(), any::<bool>(), prop::sample::subsequence(vec![0, 1, 2], 0..3)).prop_map(|(from, counted, only)| {
            Step::Send { from, counted, only: only.into_iter().filter(|to| *to != from).collect() }
        }),
        2 => (who(), place()).prop_map(|(who, read)| Step::Mark { who, read }),
        1 => (who(), place()).prop_map(|(who, place)| Step::Clear { who, place }),
        1 => who().prop_map(|who| Step::Remove { who }),
        1 => (who(), place()).prop_map(|(who, place)| Step::Delete { who, place }),
        1 => place().prop_map(|place| Step::Recall { place }),
    ];
    prop::collection::vec(step, 1..40)
}

/// One message of the model.
struct Said {
    from: usize,
    counted: bool,
    only: Vec<usize>,
    recalled: bool,
    deleted_by: Vec<usize>,
}

/// Counts by looking at every message.
#[derive(Default)]
struct Model {
    said: Vec<Said>,
    read: [u64; 3],
    cleared: [u64; 3],
    removed: [Option<u64>; 3],
}

impl Model {
    fn head(&self) -> u64 {
        self.said.len().try_into().unwrap()
    }

    fn apply(&mut self, step: &Step) {
        let head = self.head();
        let at = |place: u64| usize::try_from(place).unwrap().wrapping_sub(1);
        match step {
            Step::Send { from, counted, only } => {
                let (from, counted, only) = (*from, *counted, only.clone());
                self.said.push(Said { from, counted, only, recalled: false, deleted_by: vec![] });
                self.read[from] = head + 1;
            }
            Step::Mark { who, read } => self.read[*who] = self.read[*who].max(*read.min(&head)),
            Step::Clear { who, place } => self.cleared[*who] = self.cleared[*who].max(*place.min(&head)),
            Step::Remove { who } => self.removed[*who] = Some(head),
            Step::Delete { who, place } => {
                if let Some(said) = self.said.get_mut(at(*place)) {
                    said.deleted_by.push(*who);
                }
            }
            Step::Recall { place } => {
                if let Some(said) = self.said.get_mut(at(*place)) {
                    said.recalled = true;
                }
            }
        }
    }

    fn hears(&self, who: usize) -> impl Iterator<Item = (u64, &Said)> {
        let is_for = move |said: &&Said| said.only.is_empty() || said.from == who || said.only.contains(&who);
        (1..=self.head()).zip(&self.said).filter(move |(_, said)| is_for(said))
    }

    fn unread(&self, who: usize) -> u64 {
        let floor = self.read[who].max(self.cleared[who]).max(self.removed[who].unwrap_or(0));
        let unread = self.hears(who).filter(|(place, said)| *place > floor && said.counted && said.from != who);
        unread.count().try_into().unwrap()
    }

    fn is_removed(&self, who: usize) -> bool {
        let newest = self.hears(who).last().map_or(0, |(place, _)| place);
        self.removed[who].is_some_and(|removed| newest <= removed)
    }

    /// Places and names of what stands there.
    fn page(&self, who: usize) -> Vec<(u64, &'static str)> {
        let heard: Vec<u64> = self.hears(who).map(|(place, _)| place).collect();
        let name = |place: u64, said: &Said| match () {
            () if !heard.contains(&place) || said.deleted_by.contains(&who) => names::DELETED,
            () if said.recalled => names::RECALLED,
            () => names::TEXT,
        };
        let shown = (1..=self.head()).zip(&self.said).filter(|(place, _)| *place > self.cleared[who]);
        shown.map(|(place, said)| (place, name(place, said))).collect()
    }

    fn last(&self, who: usize) -> Option<u64> {
        self.hears(who).last().map(|(place, _)| place).filter(|place| *place > self.cleared[who])
    }
}

pub(crate) async fn counts_and_pages_match_a_naive_model(store: &dyn Store) {
    let house = House::new(store).await;
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..40 {
        let id = found(&house).await;
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let mut model = Model::default();
        for (time, step) in (1..).zip(&steps) {
            take(&house, id, step, time).await;
            model.apply(step);
        }
        for (who, name) in NAMES.iter().enumerate() {
            let theirs = of(&house, id, name).await;
            let mine = theirs.mine.unwrap();
            assert_eq!((mine.unread, mine.removed), (model.unread(who), model.is_removed(who)), "{name}: {steps:?}");
            let last = theirs.last.map(|last| last.seq.unwrap().0);
            assert_eq!(last, model.last(who), "{name}: {steps:?}");
            let page: Vec<_> = seen(&house, id, name).await;
            let page: Vec<_> = page.iter().map(|m| (m.seq.unwrap().0, m.content.name.as_str())).collect();
            assert_eq!(page, model.page(who), "{name}: {steps:?}");
            let unseen = store.unseen(&house.app, id, Seq(1), Seq(100)).await.unwrap();
            for place in 1..=model.head() {
                let shown = page.iter().any(|(shown, name)| *shown == place && *name != names::DELETED);
                assert_eq!(unseen.sees(&user(name), Seq(place)), shown, "{name} at {place}: {steps:?}");
            }
            let listed = list(&house, name).await.iter().any(|listed| listed.id == id);
            assert_eq!(listed, !model.is_removed(who), "{name}: {steps:?}");
        }
        house.store.change_group(&house.app, id, GroupStep::Dismiss, at(99)).await.unwrap();
        for name in NAMES {
            house.store.keep(&house.app, id, &user(name), Keeping::Removed).await.unwrap();
            let unread = house.store.unread(&house.app, &user(name), &[]).await.unwrap();
            assert_eq!(unread.total, 0, "what is out of the list counts no more");
        }
    }
}

async fn take(house: &House<'_>, id: ConversationId, step: &Step, second: i64) {
    let (store, app) = (house.store, &house.app);
    match step {
        Step::Send { from, counted, only } => {
            let from = person(NAMES[*from], Role::User);
            let only = only.iter().map(|to| user(NAMES[*to])).collect();
            let new = NewMessage { counted: *counted, only, ..message(id, from, "words", at(second)) };
            store.append(app, new).await.unwrap();
        }
        Step::Mark { who, read } => {
            store.mark(app, id, &user(NAMES[*who]), None, Some(Seq(*read)), at(second)).await.unwrap();
        }
        Step::Clear { who, place } => {
            store.keep(app, id, &user(NAMES[*who]), Keeping::Cleared(Seq(*place))).await.unwrap();
        }
        Step::Remove { who } => drop(store.keep(app, id, &user(NAMES[*who]), Keeping::Removed).await.unwrap()),
        Step::Delete { who, place } => {
            store.delete_for(app, id, &user(NAMES[*who]), &[Seq(*place)]).await.unwrap();
        }
        Step::Recall { place } => {
            let page = store.page(app, &History::newest(id, 100)).await.unwrap();
            if let Some(said) = page.messages.iter().find(|said| said.seq == Some(Seq(*place))) {
                store
                    .replace_content(app, said.uid, Content::of(names::RECALLED, &json!({})), at(second))
                    .await
                    .unwrap();
            }
        }
    }
}
