//! What is followed at a node, as a set of numbers that every node reckons alike.
//!
//! Every interest falls into one of 65,536 slots. Two that share one cost no more than a hint that is dropped where it
//! comes: there are many more slots than a node usually has people, so that a hint seldom goes where nobody hears it, and
//! the whole set is 8 KiB. A node tells it with its beats ([`Saying`]).

use std::{
    hash::Hasher,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::{
    bus::Interest,
    model::{AppKey, Audience, ConversationId, UserId},
};

/// One number of them all.
pub(super) type Slot = u16;

/// The whole set, as words.
const WORDS: usize = 1024;
/// And as bytes.
const BYTES: usize = WORDS * 8;

/// FNV-1a, 64 bits: every version of every node must find the same.
pub(super) struct Fnv(u64);

impl Fnv {
    pub(super) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Of one person. The low bits are as good as the high ones.
    pub(super) fn of_person(app: &AppKey, user: &UserId) -> u64 {
        // No app key holds it.
        Self::of(&[app.as_str().as_bytes(), b"/", user.as_str().as_bytes()])
    }

    fn of(parts: &[&[u8]]) -> u64 {
        let mut hash = Self::new();
        for part in parts {
            hash.write(part);
        }
        hash.finish() ^ (hash.finish() >> 32)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// The slot that an interest falls into.
pub(super) fn of_interest(interest: &Interest) -> Slot {
    match interest {
        Interest::Person(app, user) => person(app, user),
        Interest::Agents(app) => agents(app),
        Interest::Visitors(app) => visitors(app),
        Interest::Room(room) => self::room(*room),
    }
}

/// The slots of all who are meant, each reckoned when it is asked for.
pub(super) fn of_audience(audience: &Audience) -> impl Iterator<Item = Slot> {
    let Audience { app, users, agents, visitors, room, .. } = audience;
    // A room stands for all who are named beside it.
    let app = room.is_none().then_some(app);
    let named = app.into_iter().flat_map(move |app| users.iter().map(move |user| person(app, user)));
    let agents = app.filter(|_| *agents).map(self::agents);
    let visitors = app.filter(|_| *visitors).map(self::visitors);
    agents.into_iter().chain(visitors).chain(room.map(self::room)).chain(named)
}

fn person(app: &AppKey, user: &UserId) -> Slot {
    low(Fnv::of_person(app, user))
}

fn agents(app: &AppKey) -> Slot {
    low(Fnv::of(&[app.as_str().as_bytes(), b" agents"]))
}

fn visitors(app: &AppKey) -> Slot {
    low(Fnv::of(&[app.as_str().as_bytes(), b" visitors"]))
}

fn room(room: ConversationId) -> Slot {
    low(Fnv::of(&[&room.as_u128().to_be_bytes()]))
}

const fn low(hash: u64) -> Slot {
    let [.., high, low] = hash.to_be_bytes();
    Slot::from_be_bytes([high, low])
}

/// A set of slots that may be read while it changes.
#[derive(Debug)]
pub(super) struct Slots(Vec<AtomicU64>);

impl Default for Slots {
    fn default() -> Self {
        Self(std::iter::repeat_with(AtomicU64::default).take(WORDS).collect())
    }
}

impl Slots {
    /// Whether a slot is in it.
    pub(super) fn has(&self, slot: Slot) -> bool {
        let (word, bit) = place(slot);
        self.0.get(word).is_some_and(|word| word.load(Relaxed) & bit != 0)
    }

    /// Puts a slot in; whether it was not there before.
    pub(super) fn add(&self, slot: Slot) -> bool {
        let (word, bit) = place(slot);
        self.0.get(word).is_some_and(|word| word.fetch_or(bit, Relaxed) & bit == 0)
    }

    /// Keeps only slots that `stays` says yes to.
    pub(super) fn retain(&self, stays: impl Fn(Slot) -> bool) {
        for slot in self.list().into_iter().filter(|slot| !stays(*slot)) {
            let (word, bit) = place(slot);
            if let Some(word) = self.0.get(word) {
                word.fetch_and(!bit, Relaxed);
            }
        }
    }

    /// Takes in what was said. A slot that stays is never missing meanwhile.
    pub(super) fn heed(&self, what: What<'_>) {
        match what {
            What::Also(list) => {
                for slot in list {
                    self.add(Slot::from_be_bytes(*slot));
                }
            }
            What::Only(list) => {
                let mut words = vec![0; WORDS];
                for slot in list {
                    let (word, bit) = place(Slot::from_be_bytes(*slot));
                    words.get_mut(word).into_iter().for_each(|word| *word |= bit);
                }
                self.replace(words);
            }
            What::Map(map) => self.replace(map.as_chunks().0.iter().map(|word| u64::from_be_bytes(*word))),
        }
    }

    fn replace(&self, words: impl IntoIterator<Item = u64>) {
        self.0.iter().zip(words).for_each(|(word, new)| word.store(new, Relaxed));
    }

    /// All slots in it, in their order.
    fn list(&self) -> Vec<Slot> {
        let words = (0_u32..).zip(&self.0).map(|(at, word)| (at, word.load(Relaxed))).filter(|(_, word)| *word != 0);
        let slots =
            words.flat_map(|(at, word)| (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit));
        slots.filter_map(|slot| Slot::try_from(slot).ok()).collect()
    }

    /// The whole set, to be told: as a list while that is shorter.
    pub(super) fn said(&self, version: u64) -> Vec<u8> {
        let list = self.list();
        if list.len() * 2 < BYTES {
            return written(b'l', version, list.iter().flat_map(|slot| slot.to_be_bytes()));
        }
        written(b'm', version, self.0.iter().flat_map(|word| word.load(Relaxed).to_be_bytes()))
    }
}

fn place(slot: Slot) -> (usize, u64) {
    (usize::from(slot / 64), 1 << (slot % 64))
}

/// What a node says of its slots, with a number that grows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Saying<'a> {
    pub(super) version: u64,
    pub(super) what: What<'a>,
}

/// See [`Saying`].
#[derive(Debug, Clone, Copy)]
pub(super) enum What<'a> {
    /// These and no others, each with its bit.
    Map(&'a [u8]),
    /// These and no others.
    Only(&'a [[u8; 2]]),
    /// These besides.
    Also(&'a [[u8; 2]]),
}

impl<'a> Saying<'a> {
    /// Reads what stands behind a beat; `None` when nothing does, or nothing that this version knows.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let (version, body) = rest.split_first_chunk::<8>()?;
        let list = || Some(body.as_chunks::<2>()).filter(|(_, rest)| rest.is_empty()).map(|(list, _)| list);
        let what = match kind {
            b'm' if body.len() == BYTES => What::Map(body),
            b'l' => What::Only(list()?),
            b'a' => What::Also(list()?),
            _ => return None,
        };
        Some(Self { version: u64::from_be_bytes(*version), what })
    }
}

/// Slots that are followed besides those that were told, as what stands behind a beat.
pub(super) fn also(version: u64, slots: &[Slot]) -> Vec<u8> {
    written(b'a', version, slots.iter().flat_map(|slot| slot.to_be_bytes()))
}

fn written(kind: u8, version: u64, body: impl Iterator<Item = u8>) -> Vec<u8> {
    std::iter::once(kind).chain(version.to_be_bytes()).chain(body).collect()
}

#[cfg(test)]
mod tests;
