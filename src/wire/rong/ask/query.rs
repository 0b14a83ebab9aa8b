//! Reading QUERY frames.

use super::{Ask, Asking, HistoryAsk, chatroom, discussion::discussion, read, settings::settings};
use crate::{
    model::{Handle, Kind, MessageUid, Millis, UserId, command::History},
    proto::rong,
    wire::rong::{dialect::Dialect, frame::Request, place::Place, status::Status},
};

/// Most messages thrown away at once, and most conversations taken out of the list at once.
const MOST_NAMED: usize = 100;
/// What a client gets that does not say how many.
const USUAL_COUNT: u16 = 20;
/// Most conversations listed; also what "all" means.
const MOST_LISTED: u16 = 1000;

/// Reads a QUERY.
pub fn of_query(request: &Request, dialect: Dialect) -> Result<Ask, Status> {
    let topic = Asking::from_name(&request.topic).ok_or(Status::PARAMETER)?;
    let body = request.body.as_slice();
    match topic {
        Asking::Pull => read(dialect, body).map(Ask::Pull),
        Asking::HistoryPrivate
        | Asking::HistoryDiscussion
        | Asking::HistoryGroup
        | Asking::HistoryService
        | Asking::HistorySystem
        | Asking::HistoryChatroom => history(topic, request, dialect),
        Asking::Delete => delete(&read(dialect, body)?),
        Asking::ClearPrivate
        | Asking::ClearDiscussion
        | Asking::ClearGroup
        | Asking::ClearService
        | Asking::ClearSystem => clear(topic, request, dialect),
        Asking::Conversations => {
            let asked: rong::RelationsInput = read(dialect, body)?;
            Ok(Ask::Conversations(most(asked.count.unwrap_or(0))))
        }
        Asking::ConversationsLater => {
            let asked: rong::RelationQryInput = read(dialect, body)?;
            Ok(Ask::Conversations(most(asked.count.unwrap_or(0))))
        }
        // Later clients fill the body as for their list; the kind stands in the same place.
        Asking::Remove => {
            let asked: rong::RelationQryInput = read(dialect, body)?;
            Ok(Ask::Remove(vec![place(asked.r#type.unwrap_or(0), &request.target)?]))
        }
        Asking::RemoveSeveral => remove_several(&read(dialect, body)?),
        Asking::Read => read_time(&read(dialect, body)?),
        Asking::Block | Asking::Unblock => Ok(Ask::Block { user: user(request)?, on: topic == Asking::Block }),
        Asking::Blocked => Ok(Ask::Blocked),
        Asking::IsBlocked => user(request).map(Ask::IsBlocked),
        Asking::PullChatroom => chatroom::pull(request, dialect),
        Asking::JoinChatroom
        | Asking::JoinExisting
        | Asking::QuitChatroom
        | Asking::ChatroomInfo
        | Asking::SetAttribute
        | Asking::RemoveAttribute
        | Asking::PullAttributes => chatroom::command(topic, request, dialect).map(Ask::Chatroom),
        Asking::SetAttributes | Asking::RemoveAttributes => {
            chatroom::attributes(topic, request, dialect).map(Ask::Attributes)
        }
        Asking::ReadMessages => named(&read(dialect, body)?).map(Ask::ReadMessages),
        Asking::Readers => match named(&read(dialect, body)?)?.as_slice() {
            [one] => Ok(Ask::Readers(*one)),
            _ => Err(Status::PARAMETER),
        },
        Asking::PullSettings
        | Asking::ChangeSettings
        | Asking::IsSilentUser
        | Asking::IsSilentDiscussion
        | Asking::SilenceUser
        | Asking::UnsilenceUser
        | Asking::SilenceDiscussion
        | Asking::UnsilenceDiscussion
        | Asking::UserStatus
        | Asking::SetUserStatus
        | Asking::WatchUserStatus => settings(topic, request, dialect),
        Asking::CreateDiscussion
        | Asking::InviteToDiscussion
        | Asking::DiscussionInfo
        | Asking::QuitDiscussion
        | Asking::KickFromDiscussion
        | Asking::OpenDiscussion
        | Asking::RenameDiscussion => discussion(topic, request, dialect),
        Asking::UploadToken | Asking::DownloadUrl => file(topic, request, dialect),
        other => settled(other, request, dialect),
    }
}

/// The messages that a body names.
fn named(asked: &rong::GrpReadReceiptMsg) -> Result<Vec<MessageUid>, Status> {
    if !(1..=MOST_NAMED).contains(&asked.msg_id.len()) {
        return Err(Status::PARAMETER);
    }
    asked.msg_id.iter().map(|uid| uid.parse().map_err(|_| Status::PARAMETER)).collect()
}

/// What nobody keeps here and clients ask all the same is answered as empty; the rest is refused.
fn settled(topic: Asking, request: &Request, dialect: Dialect) -> Result<Ask, Status> {
    let body = match topic {
        Asking::PullUserSettings => {
            let asked: rong::PullUserSettingInput = read(dialect, &request.body)?;
            dialect.write(&rong::PullUserSettingOutput { items: Vec::new(), version: asked.version })
        }
        Asking::PullAccounts => dialect.write(&rong::PullMpOutput::default()),
        Asking::SearchAccounts => dialect.write(&rong::SearchMpOutput::default()),
        Asking::ReportClient => Vec::new(),
        _ => return Err(Status::PARAMETER),
    };
    Ok(Ask::Settled(body))
}

/// All four types of files are taken in alike.
fn file(topic: Asking, request: &Request, dialect: Dialect) -> Result<Ask, Status> {
    const TYPES: std::ops::RangeInclusive<i32> = 1..=4;
    let (kind, ask) = if topic == Asking::UploadToken {
        let asked: rong::GetQNupTokenInput = read(dialect, &request.body)?;
        (asked.r#type, Ask::UploadTicket)
    } else {
        let asked: rong::GetQNdownloadUrlInput = read(dialect, &request.body)?;
        (asked.r#type, Ask::Download(asked.key))
    };
    if TYPES.contains(&kind) { Ok(ask) } else { Err(Status::FILE_TYPE) }
}

/// Later clients put themselves into the frame's target and the other side into the body.
fn history(topic: Asking, request: &Request, dialect: Dialect) -> Result<Ask, Status> {
    let asked: rong::HistoryMsgInput = read(dialect, &request.body)?;
    let target = asked.target_id.as_deref().filter(|target| !target.is_empty()).unwrap_or(&request.target);
    let target: Handle = target.parse().map_err(|_| Status::NO_TARGET)?;
    let kinds: &[Kind] = match topic.history_kind() {
        Some(Kind::Private) => &[Kind::Private, Kind::AppService, Kind::PublicService],
        Some(Kind::Discussion) => &[Kind::Discussion],
        Some(Kind::Group) => &[Kind::Group],
        Some(Kind::System) => &[Kind::System],
        Some(Kind::Chatroom) => &[Kind::Chatroom],
        _ => &[Kind::Service, Kind::Chatroom],
    };
    let count = asked.count.and_then(|count| u16::try_from(count).ok()).filter(|count| *count > 0);
    Ok(Ask::History(HistoryAsk {
        at: kinds.iter().map(|kind| Place { kind: *kind, target: target.clone() }).collect(),
        time: Millis::new(asked.time.unwrap_or(0).max(0)),
        newer: asked.order == Some(1),
        count: count.unwrap_or(USUAL_COUNT).min(History::MAX_LIMIT),
    }))
}

/// Messages are named by their ids; where they stand, the domain knows.
fn delete(asked: &rong::DeleteMsgInput) -> Result<Ask, Status> {
    if !(1..=MOST_NAMED).contains(&asked.msgs.len()) {
        return Err(Status::PARAMETER);
    }
    let named = |one: &rong::DeleteMsg| one.msg_id.as_deref()?.parse().ok();
    asked.msgs.iter().map(named).collect::<Option<_>>().map(Ask::Delete).ok_or(Status::PARAMETER)
}

fn clear(topic: Asking, request: &Request, dialect: Dialect) -> Result<Ask, Status> {
    let asked: rong::CleanHisMsgInput = read(dialect, &request.body)?;
    let target = if asked.target_id.is_empty() { &request.target } else { &asked.target_id };
    let kind = topic.history_kind().ok_or(Status::PARAMETER)?;
    let at = Place::new(kind, target).ok_or(Status::NO_TARGET)?;
    if asked.data_time <= 0 {
        return Err(Status::PARAMETER);
    }
    Ok(Ask::Clear { at, until: Millis::new(asked.data_time) })
}

fn remove_several(asked: &rong::DeleteSessionsInput) -> Result<Ask, Status> {
    if asked.sessions.len() > MOST_NAMED {
        return Err(Status::PARAMETER);
    }
    let named =
        |one: &rong::DeleteSession| place(one.r#type.unwrap_or(0), one.channel_id.as_deref().unwrap_or_default());
    asked.sessions.iter().map(named).collect::<Result<_, _>>().map(Ask::Remove)
}

fn read_time(asked: &rong::ReadTimeInput) -> Result<Ask, Status> {
    let at = place(asked.r#type.unwrap_or(0), asked.channel_id.as_deref().unwrap_or_default())?;
    let until = asked.msg_time.filter(|time| *time > 0).ok_or(Status::PARAMETER)?;
    Ok(Ask::Read { at, until: Millis::new(until) })
}

fn user(request: &Request) -> Result<UserId, Status> {
    request.target.parse().map_err(|_| Status::PARAMETER)
}

pub(super) fn place(number: i32, target: &str) -> Result<Place, Status> {
    let kind = u8::try_from(number).ok().and_then(Kind::from_number).ok_or(Status::PARAMETER)?;
    Place::new(kind, target).ok_or(Status::NO_TARGET)
}

fn most(count: i32) -> u16 {
    u16::try_from(count).ok().filter(|count| *count > 0).unwrap_or(MOST_LISTED).min(MOST_LISTED)
}
