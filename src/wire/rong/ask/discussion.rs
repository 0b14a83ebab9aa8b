//! Reading what clients want of discussions. Source: compatible protocol, "QUERY from the client".

use super::{Ask, Asking, read};
use crate::{
    model::{Kind, UserId},
    proto::rong,
    wire::rong::{dialect::Dialect, frame::Request, place::Place, status::Status},
};

/// Most users brought in at once.
const MOST_INVITED: usize = 100;

/// What a client wants of discussions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiscussionAsk {
    /// To found one with this name.
    Create(String),
    /// To bring users in.
    Invite(Place, Vec<UserId>),
    /// To know what it is.
    Info(Place),
    /// To leave.
    Quit(Place),
    /// To put somebody out.
    Kick(Place, UserId),
    /// To give it another name.
    Rename(Place, String),
}

/// Reads everything about discussions.
pub(super) fn discussion(topic: Asking, request: &Request, dialect: Dialect) -> Result<Ask, Status> {
    let body = request.body.as_slice();
    let at = || Place::new(Kind::Discussion, &request.target).ok_or(Status::of_discussion());
    Ok(match topic {
        Asking::CreateDiscussion => {
            let asked: rong::CreateDiscussionInput = read(dialect, body)?;
            Ask::Discussion(DiscussionAsk::Create(asked.name.unwrap_or_default()))
        }
        Asking::InviteToDiscussion => {
            let asked: rong::ChannelInvitationInput = read(dialect, body)?;
            Ask::Discussion(DiscussionAsk::Invite(at()?, users(&asked.users)?))
        }
        Asking::DiscussionInfo => Ask::Discussion(DiscussionAsk::Info(at()?)),
        Asking::QuitDiscussion => Ask::Discussion(DiscussionAsk::Quit(at()?)),
        Asking::KickFromDiscussion => {
            let asked: rong::ChannelEvictionInput = read(dialect, body)?;
            Ask::Discussion(DiscussionAsk::Kick(at()?, asked.user.parse().map_err(|_| Status::PARAMETER)?))
        }
        Asking::RenameDiscussion => {
            let asked: rong::RenameChannelInput = read(dialect, body)?;
            Ask::Discussion(DiscussionAsk::Rename(at()?, asked.name))
        }
        Asking::OpenDiscussion => {
            let asked: rong::ModifyPermissionInput = read(dialect, body)?;
            // Whoever is inside may bring others; that cannot be switched off.
            if asked.open_status == 0 { Ask::Settled(Vec::new()) } else { return Err(Status::PARAMETER) }
        }
        _ => return Err(Status::PARAMETER),
    })
}

fn users(named: &[String]) -> Result<Vec<UserId>, Status> {
    if !(1..=MOST_INVITED).contains(&named.len()) {
        return Err(Status::PARAMETER);
    }
    named.iter().map(|user| user.parse().map_err(|_| Status::PARAMETER)).collect()
}
