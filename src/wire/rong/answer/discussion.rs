//! What discussions answer.

use crate::{
    model::{Conversation, conversation::Participant},
    proto::rong::ChannelInfoOutput,
    wire::rong::place::Place,
};

/// Most members whom an answer names.
const MOST_NAMED: usize = 10;
/// Whoever is inside may bring others.
const OPEN: i32 = 0;

/// What a discussion is.
pub fn discussion_info(found: &Conversation, place: &Place) -> ChannelInfoOutput {
    let owns = |participant: &&Participant| participant.member.is_some_and(|member| member.owner);
    let id = |participant: &Participant| participant.person.id.to_string();
    ChannelInfoOutput {
        r#type: place.kind.number().into(),
        channel_id: place.target.to_string(),
        channel_name: found.group.as_ref().map(|group| group.name.clone()).unwrap_or_default(),
        admin_user_id: found.participants.iter().find(owns).map(id).unwrap_or_default(),
        first_ten_user_ids: found.participants.iter().take(MOST_NAMED).map(id).collect(),
        open_status: OPEN,
    }
}
