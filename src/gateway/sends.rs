//! Sends of one connection, in the order in which they came.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::im::turn::Turn;

/// Sends begin one after the other, each as soon as the one before stands in the store's line.
pub(super) struct Sends<T> {
    waiting: VecDeque<T>,
    turn_over: Option<Arc<AtomicBool>>,
}

impl<T> Default for Sends<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), turn_over: None }
    }
}

impl<T> Sends<T> {
    /// Puts one behind the others.
    pub(super) fn push(&mut self, send: T) {
        self.waiting.push_back(send);
    }

    /// How many have not begun.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether all have begun.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The next one and its turn, if the one before has its place in line.
    pub(super) fn begin(&mut self) -> Option<(T, Turn)> {
        if self.turn_over.as_ref().is_some_and(|over| !over.load(Ordering::Acquire)) {
            return None;
        }
        self.turn_over = None;
        let send = self.waiting.pop_front()?;
        let (turn, over) = Turn::begin();
        self.turn_over = Some(over);
        Some((send, turn))
    }

    /// Takes those that have not begun.
    pub(super) fn take(&mut self) -> VecDeque<T> {
        std::mem::take(&mut self.waiting)
    }
}
