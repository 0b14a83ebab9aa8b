//! Keeps what a room is told in order, though its senders work side by side.
//!
//! Members of a chatroom cannot page back, so an order that is wrong costs them messages. Nobody waits here: who finds
//! somebody else at work leaves their message with them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::model::Millis;

/// A message whose forerunner never came (its sender went between commit and telling) is held back for so long.
pub(super) const PATIENCE_MS: i64 = 200;
/// The same while nothing is heard of other nodes: only who writes through this one can come late, and does at once.
pub(super) const ALONE_MS: i64 = 20;
/// Most that is held back.
const MOST_WAITING: usize = 256;

/// Things with places 1, 2, 3 … that come in nearly in order and leave in order.
#[derive(Debug)]
pub(super) struct Line<T>(Mutex<State<T>>);

/// What has a place.
#[derive(Debug)]
enum Held<T> {
    /// It is to be told.
    Here(T),
    /// Another node has told it.
    Elsewhere,
}

#[derive(Debug)]
struct State<T> {
    next: u64,
    waiting: BTreeMap<u64, Held<T>>,
    hole_since: Option<Millis>,
    /// Somebody is telling.
    busy: bool,
}

impl<T> Line<T> {
    /// A line in which everything before this place has been told.
    pub(super) const fn from(next: u64) -> Self {
        Self(Mutex::new(State { next, waiting: BTreeMap::new(), hole_since: None, busy: false }))
    }

    /// Puts something in its place, and tells everything that is due at an instant, when a hole is waited for so many
    /// milliseconds.
    pub(super) fn put(&self, place: u64, item: T, (now, patience): (Millis, i64), tell: impl FnMut(T)) {
        self.state().waiting.insert(place, Held::Here(item));
        self.run((now, patience), tell);
    }

    /// Another node told what has this place: nothing waits for it.
    pub(super) fn pass(&self, place: u64, (now, patience): (Millis, i64), tell: impl FnMut(T)) {
        self.state().waiting.insert(place, Held::Elsewhere);
        self.run((now, patience), tell);
    }

    /// Tells what is due.
    pub(super) fn run(&self, (now, patience): (Millis, i64), mut tell: impl FnMut(T)) {
        if std::mem::replace(&mut self.state().busy, true) {
            return;
        }
        loop {
            let item = {
                let mut state = self.state();
                let item = state.due(now, patience);
                state.busy = item.is_some();
                item
            };
            match item {
                Some(Held::Here(item)) => tell(item),
                Some(Held::Elsewhere) => {}
                None => return,
            }
        }
    }

    /// Whether anything is held back.
    pub(super) fn is_empty(&self) -> bool {
        self.state().waiting.is_empty()
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing in here panics half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn due(&mut self, now: Millis, patience: i64) -> Option<Held<T>> {
        let first = self.waiting.first_entry()?;
        let place = *first.key();
        if place > self.next {
            let since = *self.hole_since.get_or_insert(now);
            if now.since(since) < patience && self.waiting.len() <= MOST_WAITING {
                return None;
            }
        }
        self.hole_since = None;
        self.next = self.next.max(place + 1);
        self.waiting.pop_first().map(|(_, item)| item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &Line<u64>, place: u64, at: i64) -> Vec<u64> {
        let mut told = Vec::new();
        line.put(place, place, (Millis::new(at), PATIENCE_MS), |item| told.push(item));
        told
    }

    #[test]
    fn what_comes_early_waits_for_what_is_late() {
        let line = Line::from(1);
        assert_eq!(told(&line, 1, 0), [1]);
        assert!(told(&line, 3, 0).is_empty());
        assert!(told(&line, 4, 0).is_empty());
        assert_eq!(told(&line, 2, 0), [2, 3, 4]);
        assert!(line.is_empty());
    }

    #[test]
    fn nobody_waits_for_ever() {
        let line = Line::from(1);
        assert!(told(&line, 2, 0).is_empty());
        assert_eq!(told(&line, 3, PATIENCE_MS), [2, 3]);
        assert_eq!(told(&line, 1, PATIENCE_MS), [1], "late is better than never");
        let held: Vec<u64> = (10..10 + MOST_WAITING as u64).flat_map(|place| told(&line, place, 300)).collect();
        assert!(held.is_empty());
        assert_eq!(told(&line, 9999, 300).len(), MOST_WAITING, "room for one more is made by telling");
    }

    #[test]
    fn a_hole_is_waited_for_as_long_as_is_said() {
        let line = Line::from(1);
        assert!(told(&line, 2, 0).is_empty());
        let mut later = Vec::new();
        line.run((Millis::new(ALONE_MS), PATIENCE_MS), |item| later.push(item));
        assert!(later.is_empty());
        line.run((Millis::new(ALONE_MS), ALONE_MS), |item| later.push(item));
        assert_eq!(later, [2]);
    }

    #[test]
    fn what_another_node_told_leaves_no_hole() {
        let line = Line::from(1);
        assert!(told(&line, 2, 0).is_empty());
        let mut after = Vec::new();
        line.pass(1, (Millis::new(0), PATIENCE_MS), |item| after.push(item));
        line.pass(3, (Millis::new(0), PATIENCE_MS), |item| after.push(item));
        assert_eq!((after, told(&line, 4, 0)), (vec![2], vec![4]));
    }

    #[test]
    fn who_finds_somebody_at_work_leaves_it_to_them() {
        let line = Line::from(1);
        let order = Mutex::new(Vec::new());
        line.put(1, 1, (Millis::new(0), PATIENCE_MS), |item| {
            order.lock().unwrap().push(item);
            if item == 1 {
                line.put(2, 2, (Millis::new(0), PATIENCE_MS), |_| panic!("the first one tells"));
            }
        });
        assert_eq!(*order.lock().unwrap(), [1, 2]);
    }
}
