//! Every count that a user sees, against a model that looks at every message: several users, kinds and ways to keep.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::{House, at, fresh_id, message, person, user};
use crate::{
    model::{
        Content, ConversationId, Kind, MessageUid, Mine, Role, Seq, UserId,
        content::Mentions,
        conversation::{Keeping, Unread},
    },
    store::{NewGroup, NewMessage, Store},
};

/// Alice and Bob are in all three places, Carl in the group and the discussion.
const NAMES: [&str; 3] = ["alice", "bob", "carl"];
const KINDS: [Kind; 3] = [Kind::Private, Kind::Group, Kind::Discussion];

#[derive(Debug, Clone)]
enum Step {
    Send { place: usize, from: usize, counted: bool, call: Call },
    Read { place: usize, who: usize, seq: u64 },
    Keep { place: usize, who: usize, how: How },
    Delete { place: usize, who: usize, seq: u64 },
    Recall { place: usize, seq: u64 },
}

#[derive(Debug, Clone, Copy)]
enum Call {
    Nobody,
    Everybody,
    One(usize),
}

#[derive(Debug, Clone, Copy)]
enum How {
    Pinned(bool),
    Muted(bool),
    Removed,
    Cleared(u64),
    /// Until so many seconds after the beginning of the case.
    ClearedUntil(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (place, who, seq) = (|| 0..3_usize, || 0..3_usize, || 0..20_u64);
    let call = prop_oneof![Just(Call::Nobody), Just(Call::Everybody), (0..3_usize).prop_map(Call::One)];
    let how = prop_oneof![
        any::<bool>().prop_map(How::Pinned),
        any::<bool>().prop_map(How::Muted),
        Just(How::Removed),
        (0..20_u64).prop_map(How::Cleared),
        (0..40_i64).prop_map(How::ClearedUntil),
    ];
    let step = prop_oneof![
        6 => (place(), who(), any::<bool>(), call)
            .prop_map(|(place, from, counted, call)| Step::Send { place, from, counted, call }),
        3 => (place(), who(), seq()).prop_map(|(place, who, seq)| Step::Read { place, who, seq }),
        3 => (place(), who(), how).prop_map(|(place, who, how)| Step::Keep { place, who, how }),
        1 => (place(), who(), seq()).prop_map(|(place, who, seq)| Step::Delete { place, who, seq }),
        1 => (place(), seq()).prop_map(|(place, seq)| Step::Recall { place, seq }),
    ];
    prop::collection::vec(step, 1..50)
}

/// How one user keeps one conversation.
#[derive(Debug, Clone, Copy, Default)]
struct Kept {
    pinned: bool,
    muted: bool,
    read: u64,
    removed: Option<u64>,
    cleared: u64,
}

impl Kept {
    fn floor(&self) -> u64 {
        self.read.max(self.removed.unwrap_or(0)).max(self.cleared)
    }
}

#[derive(Debug, Clone)]
struct Said {
    at: i64,
    counted: bool,
    call: Call,
    uid: MessageUid,
}

/// One conversation, message by message.
#[derive(Debug, Default)]
struct Model {
    said: Vec<Said>,
    kept: [Kept; 3],
}

impl Model {
    fn head(&self) -> u64 {
        self.said.len().try_into().unwrap()
    }

    /// What stands after a place.
    fn after(&self, place: u64) -> impl Iterator<Item = &Said> {
        self.said.iter().skip(place.try_into().unwrap())
    }

    fn keep(&mut self, who: usize, how: How) {
        let head = self.head();
        let until = |time| self.said.iter().take_while(|said| said.at <= time).count().try_into().unwrap();
        let cleared = match how {
            How::Cleared(seq) => seq.min(head),
            How::ClearedUntil(time) => until(time),
            _ => 0,
        };
        let kept = &mut self.kept[who];
        kept.cleared = kept.cleared.max(cleared);
        match how {
            How::Pinned(on) => kept.pinned = on,
            How::Muted(on) => kept.muted = on,
            How::Removed => kept.removed = Some(head),
            How::Cleared(_) | How::ClearedUntil(_) => {}
        }
    }

    fn mine(&self, who: usize) -> Mine {
        let kept = self.kept[who];
        let calls = |said: &&Said| match said.call {
            Call::Nobody => false,
            Call::Everybody => true,
            Call::One(one) => one == who,
        };
        let count = |count: usize| count.try_into().unwrap();
        Mine {
            pinned: kept.pinned,
            muted: kept.muted,
            removed: kept.removed.is_some_and(|removed| removed >= self.head()),
            unread: count(self.after(kept.floor()).filter(|said| said.counted).count()),
            mentions: count(self.after(kept.floor()).filter(calls).count()),
            cleared: Seq(kept.cleared),
        }
    }
}

/// Three conversations and what is expected of them.
struct Story<'h> {
    house: &'h House<'h>,
    users: [UserId; 3],
    ids: [ConversationId; 3],
    /// When the case begins, in seconds after noon: time only goes forward.
    begins: i64,
    models: [Model; 3],
}

impl<'h> Story<'h> {
    async fn begin(house: &'h House<'h>, case: u32) -> Self {
        let users = NAMES.map(|name| user(&format!("{name}{case}")));
        for id in &users {
            house.store.save_user(&house.app, person(id.as_str(), Role::User), at(0)).await.unwrap();
        }
        let pair = house.store.pair_conversation(&house.app, Kind::Private, &users[0], &users[1], fresh_id(), at(0));
        let mut ids = [pair.await.unwrap().id; 3];
        for (id, kind) in ids.iter_mut().zip(KINDS).skip(1) {
            let (name, owner, users) = ("Lamps".to_owned(), users[0].clone(), users[1..].to_vec());
            let new = NewGroup { id: fresh_id(), kind, handle: None, name, owner, users, at: at(0) };
            *id = house.store.create_group(&house.app, new).await.unwrap().id;
        }
        Self { house, users, ids, begins: 1000 * i64::from(case), models: Default::default() }
    }

    /// Whether somebody is in a place.
    fn is_in(place: usize, who: usize) -> bool {
        place > 0 || who < 2
    }

    async fn take(&mut self, step: &Step, time: i64) {
        let (store, app) = (self.house.store, &self.house.app);
        match *step {
            Step::Send { place, from, counted, call } if Self::is_in(place, from) => {
                let mentions = match call {
                    Call::Nobody => Mentions::Nobody,
                    Call::Everybody => Mentions::Everybody,
                    Call::One(one) => Mentions::These(vec![self.users[one].clone()]),
                };
                let sender = person(self.users[from].as_str(), Role::User);
                let new = NewMessage {
                    counted,
                    mentions,
                    ..message(self.ids[place], sender, "words", at(self.begins + time))
                };
                let uid = store.append(app, new).await.unwrap().message.uid;
                let model = &mut self.models[place];
                model.said.push(Said { at: time, counted, call, uid });
                model.kept[from].read = model.head();
            }
            Step::Read { place, who, seq } if Self::is_in(place, who) => {
                store.mark(app, self.ids[place], &self.users[who], None, Some(Seq(seq)), at(time)).await.unwrap();
                let model = &mut self.models[place];
                model.kept[who].read = model.kept[who].read.max(seq.min(model.head()));
            }
            Step::Keep { place, who, how } if Self::is_in(place, who) => {
                let change = match how {
                    How::Pinned(on) => Keeping::Pinned(on),
                    How::Muted(on) => Keeping::Muted(on),
                    How::Removed => Keeping::Removed,
                    How::Cleared(seq) => Keeping::Cleared(Seq(seq)),
                    How::ClearedUntil(time) => Keeping::ClearedUntil(at(self.begins + time)),
                };
                store.keep(app, self.ids[place], &self.users[who], change).await.unwrap();
                self.models[place].keep(who, how);
            }
            Step::Delete { place, who, seq } if Self::is_in(place, who) => {
                store.delete_for(app, self.ids[place], &self.users[who], &[Seq(seq)]).await.unwrap();
            }
            Step::Recall { place, seq } => {
                let index = usize::try_from(seq).unwrap();
                let Some(said) = self.models[place].said.get_mut(index) else { return };
                store.replace_content(app, said.uid, Content::deleted(), at(time)).await.unwrap();
                said.call = Call::Nobody;
            }
            _ => {}
        }
    }

    async fn check(&self, steps: &[Step]) {
        let (store, app) = (self.house.store, &self.house.app);
        for (who, id) in self.users.iter().enumerate() {
            let mut sum = Unread::default();
            for (place, model) in self.models.iter().enumerate().filter(|(place, _)| Self::is_in(*place, who)) {
                let seen = store.conversation_for(app, self.ids[place], id).await.unwrap().unwrap().mine.unwrap();
                let expected = model.mine(who);
                assert_eq!(seen, expected, "{id} in {:?}: {steps:#?}", KINDS[place]);
                if !expected.removed {
                    sum.total += expected.unread;
                    sum.muted += if expected.muted { expected.unread } else { 0 };
                }
            }
            assert_eq!(store.unread(app, id, &[]).await.unwrap(), sum, "{id}: {steps:#?}");
        }
    }
}

pub(crate) async fn every_count_matches_a_naive_model(store: &dyn Store) {
    let house = House::new(store).await;
    let mut runner = TestRunner::new(Config::default());
    for case in 0..60 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let mut story = Story::begin(&house, case).await;
        for (time, step) in (1..).zip(&steps) {
            story.take(step, time).await;
        }
        story.check(&steps).await;
    }
}
