//! Conversations and messages as the templates print them.
//!
//! Pages are printed before the reader's clock is known: times stand in UTC here and are put into local words by the
//! browser before it paints.

use crate::{
    model::{Conversation, Millis, Person, Service, UserId},
    view::Locale,
};

mod face;
mod log;
mod panel;
mod row;
mod time;
mod words;

pub(super) use face::Face;
pub(super) use log::{Bubble, Entry, Happening, Slip, entries};
pub(super) use panel::{Panel, stage_line};
pub(super) use row::Row;

/// Everything a part needs to know about who looks, and when.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) me: &'a UserId,
    pub(super) words: &'a Locale,
    pub(super) now: Millis,
}

fn agent_of<'a>(conversation: &'a Conversation, service: &Service) -> Option<&'a Person> {
    conversation.participant(service.stage.agent()?).map(|participant| &participant.person)
}
