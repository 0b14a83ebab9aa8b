//! Several servers on one set of counts, and one that hears nothing.

use std::{
    collections::HashMap,
    sync::{Mutex, atomic::AtomicBool},
};

use async_trait::async_trait;

use super::*;
use crate::model::tally::Tally;

const MINUTE: Duration = Duration::from_mins(1);

/// Counts as a database does, by a clock that stands at noon.
#[derive(Default)]
struct Counts {
    tallies: Mutex<HashMap<TallyName, Tally>>,
    asked: AtomicI64,
    away: AtomicBool,
}

const NOW: i64 = 1_800_000_000_000_000;

#[async_trait]
impl tallies::Tallies for Counts {
    fn shares_tallies(&self) -> bool {
        true
    }

    async fn draw(&self, draws: Vec<Draw>) -> Result<Vec<Drawn>, StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        if self.away.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        let mut tallies = self.tallies.lock().unwrap();
        let mut drawn = Vec::new();
        for draw in draws {
            let tally = tallies.entry(draw.name).or_default();
            tally.add(draw.rule, draw.owed, NOW);
            let taken = tally.take(draw.rule, draw.count, NOW);
            drawn.push(Drawn { taken, tally: *tally, now: NOW });
            if !taken {
                break;
            }
        }
        Ok(drawn)
    }

    async fn forget_tally(&self, name: TallyName) -> Result<(), StoreError> {
        self.tallies.lock().unwrap().remove(&name);
        Ok(())
    }
}

struct Server {
    tallies: Tallies,
    seldom: Counter<String>,
    often: Counter<String>,
}

impl Server {
    fn of(counts: &Arc<Counts>, vault: &Vault) -> Self {
        Self {
            tallies: Tallies::new(counts.clone(), vault),
            seldom: Counter::new("seldom", Care::Each, 100, MINUTE),
            often: Counter::new("often", Care::Use, 100, MINUTE),
        }
    }

    /// Questions, answers in time, questions that were given up.
    fn figures(&self) -> [u64; 3] {
        let stats = self.tallies.stats();
        [&stats.asked, &stats.answered, &stats.given_up].map(|count| count.load(Ordering::Relaxed))
    }

    async fn takes(&self, counter: &Counter<String>, key: &str, rule: Rule) -> bool {
        self.tallies.take(&[self.tallies.of(counter, &key.to_owned(), rule, 1)]).await.all()
    }
}

fn three() -> (Arc<Counts>, [Server; 3]) {
    let (counts, vault) = (Arc::<Counts>::default(), Vault::passing());
    let servers = std::array::from_fn(|_| Server::of(&counts, &vault));
    (counts, servers)
}

async fn asked_of_all(servers: &[Server; 3], tries: usize, rule: Rule) -> usize {
    let mut taken = 0;
    for place in 0..tries {
        let server = &servers[place % servers.len()];
        taken += usize::from(server.takes(&server.seldom, "key", rule).await);
    }
    taken
}

#[tokio::test]
async fn what_happens_seldom_is_refused_at_the_same_number_on_three_servers() {
    let (_, servers) = three();
    assert_eq!(asked_of_all(&servers, 60, Rule::window(10, 900)).await, 10);
}

#[tokio::test]
async fn what_happens_often_is_refused_at_the_same_number_and_little_of_it_asks_nobody() {
    let (counts, servers) = three();
    let rule = Rule::bucket(100, 3600);
    for server in &servers {
        for _ in 0..10 {
            assert!(server.takes(&server.often, "key", rule).await);
        }
    }
    assert_eq!(counts.asked.load(Ordering::Relaxed), 0, "a tenth is given without asking");
    let mut taken = 30;
    for place in 0..300 {
        let server = &servers[place % 3];
        taken += usize::from(server.takes(&server.often, "key", rule).await);
    }
    assert_eq!(taken, 100, "all of it was told in the end");
    assert!(counts.asked.load(Ordering::Relaxed) <= 73, "who knows that nothing is left asks nobody");
}

#[tokio::test]
async fn many_at_once_are_counted_once_each() {
    let (counts, servers) = three();
    let rule = Rule::bucket(100, 3600);
    let tries = (0..300).map(|place| {
        let server = &servers[place % 3];
        async move {
            tokio::task::yield_now().await;
            server.takes(&server.often, "key", rule).await
        }
    });
    let taken = futures_util::future::join_all(tries).await.into_iter().filter(|taken| *taken).count();
    // What was given without asking may be told after others have filled the count.
    assert!((100..=130).contains(&taken), "{taken}");
    let told: f64 = counts.tallies.lock().unwrap().values().map(|tally| tally.used).sum();
    let all = f64::from(u32::try_from(taken).unwrap());
    assert!((100.0..=all).contains(&told), "nothing is told twice: {told} of {taken}");
}

#[tokio::test]
async fn keys_and_kinds_are_counted_apart() {
    let (_, servers) = three();
    let (server, rule) = (&servers[0], Rule::window(1, 60));
    assert!(server.takes(&server.seldom, "one", rule).await);
    assert!(server.takes(&server.seldom, "other", rule).await);
    assert!(server.takes(&server.often, "one", rule).await);
    assert!(!server.takes(&server.seldom, "one", rule).await);
}

#[tokio::test]
async fn what_follows_a_refusal_was_not_taken() {
    let (_, servers) = three();
    let (first, second) = (Rule::window(2, 60), Rule::window(5, 60));
    let both = |server: &Server| {
        let of = |counter, rule| server.tallies.of(counter, &"key".to_owned(), rule, 1);
        [of(&server.seldom, first), of(&server.often, second)]
    };
    for place in 0..6 {
        let taken = servers[place % 3].tallies.take(&both(&servers[place % 3])).await;
        assert_eq!(taken.refused, (place >= 2).then_some(0), "{place}");
    }
    let server = &servers[2];
    let left = server.tallies.take(&[server.tallies.of(&server.often, &"key".to_owned(), second, 1)]).await.left;
    assert_eq!(left, [2], "two of five were taken before this one");
}

#[tokio::test]
async fn what_is_forgotten_on_one_server_is_forgotten_on_all() {
    let (_, servers) = three();
    let rule = Rule::window(4, 900);
    assert_eq!(asked_of_all(&servers, 3, rule).await, 3);
    servers[1].tallies.forget(&servers[1].seldom, &"key".to_owned()).await;
    assert_eq!(asked_of_all(&servers, 9, rule).await, 4);
}

#[tokio::test(start_paused = true)]
async fn who_hears_nothing_counts_alone_and_tells_later() {
    let (counts, servers) = three();
    let rule = Rule::window(3, 900);
    counts.away.store(true, Ordering::Relaxed);
    let began = tokio::time::Instant::now();
    for server in &servers[..2] {
        for place in 0..5 {
            assert_eq!(server.takes(&server.seldom, "key", rule).await, place < 3);
        }
    }
    assert_eq!(began.elapsed(), 2 * PATIENCE, "each waits once, and not again soon");
    assert_eq!(servers[0].figures(), [1, 0, 1], "asked, and given up");
    assert!(counts.tallies.lock().unwrap().is_empty());

    counts.away.store(false, Ordering::Relaxed);
    servers[0].tallies.alone_until.store(0, Ordering::Relaxed);
    let other = Rule::window(4, 900);
    assert!(servers[0].takes(&servers[0].seldom, "key", other).await);
    assert_eq!(servers[0].figures(), [2, 1, 1]);
    assert!(!servers[2].takes(&servers[2].seldom, "key", other).await, "what was taken alone is told");
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_while_asking_leaves_the_count_right() {
    let (counts, servers) = three();
    let (server, rule) = (&servers[0], Rule::window(3, 900));
    counts.away.store(true, Ordering::Relaxed);
    let asking = server.takes(&server.seldom, "key", rule);
    assert!(tokio::time::timeout(PATIENCE / 2, asking).await.is_err());
    counts.away.store(false, Ordering::Relaxed);
    assert!(server.takes(&server.seldom, "key", rule).await);
    assert!(servers[1].takes(&servers[1].seldom, "key", rule).await);
    assert!(!servers[2].takes(&servers[2].seldom, "key", rule).await);
}

#[tokio::test]
async fn names_tell_nothing_and_are_the_same_with_the_same_vault() {
    let (counts, vault) = (Arc::<Counts>::default(), Vault::passing());
    let (one, two) = (Server::of(&counts, &vault), Server::of(&counts, &vault));
    let stranger = Server::of(&counts, &Vault::passing());
    assert_eq!(one.tallies.name("kind", &"ada@shop.example"), two.tallies.name("kind", &"ada@shop.example"));
    assert_ne!(one.tallies.name("kind", &"ada@shop.example"), stranger.tallies.name("kind", &"ada@shop.example"));
    assert_ne!(one.tallies.name("kind", &"a"), one.tallies.name("kin", &"da"));
}
