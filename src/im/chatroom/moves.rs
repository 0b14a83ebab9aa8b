//! Who came to and left a chatroom since the back end was told.

use std::collections::{HashMap, HashSet};

use crate::model::UserId;

/// People who came or went are told to the back end together, at most so many at once.
const MOST_TOLD: usize = 1000;

/// Somebody came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) user: UserId,
    pub(super) how: How,
    /// Nobody needs to hear of it: another node tells, or it comes to nothing with what happened there.
    off: bool,
}

/// How somebody came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Joined,
    Quit,
    /// Did not come back in time.
    Away,
    /// The back end put them out.
    PutOut,
}

/// What somebody's comings and goings come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Net {
    Came,
    Went(How),
    Nothing,
}

/// In the order in which they happened.
#[derive(Debug, Default)]
pub(super) struct Moves(Vec<Move>);

impl Moves {
    pub(super) fn note(&mut self, user: UserId, how: How) {
        self.0.push(Move { user, how, off: false });
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, or nothing while they are few and `all` is not asked for.
    pub(super) fn take(&mut self, all: bool) -> Vec<Move> {
        if !all && self.0.len() < MOST_TOLD {
            return Vec::new();
        }
        std::mem::take(&mut self.0)
    }

    /// How many other nodes are asked about at once, and what they come to. They stay until they are settled.
    pub(super) fn first(&self) -> (usize, HashMap<&UserId, Net>) {
        let count = self.0.len().min(MOST_TOLD);
        (count, nets(self.0.iter().take(count), |_| true))
    }

    /// What is to be told of these users, who may have come and gone.
    pub(super) fn of(&self, users: &HashSet<&UserId>) -> HashMap<UserId, Net> {
        let nets = nets(self.0.iter(), |user| users.contains(user));
        nets.into_iter().map(|(user, net)| (user.clone(), net)).collect()
    }

    /// Nobody needs to hear any more what is known of these users so far.
    pub(super) fn call_off(&mut self, users: &HashSet<UserId>) {
        for one in self.0.iter_mut().filter(|one| users.contains(&one.user)) {
            one.off = true;
        }
    }

    /// Takes the first ones; those that this node tells, who are not those of whom others said that they know.
    pub(super) fn settle(&mut self, count: usize, known: &HashSet<UserId>) -> Vec<Move> {
        let first = self.0.drain(..count.min(self.0.len()));
        first.filter(|one| !one.off && !known.contains(&one.user)).collect()
    }
}

/// What each of the users that are `meant` did from first to last.
fn nets<'a>(moves: impl Iterator<Item = &'a Move>, meant: impl Fn(&UserId) -> bool) -> HashMap<&'a UserId, Net> {
    let mut spans: HashMap<&UserId, (How, How)> = HashMap::new();
    for one in moves.filter(|one| !one.off && meant(&one.user)) {
        spans.entry(&one.user).and_modify(|(_, last)| *last = one.how).or_insert((one.how, one.how));
    }
    let net = |(first, last)| match (first, last) {
        (How::Joined, How::Joined) => Net::Came,
        (How::Joined, _) | (_, How::Joined) => Net::Nothing,
        (_, how) => Net::Went(how),
    };
    spans.into_iter().map(|(user, span)| (user, net(span))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> UserId {
        id.parse().unwrap()
    }

    #[test]
    fn several_moves_of_somebody_come_to_one_or_to_nothing() {
        let mut moves = Moves::default();
        for (id, how) in [
            ("ann", How::Joined),
            ("bob", How::Quit),
            ("cy", How::Joined),
            ("cy", How::Quit),
            ("bob", How::Joined),
            ("bob", How::PutOut),
            ("dan", How::Away),
            ("dan", How::Joined),
        ] {
            moves.note(user(id), how);
        }
        let (count, nets) = moves.first();
        assert_eq!(count, 8);
        let of = |id: &str| nets.get(&user(id)).copied();
        assert_eq!((of("ann"), of("bob")), (Some(Net::Came), Some(Net::Went(How::PutOut))));
        assert_eq!((of("cy"), of("dan")), (Some(Net::Nothing), Some(Net::Nothing)));
    }

    #[test]
    fn what_is_called_off_or_known_elsewhere_is_not_told() {
        let mut moves = Moves::default();
        for id in ["ann", "bob", "cy"] {
            moves.note(user(id), How::Joined);
        }
        moves.call_off(&HashSet::from([user("ann")]));
        moves.note(user("ann"), How::Quit);
        let told = moves.settle(3, &HashSet::from([user("bob")]));
        assert_eq!(told.iter().map(|one| one.user.as_str()).collect::<Vec<_>>(), ["cy"]);
        assert_eq!(moves.take(true).len(), 1, "what came meanwhile stays");
    }
}
