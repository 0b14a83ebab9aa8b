//! What other nodes say of a room, for however many want to know it at once.
//!
//! Whoever asks gets an answer to a question that was put after they asked: those who wait share the next one. When a room
//! is asked about often, questions wait 50 ms for each other, so a storm of people costs other nodes 40 answers a second.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::model::{chatroom::Order, node::RoomThere};

/// How many members are asked for: the next of these, so that few questions differ.
const SIZES: [u16; 4] = [0, 20, 100, super::MOST_LISTED];
/// Questions of one kind that are put in a second without a pause.
const AT_ONCE: u32 = 20;
/// From one question to the next, when there are many.
const PAUSE: Duration = Duration::from_millis(50);

/// How fresh an answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fresh {
    /// Put after it was asked for.
    Now,
    /// When many ask: at most a second old.
    Nearly,
}

/// A question: so many members, in this order.
type Kind = (u16, Order);

/// What other nodes said of one room.
#[derive(Debug, Default)]
pub(super) struct Heard(Mutex<HashMap<Kind, Arc<Spot>>>);

#[derive(Debug, Default)]
struct Spot {
    /// How many questions were put.
    put: AtomicU64,
    last: tokio::sync::Mutex<Last>,
}

#[derive(Debug, Default)]
struct Last {
    /// Which question it answers, counted from 1.
    number: u64,
    there: Vec<RoomThere>,
    /// When the present second of counting began, and how many questions were put in it.
    second: Option<(Instant, u32)>,
    put_at: Option<Instant>,
}

impl Heard {
    /// What others say when they are asked for so many members; `ask` puts the question.
    pub(super) async fn of(
        &self,
        (members, order): Kind,
        fresh: Fresh,
        ask: impl AsyncFnOnce(u16, Order) -> Vec<RoomThere>,
    ) -> Vec<RoomThere> {
        let members = SIZES.into_iter().find(|size| *size >= members).unwrap_or(super::MOST_LISTED);
        // Nobody is named, so there is no order.
        let order = if members == 0 { Order::default() } else { order };
        self.spot((members, order)).of(fresh, async || ask(members, order).await).await
    }

    fn spot(&self, kind: Kind) -> Arc<Spot> {
        // Nothing in here panics half-way.
        let mut spots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(spots.entry(kind).or_default())
    }
}

impl Spot {
    async fn of(&self, fresh: Fresh, ask: impl AsyncFnOnce() -> Vec<RoomThere>) -> Vec<RoomThere> {
        let seen = self.put.load(Ordering::SeqCst);
        let mut last = self.last.lock().await;
        if last.number > seen {
            return last.there.clone();
        }
        if last.is_much(Instant::now()) {
            if fresh == Fresh::Nearly {
                return last.there.clone();
            }
            last.pause().await;
        }
        let now = Instant::now();
        last.count(now);
        // Only whoever holds the lock counts. When this is given up half-way, the number is never answered.
        let number = self.put.fetch_add(1, Ordering::SeqCst) + 1;
        let there = ask().await;
        (last.number, last.there) = (number, there);
        last.there.clone()
    }
}

impl Last {
    fn is_much(&self, now: Instant) -> bool {
        self.second.is_some_and(|(since, put)| put >= AT_ONCE && now.duration_since(since) < Duration::from_secs(1))
    }

    fn count(&mut self, now: Instant) {
        self.put_at = Some(now);
        self.second = match self.second {
            Some((since, put)) if now.duration_since(since) < Duration::from_secs(1) => Some((since, put + 1)),
            _ => Some((now, 1)),
        };
    }

    async fn pause(&self) {
        if let Some(put_at) = self.put_at {
            tokio::time::sleep_until(put_at + PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::model::ConversationId;

    /// Other nodes, where one more comes in with each question.
    #[derive(Default)]
    struct Others {
        heard: Heard,
        put: AtomicUsize,
    }

    impl Others {
        async fn count(&self, members: u16, fresh: Fresh) -> usize {
            let answer = async |_, _| {
                let count = self.put.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
                vec![RoomThere { room: ConversationId::from_u128(1), count, doubtful: Vec::new(), members: Vec::new() }]
            };
            self.heard.of((members, Order::Oldest), fresh, answer).await[0].count
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_asks_one_after_the_other_is_never_told_what_was() {
        let others = Others::default();
        let began = Instant::now();
        for number in 1..=100 {
            assert_eq!(others.count(0, Fresh::Now).await, number);
        }
        // In each second 20 at once, then one every 50 ms.
        assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn many_at_once_share_the_next_answer() {
        let others = Arc::new(Others::default());
        let first = tokio::spawn({
            let others = Arc::clone(&others);
            async move { others.count(0, Fresh::Now).await }
        });
        tokio::time::sleep(Duration::from_millis(1)).await;
        let later: Vec<_> = (0..1000)
            .map(|_| {
                let others = Arc::clone(&others);
                tokio::spawn(async move { others.count(0, Fresh::Now).await })
            })
            .collect();
        assert_eq!(first.await.unwrap(), 1);
        for one in later {
            assert_eq!(one.await.unwrap(), 2, "the question that was put before they asked is not theirs");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_may_hear_what_was_does_not_wait() {
        let others = Others::default();
        for _ in 0..20 {
            others.count(0, Fresh::Nearly).await;
        }
        let began = Instant::now();
        assert_eq!(others.count(0, Fresh::Nearly).await, 20);
        assert_eq!(began.elapsed(), Duration::ZERO);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(others.count(0, Fresh::Nearly).await, 21, "never older than a second");
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_is_given_up_answers_nobody() {
        let others = Others::default();
        let given_up = tokio::time::timeout(Duration::from_millis(1), others.count(0, Fresh::Now)).await;
        assert!(given_up.is_err());
        assert_eq!(others.count(0, Fresh::Now).await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn few_questions_differ() {
        let others = Others::default();
        for members in 0..=super::super::MOST_LISTED {
            others.count(members, Fresh::Now).await;
        }
        assert_eq!(others.heard.0.lock().unwrap().len(), SIZES.len());
    }
}
