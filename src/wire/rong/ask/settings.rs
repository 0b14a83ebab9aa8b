//! Reading how users keep conversations, and how they say they are.
//!
//! Source: compatible protocol, "QUERY from the client" and "Later clients".

use super::{Ask, Asking, query::place, read};
use crate::{
    model::{Kind, Millis, UserId, conversation::Keeping, presence::Watch},
    proto::rong::{self, SessionStateType},
    wire::rong::{dialect::Dialect, frame::Request, place::Place, status::Status},
};

/// Most conversations changed at once.
const MOST_CHANGED: usize = 100;

/// Reads everything about settings and status.
pub(super) fn settings(topic: Asking, request: &Request, dialect: Dialect) -> Result<Ask, Status> {
    let body = request.body.as_slice();
    Ok(match topic {
        Asking::PullSettings => {
            let asked: rong::SessionReq = read(dialect, body)?;
            Ask::Settings { since: Millis::new(asked.time.max(0)) }
        }
        Asking::ChangeSettings => changes(&read(dialect, body)?)?,
        Asking::IsSilentUser | Asking::IsSilentDiscussion => Ask::IsSilent(places(topic, &read(dialect, body)?)?),
        Asking::SilenceUser | Asking::SilenceDiscussion => {
            Ask::Silence { at: places(topic, &read(dialect, body)?)?, on: true }
        }
        Asking::UnsilenceUser | Asking::UnsilenceDiscussion => {
            Ask::Silence { at: places(topic, &read(dialect, body)?)?, on: false }
        }
        Asking::UserStatus => Ask::OwnStatus,
        Asking::SetUserStatus => {
            let asked: rong::SetUserStatusInput = read(dialect, body)?;
            Ask::SetStatus(asked.status.unwrap_or(0))
        }
        Asking::WatchUserStatus => watch(&read(dialect, body)?)?,
        _ => return Err(Status::PARAMETER),
    })
}

fn changes(asked: &rong::SessionStateModifyReq) -> Result<Ask, Status> {
    let mut changes = Vec::new();
    for state in &asked.state {
        let at = place(state.r#type, &state.channel_id)?;
        for item in &state.state_item {
            let on = item.value != "0";
            changes.push((
                at.clone(),
                match item.session_state_type() {
                    SessionStateType::Issilent => Keeping::Muted(on),
                    SessionStateType::Istop => Keeping::Pinned(on),
                },
            ));
        }
    }
    if changes.len() > MOST_CHANGED { Err(Status::PARAMETER) } else { Ok(Ask::ChangeSettings(changes)) }
}

/// The topics of discussions stand for groups, too.
fn places(topic: Asking, asked: &rong::BlockPushInput) -> Result<Vec<Place>, Status> {
    let of_user = matches!(topic, Asking::IsSilentUser | Asking::SilenceUser | Asking::UnsilenceUser);
    let kinds: &[Kind] = if of_user { &[Kind::Private] } else { &[Kind::Discussion, Kind::Group] };
    kinds.iter().map(|kind| Place::new(*kind, &asked.blockee_id).ok_or(Status::NO_TARGET)).collect()
}

fn watch(asked: &rong::SubUserStatusInput) -> Result<Ask, Status> {
    if asked.userid.len() > Watch::MOST {
        return Err(Status::PARAMETER);
    }
    let users: Result<Vec<UserId>, _> = asked.userid.iter().map(|user| user.parse()).collect();
    users.map(Ask::Watch).map_err(|_| Status::PARAMETER)
}
