//! What a client asks, done: the body of its answer, or the number of the refusal.

use super::find::Asker;
use crate::{
    im::turn::Turn,
    model::{
        ClientId, Command, Fault, Kind, MessageUid, Person, Position, Reply, Seq, UserId,
        chatroom::ChatroomCommand,
        command::{ConversationPage, List, Page, Sent},
        conversation::Keeping,
    },
    proto::rong::{ChrmOutput, DeleteMsgOutput},
    wire::rong::{
        answer,
        ask::{Ask, HistoryAsk},
        dialect::Dialect,
        down::Reader,
        place::Place,
        status::Status,
    },
};

/// The number for whom a client is told that it did not block.
const NOT_BLOCKED: Status = Status(101);

/// Sends what was asked to be sent. `turn` is over when it stands in the store's line.
pub(super) async fn send(asker: &Asker, ask: &Ask, turn: Turn) -> Result<Sent, Status> {
    let kind = kind_of(ask);
    let refused = |fault: Fault| Status::of(fault.code, kind);
    let at = asker.find_first(ask.places()).await.map_err(refused)?.map(|(_, id)| id);
    match ask.command(at, &fresh_id(), &[]) {
        Some(Command::Send(send)) => {
            asker.im.send_in_turn(&asker.caller, Some(asker.connection), send, turn).await.map_err(refused)
        }
        _ => Err(Status::NO_TARGET),
    }
}

/// The kind of conversation that an ask is about, for the numbers of refusals.
pub(super) fn kind_of(ask: &Ask) -> Option<Kind> {
    match ask {
        Ask::Send { to, .. } => Some(to.kind),
        Ask::Typing(at) | Ask::Read { at, .. } | Ask::Delete { at, .. } | Ask::Clear { at, .. } => Some(at.kind),
        Ask::History(asked) => asked.at.first().map(|place| place.kind),
        Ask::Chatroom(_) | Ask::PullChatroom(_) => Some(Kind::Chatroom),
        _ => None,
    }
}

/// Does everything that is no message, no pull and no coming into a chatroom.
pub(super) async fn perform(asker: &Asker, ask: &Ask, dialect: Dialect) -> Result<Vec<u8>, Status> {
    let kind = kind_of(ask);
    let refused = |fault: Fault| Status::of(fault.code, kind);
    match ask {
        Ask::Settled(body) => Ok(body.clone()),
        Ask::History(asked) => history(asker, asked, dialect).await,
        Ask::Conversations(most) => conversations(asker, *most, dialect).await.map_err(refused),
        Ask::Recall(uid) => recall(asker, *uid).await,
        Ask::Remove(places) => remove(asker, places).await.map_err(refused),
        Ask::Blocked => Ok(dialect.write(&answer::blocked(&blocked(asker).await.map_err(refused)?))),
        Ask::IsBlocked(user) => is_blocked(asker, user).await,
        Ask::Chatroom(command) => chatroom(asker, command, dialect).await,
        Ask::Typing(_) | Ask::Read { .. } | Ask::Delete { .. } | Ask::Clear { .. } | Ask::Block { .. } => {
            placed(asker, ask).await.map_err(refused)?;
            Ok(if matches!(ask, Ask::Delete { .. }) { dialect.write(&DeleteMsgOutput::default()) } else { Vec::new() })
        }
        Ask::Send { .. } | Ask::Pull(_) | Ask::PullChatroom(_) => Err(Status::PARAMETER),
    }
}

/// What needs to know the conversation, and perhaps messages of it. Nothing is wrong when there is none: nothing was
/// said there.
async fn placed(asker: &Asker, ask: &Ask) -> Result<(), Fault> {
    let at = asker.find_first(ask.places()).await?.map(|(_, id)| id);
    if at.is_none() && !ask.places().is_empty() {
        return Ok(());
    }
    let mut pages: Vec<Page> = Vec::new();
    for query in at.map(|at| ask.look_ups(at)).unwrap_or_default() {
        pages.push(asker.page(query).await?);
    }
    if let Some(command) = ask.command(at, &fresh_id(), &pages) {
        asker.command(command).await?;
    }
    Ok(())
}

async fn history(asker: &Asker, asked: &HistoryAsk, dialect: Dialect) -> Result<Vec<u8>, Status> {
    let kind = asked.at.first().map(|place| place.kind);
    let refused = |fault: Fault| Status::of(fault.code, kind);
    let found = asker.find_first(&asked.at).await.map_err(refused)?;
    let place = found.map(|(place, _)| place).or(asked.at.first()).ok_or(Status::NO_TARGET)?;
    let mut page = match found {
        Some((_, id)) => asker.page(asked.page(id)).await.map_err(refused)?,
        None => {
            Page { head: Position { epoch: 0, seq: Seq(0) }, messages: Vec::new(), more: false, offline_before: None }
        }
    };
    asker.link(&mut page.messages).await;
    let reader = Reader { user: asker.caller.id(), place, dialect };
    Ok(dialect.write(&answer::history(&page, asked.newer, asked.time, &reader)))
}

async fn conversations(asker: &Asker, most: u16, dialect: Dialect) -> Result<Vec<u8>, Fault> {
    let (mut found, mut before) = (Vec::new(), None);
    while found.len() < usize::from(most) {
        let list = List { before, limit: 100, ..List::default() };
        let Reply::Conversations(ConversationPage { conversations, more }) =
            asker.command(Command::Conversations(list)).await?
        else {
            break;
        };
        before = conversations.last().map(|last| (last.changed_at, last.id));
        found.extend(conversations);
        if !more {
            break;
        }
    }
    for last in found.iter_mut().filter_map(|conversation| conversation.last.as_mut()) {
        asker.link(std::slice::from_mut(last)).await;
    }
    let mut answer = answer::conversations(&found, asker.caller.id(), dialect);
    answer.info.truncate(most.into());
    Ok(dialect.write(&answer))
}

async fn recall(asker: &Asker, uid: MessageUid) -> Result<Vec<u8>, Status> {
    let done = asker.command(Command::Recall(uid)).await;
    done.map(|_| Vec::new()).map_err(|fault| Status::of_recall(fault.code))
}

async fn remove(asker: &Asker, places: &[Place]) -> Result<Vec<u8>, Fault> {
    for place in places {
        if let Some(conversation) = asker.find(place).await? {
            asker.command(Command::Keep { conversation, change: Keeping::Removed }).await?;
        }
    }
    Ok(Vec::new())
}

async fn blocked(asker: &Asker) -> Result<Vec<Person>, Fault> {
    match asker.command(Command::Blocked).await? {
        Reply::Blocked { users } => Ok(users),
        _ => Ok(Vec::new()),
    }
}

/// Being on the list is success; not being on it can only be told by an error.
async fn is_blocked(asker: &Asker, user: &UserId) -> Result<Vec<u8>, Status> {
    let users = blocked(asker).await.map_err(|fault| Status::of(fault.code, None))?;
    if users.iter().any(|person| person.id == *user) { Ok(Vec::new()) } else { Err(NOT_BLOCKED) }
}

async fn chatroom(asker: &Asker, command: &ChatroomCommand, dialect: Dialect) -> Result<Vec<u8>, Status> {
    let reply = asker.command(Command::Chatroom(command.clone())).await;
    Ok(match reply.map_err(|fault| Status::of(fault.code, Some(Kind::Chatroom)))? {
        Reply::Chatroom(info) => dialect.write(&answer::chatroom_info(&info)),
        Reply::Attributes(found) => dialect.write(&answer::attributes(&found)),
        _ => dialect.write(&ChrmOutput::default()),
    })
}

/// Clients of this protocol count their messages from 1 with every page, so that a number names no message for long;
/// and they never send one twice.
fn fresh_id() -> ClientId {
    let id = format!("sdk-{:032x}", rand::random::<u128>());
    id.parse().expect("36 visible ASCII characters are a client id")
}
