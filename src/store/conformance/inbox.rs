//! What came for somebody, against a model that looks at every message; and the times that messages get.

use std::collections::{BTreeMap, HashSet};

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::json;

use super::{House, at, fresh_id, message, person, user};
use crate::{
    model::{
        Arrival, Content, ConversationId, Inbox, Kind, Message, Millis, Role, Seq, UserId, content::names,
        conversation::Keeping,
    },
    store::{GroupStep, NewGroup, NewMessage, Store},
};

const NAMES: [&str; 3] = ["alice", "bob", "carl"];

/// Everything that happened, and who sees it.
struct World<'s> {
    house: House<'s>,
    places: Vec<(ConversationId, Vec<&'static str>)>,
    said: Vec<Said>,
    delivered: BTreeMap<(ConversationId, &'static str), u64>,
    seconds: i64,
}

struct Said {
    message: Message,
    /// When it was taken back.
    taken_back: Option<Millis>,
    /// Who does not see it.
    hidden: HashSet<&'static str>,
}

impl<'s> World<'s> {
    async fn new(store: &'s dyn Store) -> Self {
        let house = House::new(store).await;
        store.save_user(&house.app, person("carl", Role::User), at(0)).await.unwrap();
        let mut places = Vec::new();
        for (a, b) in [("alice", "bob"), ("alice", "carl"), ("bob", "carl")] {
            let (one, two) = (user(a), user(b));
            let pair = store.pair_conversation(&house.app, Kind::Private, &one, &two, fresh_id(), at(0));
            places.push((pair.await.unwrap().id, vec![a, b]));
        }
        for kind in [Kind::Group, Kind::Discussion] {
            let users = vec![user("bob"), user("carl")];
            let new = NewGroup {
                id: fresh_id(),
                kind,
                handle: None,
                name: "all".into(),
                owner: user("alice"),
                users,
                at: at(0),
            };
            places.push((store.create_group(&house.app, new).await.unwrap().id, NAMES.to_vec()));
        }
        Self { house, places, said: Vec::new(), delivered: BTreeMap::new(), seconds: 1 }
    }

    fn place(&self, random: &mut StdRng) -> (ConversationId, Vec<&'static str>) {
        self.places.choose(random).unwrap().clone()
    }

    async fn step(&mut self, random: &mut StdRng) {
        // Often nothing passes between two messages, sometimes a day.
        self.seconds += [0, 0, 0, 0, 1, 70, 90_000].choose(random).unwrap();
        let (place, people) = self.place(random);
        let who = *people.choose(random).unwrap();
        let (app, store) = (self.house.app.clone(), self.house.store);
        let here: Vec<usize> = self
            .said
            .iter()
            .enumerate()
            .filter(|(_, said)| said.message.conversation == place)
            .map(|(index, _)| index)
            .collect();
        match random.random_range(0..20) {
            0 => {
                let Some(index) = here.choose(random) else { return };
                let said = &mut self.said[*index];
                store.delete_for(&app, place, &user(who), &[said.message.seq.unwrap()]).await.unwrap();
                said.hidden.insert(who);
            }
            1 => {
                let Some(index) = here.choose(random) else { return };
                let said = &mut self.said[*index];
                let content = if random.random_bool(0.5) {
                    Content::deleted()
                } else {
                    Content::of(names::RECALLED, &json!({ "messageUId": said.message.uid }))
                };
                let done = store.replace_content(&app, said.message.uid, content, at(self.seconds)).await.unwrap();
                let done = done.unwrap();
                (said.message, said.taken_back) = (done.message, Some(done.at));
            }
            2 => {
                let up_to = random.random_range(0..=here.len() as u64);
                store.keep(&app, place, &user(who), Keeping::Cleared(Seq(up_to))).await.unwrap();
                for index in here {
                    if self.said[index].message.seq.unwrap() <= Seq(up_to) {
                        self.said[index].hidden.insert(who);
                    }
                }
            }
            3 | 4 => {
                let up_to = random.random_range(0..=here.len() as u64);
                store.mark(&app, place, &user(who), Some(Seq(up_to)), None, at(self.seconds)).await.unwrap();
                self.arrived(place, who, up_to);
            }
            roll => self.say((place, people), who, roll == 5, here.len() as u64 + 1).await,
        }
    }

    fn arrived(&mut self, place: ConversationId, who: &'static str, up_to: u64) {
        let delivered = self.delivered.entry((place, who)).or_default();
        *delivered = up_to.max(*delivered);
    }

    async fn say(
        &mut self,
        (place, people): (ConversationId, Vec<&'static str>),
        who: &'static str,
        directed: bool,
        seq: u64,
    ) {
        let only: Vec<&str> = if directed && people.len() > 2 {
            people.iter().copied().filter(|other| *other != who).take(1).collect()
        } else {
            Vec::new()
        };
        let new = NewMessage {
            only: only.iter().map(|id| user(id)).collect(),
            ..message(place, person(who, Role::User), "words", at(self.seconds))
        };
        let kept = self.house.store.append(&self.house.app, new).await.unwrap().message;
        assert_eq!(kept.seq, Some(Seq(seq)));
        let sees = |other: &&str| people.contains(other) && (only.is_empty() || *other == who || only.contains(other));
        let hidden = NAMES.into_iter().filter(|other| !sees(other)).collect();
        self.said.push(Said { message: kept, taken_back: None, hidden });
        self.arrived(place, who, seq);
    }

    fn expected(&self, who: &'static str, window: &Inbox) -> Vec<Arrival> {
        let arrival = |said: &Said| Arrival { message: said.message.clone(), taken_back: said.taken_back };
        let takes = |said: &&Said| {
            let message = &said.message;
            let after = |time: Millis| arrival(said).at() > time;
            let delivered = || self.delivered.get(&(message.conversation, who)).copied().unwrap_or(0);
            let wanted = if message.from.id == user(who) {
                window.own_after.is_some_and(after)
            } else {
                // Who has nothing yet has nothing to take off the screen.
                let undelivered = || said.taken_back.is_none() && message.seq.unwrap().0 > delivered();
                window.received_after.map_or_else(undelivered, after)
            };
            wanted && !said.hidden.contains(who)
        };
        let mut expected: Vec<Arrival> = self.said.iter().filter(takes).map(arrival).collect();
        expected.sort_by_key(Arrival::at);
        expected
    }

    /// All pages of a window, each beginning after the last message of the one before.
    async fn pages(&self, who: &'static str, window: Inbox) -> Vec<Arrival> {
        let (mut all, mut next): (Vec<Arrival>, _) = (Vec::new(), window);
        loop {
            let page = self.house.store.inbox(&self.house.app, &user(who), &next).await.unwrap();
            let Some(last) = page.arrivals.last().map(Arrival::at) else {
                assert!(!page.more);
                return all;
            };
            assert!(page.arrivals.len() <= usize::from(next.limit));
            all.extend(page.arrivals);
            if !page.more {
                return all;
            }
            // Places and times are mixed in the first page of a new client only.
            let later = |time: Option<Millis>| time.map(|time| time.max(last));
            next = Inbox { received_after: later(window.received_after), own_after: later(window.own_after), ..window };
            if window.received_after.is_none() {
                return all;
            }
        }
    }
}

pub(crate) async fn an_inbox_matches_a_model_that_looks_at_every_message(store: &dyn Store) {
    let mut random = StdRng::seed_from_u64(7);
    let mut world = World::new(store).await;
    for round in 0..300 {
        world.step(&mut random).await;
        if round % 3 != 0 {
            continue;
        }
        let who = *NAMES.choose(&mut random).unwrap();
        let time = |random: &mut StdRng| {
            let known = world.said.choose(random).map_or(at(0), |said| said.message.at);
            Millis::new(known.get() + random.random_range(-1..=1))
        };
        let received_after = random.random_bool(0.8).then(|| time(&mut random));
        let own_after = random.random_bool(0.5).then(|| time(&mut random));
        let window = Inbox { received_after, own_after, limit: random.random_range(1..=30) };
        let expected = world.expected(who, &window);
        let found = world.pages(who, window).await;
        let whole = if received_after.is_some() { expected.len() } else { expected.len().min(window.limit.into()) };
        assert_eq!(found, expected[..whole], "{who} {window:?}");
    }
    assert!(world.said.len() > 150);
}

pub(crate) async fn d6_times_grow_for_everybody_who_receives(store: &dyn Store) {
    let mut random = StdRng::seed_from_u64(8);
    let mut world = World::new(store).await;
    for _ in 0..200 {
        world.step(&mut random).await;
    }
    for who in NAMES {
        let all = Inbox { received_after: Some(at(-1)), own_after: Some(at(-1)), limit: 200 };
        let times: Vec<Millis> = world.pages(who, all).await.iter().map(Arrival::at).collect();
        assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
    }
    let newest = world.said.iter().map(|said| said.taken_back.unwrap_or(said.message.at)).max().unwrap();
    assert!(newest < at(world.seconds + 1), "times run ahead by collisions only");
}

pub(crate) async fn d6_times_grow_in_groups_too_large_to_look_through(store: &dyn Store) {
    let house = House::new(store).await;
    let users: Vec<UserId> = (0..70).map(|number| user(&format!("m{number}"))).collect();
    for id in &users {
        store.save_user(&house.app, person(id.as_str(), Role::User), at(0)).await.unwrap();
    }
    let new = NewGroup {
        id: fresh_id(),
        kind: Kind::Group,
        handle: None,
        name: "many".into(),
        owner: user("alice"),
        users: users[..60].to_vec(),
        at: at(0),
    };
    let group = store.create_group(&house.app, new).await.unwrap().id;
    let (pair, alice, bob) = (house.private().await.id, person("alice", Role::User), person("bob", Role::User));
    house.says(group, alice.clone(), "few", at(1)).await;
    store.change_group(&house.app, group, GroupStep::Add(users[60..].to_vec()), at(1)).await.unwrap();
    for _ in 0..5 {
        house.says(pair, bob.clone(), "words", at(1)).await;
        house.says(group, alice.clone(), "many", at(1)).await;
    }
    let window = Inbox { received_after: Some(at(0)), own_after: Some(at(0)), limit: 100 };
    let of_alice = store.inbox(&house.app, &user("alice"), &window).await.unwrap();
    let times: Vec<i64> = of_alice.arrivals.iter().map(|arrival| arrival.at().since(at(1))).collect();
    assert_eq!(times, (0..11).collect::<Vec<_>>());
    let of_member = store.inbox(&house.app, &users[65], &window).await.unwrap();
    assert_eq!((of_member.arrivals.len(), of_member.more), (5, false), "from the day they came");
    // Long after, the group is still looked at.
    let later = store.append(&house.app, message(group, alice, "later", at(1_000_000))).await.unwrap().message;
    let late = Inbox { received_after: Some(at(999_999)), own_after: None, limit: 100 };
    assert_eq!(store.inbox(&house.app, &users[0], &late).await.unwrap().arrivals.len(), 1);
    // Taken back while the clock stands: later than everything, and nothing is at the same time afterwards.
    let done = store.replace_content(&house.app, later.uid, Content::deleted(), at(1_000_000)).await.unwrap().unwrap();
    assert_eq!(done.at.since(later.at), 1);
    let next = store.append(&house.app, message(pair, bob, "next", at(1_000_000))).await.unwrap().message;
    assert_eq!(next.at.since(later.at), 2);
    let found = store.inbox(&house.app, &users[0], &late).await.unwrap().arrivals;
    assert_eq!(found, [Arrival { message: done.message, taken_back: Some(done.at) }]);
}

pub(crate) async fn an_inbox_is_its_users_in_their_app(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let id = house.private().await.id;
    house.says(id, person("alice", Role::User), "hello", at(1)).await;
    let window = Inbox { received_after: None, own_after: Some(at(0)), limit: 10 };
    let count = async |app, who| store.inbox(app, &user(who), &window).await.unwrap().arrivals.len();
    assert_eq!(count(&house.app, "alice").await, 1);
    assert_eq!(count(&house.app, "bob").await, 1);
    assert_eq!(count(&house.app, "anna").await, 0);
    assert_eq!(count(&other.app, "bob").await, 0);
    assert_eq!(count(&house.app, "nobody").await, 0);
}
