//! Several hints in one letter to one node.
//!
//! Behind the letter's head one entry follows the other: the hint's number, the lengths of its two parts, and the parts:
//! its audience and its event. Whoever is not in the audience need not look at the event.

use bytes::Bytes;
use serde::Serialize;

use super::{Folded, Form, HEAD, kind};
use crate::model::{Hint, NodeId};

/// What is in front of an entry's parts: eight bytes of number, four of each length.
const ENTRY: usize = 16;

/// A hint as an entry.
pub(in super::super) fn entry(number: u64, hint: &Hint) -> Vec<u8> {
    fn part(bytes: &mut Vec<u8>, value: &impl Serialize) -> [u8; 4] {
        let from = bytes.len();
        serde_json::to_writer(&mut *bytes, value).expect("plain data serialises into memory");
        // What is longer is too large for NATS by far, and dropped before it is sent.
        u32::try_from(bytes.len() - from).unwrap_or(u32::MAX).to_be_bytes()
    }
    let mut bytes = Vec::with_capacity(768);
    bytes.extend([0; ENTRY]);
    let audience = part(&mut bytes, &hint.audience);
    let event = part(&mut bytes, &Form::of(&hint.event));
    let head = number.to_be_bytes().into_iter().chain(audience).chain(event);
    bytes.iter_mut().zip(head).for_each(|(byte, known)| *byte = known);
    bytes
}

/// A letter that is being filled.
#[derive(Debug)]
pub(in super::super) struct Bundle {
    bytes: Vec<u8>,
    /// Entries in it.
    pub(in super::super) count: u64,
}

impl Bundle {
    /// One without entries.
    pub(in super::super) fn of(node: NodeId) -> Self {
        Self { bytes: super::head(kind::BUNDLE, node, 0, 4096), count: 0 }
    }

    /// How large it is with one more entry.
    pub(in super::super) const fn with(&self, entry: &[u8]) -> usize {
        self.bytes.len() + entry.len()
    }

    /// How large a letter is that has only this entry.
    pub(in super::super) const fn alone(entry: &[u8]) -> usize {
        HEAD + entry.len()
    }

    pub(in super::super) fn push(&mut self, entry: &[u8]) {
        self.bytes.extend_from_slice(entry);
        self.count += 1;
    }

    /// The letter.
    pub(in super::super) fn sealed(self) -> Bytes {
        self.bytes.into()
    }
}

/// What came in one letter, entry by entry.
#[derive(Debug)]
pub(in super::super) struct Entries<'a>(pub(super) &'a [u8]);

/// A hint that nobody looked at yet.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Entry<'a> {
    pub(in super::super) number: u64,
    audience: &'a [u8],
    event: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Reads for whom it is; `None` when it is no hint that this version knows.
    pub(in super::super) fn folded(&self) -> Option<Folded<'a>> {
        let audience = serde_json::from_slice(self.audience).ok()?;
        Some(Folded { audience, event: std::str::from_utf8(self.event).ok()? })
    }

    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (number, rest) = bytes.split_first_chunk::<8>()?;
        let (first, rest) = rest.split_first_chunk::<4>()?;
        let (second, rest) = rest.split_first_chunk::<4>()?;
        let length = |bytes: &[u8; 4]| usize::try_from(u32::from_be_bytes(*bytes)).ok();
        let (audience, rest) = rest.split_at_checked(length(first)?)?;
        let (event, rest) = rest.split_at_checked(length(second)?)?;
        Some((Self { number: u64::from_be_bytes(*number), audience, event }, rest))
    }
}

impl<'a> Iterator for Entries<'a> {
    /// `None` inside stands for what was cut off: nothing comes behind it.
    type Item = Option<Entry<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let split = Entry::split(self.0);
        self.0 = split.as_ref().map_or(&[], |(_, rest)| rest);
        Some(split.map(|(entry, _)| entry))
    }
}
