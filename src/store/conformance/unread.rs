//! Unread counts, against a model that counts by hand.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::{House, at, message, person, user};
use crate::{
    model::{Kind, Role, Seq},
    store::{NewMessage, Store},
};

#[derive(Debug, Clone)]
enum Step {
    Send { from: usize, counted: bool },
    Mark { who: usize, delivered: Option<u64>, read: Option<u64> },
}

const NAMES: [&str; 2] = ["alice", "bob"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = || prop::option::of(0..30_u64);
    let step = prop_oneof![
        3 => (0..2_usize, any::<bool>()).prop_map(|(from, counted)| Step::Send { from, counted }),
        2 => (0..2_usize, place(), place()).prop_map(|(who, delivered, read)| Step::Mark { who, delivered, read }),
    ];
    prop::collection::vec(step, 1..40)
}

/// Counts by looking at every message.
#[derive(Default)]
struct Model {
    /// Sender and whether it counts, by place.
    messages: Vec<(usize, bool)>,
    delivered: [u64; 2],
    read: [u64; 2],
}

impl Model {
    fn head(&self) -> u64 {
        self.messages.len().try_into().unwrap()
    }

    fn apply(&mut self, step: &Step) {
        match *step {
            Step::Send { from, counted } => {
                self.messages.push((from, counted));
                self.read[from] = self.head();
                self.delivered[from] = self.head();
            }
            Step::Mark { who, delivered, read } => {
                let head = self.head();
                let up_to = |place: Option<u64>| place.unwrap_or(0).min(head);
                self.read[who] = self.read[who].max(up_to(read));
                self.delivered[who] = self.delivered[who].max(up_to(delivered)).max(self.read[who]);
            }
        }
    }

    fn unread(&self, who: usize) -> u64 {
        let places = (1..).zip(&self.messages);
        let unread = places.filter(|(place, (from, counted))| *place > self.read[who] && *from != who && *counted);
        unread.count().try_into().unwrap()
    }
}

pub(crate) async fn unread_counts_match_a_naive_model(store: &dyn Store) {
    let house = House::new(store).await;
    let mut runner = TestRunner::new(Config::default());
    for case in 0..40 {
        let (alice, bob) = (format!("alice{case}"), format!("bob{case}"));
        for name in [&alice, &bob] {
            store.save_user(&house.app, person(name, Role::User), at(0)).await.unwrap();
        }
        let (alice, bob) = (user(&alice), user(&bob));
        let made = store.pair_conversation(&house.app, Kind::Private, &alice, &bob, super::fresh_id(), at(0)).await;
        let id = made.unwrap().id;
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let mut model = Model::default();
        for (time, step) in (1..).zip(&steps) {
            take(&house, id, case, step, at(time)).await;
            model.apply(step);
        }
        let conversation = house.get(id).await;
        for (who, name) in NAMES.iter().enumerate() {
            let seen = conversation.participant(&user(&format!("{name}{case}"))).unwrap();
            let figures = (seen.delivered.0, seen.read.0, seen.unread);
            assert_eq!(figures, (model.delivered[who], model.read[who], model.unread(who)), "{name}: {steps:?}");
        }
    }
}

async fn take(house: &House<'_>, id: crate::model::ConversationId, case: u32, step: &Step, at: crate::model::Millis) {
    match *step {
        Step::Send { from, counted } => {
            let from = person(&format!("{}{case}", NAMES[from]), Role::User);
            let new = NewMessage { counted, ..message(id, from, "words", at) };
            house.store.append(&house.app, new).await.unwrap();
        }
        Step::Mark { who, delivered, read } => {
            let who = user(&format!("{}{case}", NAMES[who]));
            house.store.mark(&house.app, id, &who, delivered.map(Seq), read.map(Seq), at).await.unwrap();
        }
    }
}

pub(crate) async fn notes_do_not_raise_unread_counts(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    let alice = person("alice", Role::User);
    house.says(id, alice.clone(), "one", at(1)).await;
    let note = NewMessage { counted: false, ..message(id, alice.clone(), "note", at(2)) };
    store.append(&house.app, note).await.unwrap();
    house.says(id, alice, "two", at(3)).await;
    let unread = || async { house.get(id).await.participant(&user("bob")).unwrap().unread };
    assert_eq!(unread().await, 2);
    store.mark(&house.app, id, &user("bob"), None, Some(Seq(2)), at(4)).await.unwrap();
    assert_eq!(unread().await, 1);
}
