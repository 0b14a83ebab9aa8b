//! How much a room takes in a second, and from whom when too much comes (security §13).

use std::collections::HashMap;

use crate::model::{Millis, UserId};

/// Messages that a room passes on in a second.
const PER_SEC: u32 = 50;
/// Changes of attributes that a room takes in a second.
const CHANGES_PER_SEC: u32 = 100;

/// What one second brought, and a little of the second before.
#[derive(Debug, Default)]
pub(super) struct Flood {
    second: i64,
    asked: u32,
    taken: u32,
    taken_low: u32,
    by: HashMap<UserId, u32>,
    changes: u32,
    asked_before: u32,
    senders_before: u32,
}

/// How much a message matters in a flood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// Never refused: notices, protected senders, types on the high list.
    Free,
    /// Refused when senders have had their share.
    Usual,
    /// Refused first.
    Low,
}

impl Flood {
    /// Whether a message is taken.
    pub(super) fn takes(&mut self, sender: &UserId, weight: Weight, now: Millis) -> bool {
        if weight == Weight::Free {
            return true;
        }
        self.turn_to(now);
        self.asked += 1;
        let flooded = self.asked.max(self.asked_before) > PER_SEC;
        let full = self.taken + self.taken_low >= PER_SEC;
        let others = u32::try_from(self.by.len()).unwrap_or(u32::MAX).max(self.senders_before);
        let mine = self.by.entry(sender.clone()).or_default();
        let takes = match weight {
            Weight::Low => !flooded && !full,
            // In the first second of a flood, those who did not make it still get a word in.
            _ if self.taken >= PER_SEC => *mine == 0 && self.asked_before <= PER_SEC && self.taken < 2 * PER_SEC,
            _ => !flooded || *mine < (PER_SEC / others.max(1)).max(1),
        };
        if takes {
            *mine += 1;
            let taken = if weight == Weight::Low { &mut self.taken_low } else { &mut self.taken };
            *taken += 1;
        }
        takes
    }

    /// Whether a change of attributes is taken.
    pub(super) fn takes_change(&mut self, now: Millis) -> bool {
        self.turn_to(now);
        let takes = self.changes < CHANGES_PER_SEC;
        self.changes += u32::from(takes);
        takes
    }

    fn turn_to(&mut self, now: Millis) {
        let second = now.get().div_euclid(1000);
        if second == self.second {
            return;
        }
        let follows = second == self.second + 1;
        let (asked, senders) = (self.asked, u32::try_from(self.by.len()).unwrap_or(u32::MAX));
        *self = Self {
            second,
            asked_before: if follows { asked } else { 0 },
            senders_before: if follows { senders } else { 0 },
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: usize) -> UserId {
        format!("u{number}").parse().unwrap()
    }

    fn taken(flood: &mut Flood, who: usize, weight: Weight, times: usize, secs: i64) -> usize {
        (0..times).filter(|_| flood.takes(&user(who), weight, Millis::new(secs * 1000))).count()
    }

    #[test]
    fn what_matters_less_is_refused_first() {
        let mut flood = Flood::default();
        assert_eq!(taken(&mut flood, 1, Weight::Low, 30, 1), 30, "without a flood everything passes");
        let usual: usize = (2..6).map(|who| taken(&mut flood, who, Weight::Usual, 10, 1)).sum();
        assert_eq!(usual, 40, "what matters less takes no place away");
        assert_eq!(taken(&mut flood, 1, Weight::Low, 5, 1), 0);
        assert_eq!(taken(&mut flood, 3, Weight::Free, 99, 1), 99);
        assert_eq!(taken(&mut flood, 1, Weight::Low, 5, 2), 0, "the flood may go on");
        assert_eq!(taken(&mut flood, 1, Weight::Low, 5, 4), 5, "it is over");
    }

    #[test]
    fn the_heaviest_are_refused_and_everybody_else_gets_a_word_in() {
        let mut flood = Flood::default();
        assert_eq!(taken(&mut flood, 0, Weight::Usual, 200, 1), 50);
        let light: usize = (1..10).map(|who| taken(&mut flood, who, Weight::Usual, 1, 1)).sum();
        assert_eq!(light, 9, "in the same second");
        let heavy = taken(&mut flood, 0, Weight::Usual, 200, 2);
        let light: usize = (1..10).map(|who| taken(&mut flood, who, Weight::Usual, 2, 2)).sum();
        assert_eq!((heavy, light), (5, 18), "a tenth of the room for each of ten");
    }

    #[test]
    fn a_thousand_senders_do_not_make_it_more() {
        let mut flood = Flood::default();
        (0..1000).for_each(|who| _ = taken(&mut flood, who, Weight::Usual, 1, 1));
        let second: usize = (0..1000).map(|who| taken(&mut flood, who, Weight::Usual, 1, 2)).sum();
        assert_eq!(second, 50);
    }

    #[test]
    fn changes_of_attributes_are_counted_for_themselves() {
        let mut flood = Flood::default();
        assert_eq!((0..150).filter(|_| flood.takes_change(Millis::new(1000))).count(), 100);
        assert!(flood.takes_change(Millis::new(2000)));
    }
}
