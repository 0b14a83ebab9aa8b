//! How users keep conversations, and who is here.

use serde_json::json;

use crate::{
    model::{Conversation, Kind, Millis, Mine, UserId, presence::Presence},
    proto::rong::{GetUserStatusOutput, SessionState, SessionStateItem, SessionStateType, SessionStates},
    wire::rong::place::Place,
};

/// What is pinned or muted. A client that knows something already is told of what is neither, too. `now` becomes what
/// it knows.
pub fn settings(found: &[Conversation], since: Millis, now: Millis, user: &UserId) -> SessionStates {
    let state = |conversation: &Conversation| {
        let (place, mine) = (Place::of(conversation, user)?, conversation.mine.as_ref()?);
        let told = since.get() > 0 || mine.pinned || mine.muted;
        (told && place.kind != Kind::Chatroom).then(|| SessionState {
            r#type: place.kind.number().into(),
            channel_id: place.target.to_string(),
            time: Some(now.get()),
            state_item: items(mine),
        })
    };
    SessionStates { version: now.get(), state: found.iter().filter_map(state).collect() }
}

fn items(mine: &Mine) -> Vec<SessionStateItem> {
    let item = |kind: SessionStateType, on: bool| SessionStateItem {
        session_state_type: kind.into(),
        value: if on { "1" } else { "0" }.to_owned(),
    };
    vec![item(SessionStateType::Issilent, mine.muted), item(SessionStateType::Istop, mine.pinned)]
}

/// How somebody is who is here: the number that they gave.
pub fn status(user: &UserId, online: bool, number: i32) -> GetUserStatusOutput {
    let seen = json!({ "us": [{ "o": i32::from(online), "p": "Web", "s": number }] });
    GetUserStatusOutput { status: Some(seen.to_string()), sub_user_id: Some(user.to_string()) }
}

/// Whether somebody is here. What number they gave is not told to others.
pub fn presence(seen: &Presence) -> GetUserStatusOutput {
    status(&seen.user, seen.online, i32::from(seen.online))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_here_is_told_as_text() {
        let seen = Presence { user: "ann".parse().unwrap(), online: true, at: None };
        let told = presence(&seen);
        assert_eq!(told.status.as_deref(), Some(r#"{"us":[{"o":1,"p":"Web","s":1}]}"#));
        assert_eq!(told.sub_user_id.as_deref(), Some("ann"));
        let gone = presence(&Presence { online: false, ..seen });
        assert_eq!(gone.status.as_deref(), Some(r#"{"us":[{"o":0,"p":"Web","s":0}]}"#));
    }
}
