//! Reading what clients want of chatrooms. Source: compatible protocol, "Chat rooms".

use serde::Deserialize;

use super::{Ask, Asking, ChatroomPull, read};
use crate::{
    model::{
        Code, Handle, Kind, Millis,
        chatroom::{
            AttributeKey, ChatroomCommand, JoinChatroom, MOST_LATEST, MOST_LISTED, Order, RemoveAttributes,
            SetAttributes,
        },
    },
    proto::rong,
    wire::rong::{dialect::Dialect, frame::Request, status::Status, text},
};

/// Bits of an attribute's status: it goes with its setter; it may take the place of another user's.
const AUTO_DELETE: i32 = 1;
const OVERWRITE: i32 = 2;
/// Most attributes set at once.
const MOST_ATTRIBUTES: usize = 10;

/// Reads everything but the pull.
pub(super) fn command(topic: Asking, request: &Request, dialect: Dialect) -> Result<ChatroomCommand, Status> {
    let chatroom = room(request)?;
    let body = request.body.as_slice();
    Ok(match topic {
        Asking::JoinChatroom | Asking::JoinExisting => {
            let only_existing = topic == Asking::JoinExisting;
            ChatroomCommand::Join(JoinChatroom { chatroom, last: 0, since: None, only_existing })
        }
        Asking::QuitChatroom => ChatroomCommand::Quit(chatroom),
        Asking::ChatroomInfo => info(chatroom, &read(dialect, body)?),
        Asking::SetAttribute => set(chatroom, read(dialect, body)?)?,
        Asking::RemoveAttribute => remove(chatroom, &read(dialect, body)?)?,
        // Clients are given all attributes whenever they ask, and are told that these are all.
        Asking::PullAttributes => ChatroomCommand::Attributes { chatroom, keys: Vec::new() },
        _ => return Err(Status::PARAMETER),
    })
}

/// Reads several attributes, each a command of its own: one that is refused keeps none of the others away.
pub(super) fn attributes(
    topic: Asking,
    request: &Request,
    dialect: Dialect,
) -> Result<Vec<(AttributeKey, ChatroomCommand)>, Status> {
    let chatroom = room(request)?;
    let asked: rong::SetChrmKvs = read(dialect, &request.body)?;
    if !(1..=MOST_ATTRIBUTES).contains(&asked.entry.len()) {
        return Err(Status::PARAMETER);
    }
    let one = |entry: rong::ChrmKvEntity| {
        let (key, chatroom) = (key(&entry)?, chatroom.clone());
        let (b_notify, notification) = (asked.b_notify, asked.notification.clone());
        let command = if topic == Asking::RemoveAttributes {
            remove(chatroom, &rong::DeleteChrmKv { entry, b_notify, notification, r#type: None })?
        } else {
            set(chatroom, rong::SetChrmKv { entry, b_notify, notification, r#type: None })?
        };
        Ok((key, command))
    };
    asked.entry.into_iter().map(one).collect()
}

/// A count of 0 means everything since the time, -1 nothing: who joins without messages says so.
pub(super) fn pull(request: &Request, dialect: Dialect) -> Result<Ask, Status> {
    let asked: rong::ChrmPullMsg = read(dialect, &request.body)?;
    let most = match asked.count {
        0 => MOST_LATEST,
        count => u16::try_from(count).unwrap_or(0).min(MOST_LATEST),
    };
    Ok(Ask::PullChatroom(ChatroomPull { room: room(request)?, after: Millis::new(asked.sync_time.max(0)), most }))
}

fn room(request: &Request) -> Result<Handle, Status> {
    request.target.parse().map_err(|_| Status::of(Code::NoChatroom, Some(Kind::Chatroom)))
}

fn info(chatroom: Handle, asked: &rong::QueryChatroomInfoInput) -> ChatroomCommand {
    let count = u16::try_from(asked.count).unwrap_or(0).min(MOST_LISTED);
    let (members, order) = match asked.order {
        Some(1) => (count, Order::Oldest),
        Some(2) => (count, Order::Newest),
        _ => (0, Order::Newest),
    };
    ChatroomCommand::Info { chatroom, members, order }
}

fn set(chatroom: Handle, asked: rong::SetChrmKv) -> Result<ChatroomCommand, Status> {
    let status = asked.entry.status.unwrap_or(0);
    Ok(ChatroomCommand::SetAttributes(SetAttributes {
        chatroom,
        notify: notice(asked.b_notify, asked.notification.as_ref()),
        attributes: vec![(key(&asked.entry)?, asked.entry.value)],
        auto_delete: status & AUTO_DELETE != 0,
        force: status & OVERWRITE != 0,
    }))
}

fn remove(chatroom: Handle, asked: &rong::DeleteChrmKv) -> Result<ChatroomCommand, Status> {
    Ok(ChatroomCommand::RemoveAttributes(RemoveAttributes {
        chatroom,
        keys: vec![key(&asked.entry)?],
        force: asked.entry.status.unwrap_or(0) & OVERWRITE != 0,
        notify: notice(asked.b_notify, asked.notification.as_ref()),
    }))
}

fn key(entry: &rong::ChrmKvEntity) -> Result<AttributeKey, Status> {
    entry.key.parse().map_err(|_| Status::PARAMETER)
}

/// The domain writes the room's notice itself; of the client's it keeps what only the client knows.
fn notice(wanted: Option<bool>, sent: Option<&rong::UpStreamMessage>) -> Option<String> {
    #[derive(Deserialize)]
    struct Notice {
        #[serde(default)]
        extra: String,
    }
    let extra = || {
        let notice: Notice = serde_json::from_str(&text::read_lossy(&sent?.content)).ok()?;
        Some(notice.extra)
    };
    (wanted == Some(true)).then(|| extra().unwrap_or_default())
}
