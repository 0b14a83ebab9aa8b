//! The conversations that a connection has heard of lately, under the names by which its user knows them.

use std::collections::HashMap;

use crate::{model::ConversationId, wire::rong::place::Place};

/// Most conversations remembered; beyond that all are looked up anew.
const MOST: usize = 512;

/// Places by conversation. They never change.
#[derive(Debug, Default)]
pub(super) struct Places(HashMap<ConversationId, Place>);

impl Places {
    pub(super) fn get(&self, conversation: ConversationId) -> Option<&Place> {
        self.0.get(&conversation)
    }

    pub(super) fn keep(&mut self, conversation: ConversationId, place: Place) {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(conversation, place);
    }
}
