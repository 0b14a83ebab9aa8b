//! What a client asks, done: the body of its answer, or the number of the refusal.

use std::sync::atomic::Ordering;

use super::{discussion, files, find::Asker};
use crate::{
    im::turn::Turn,
    model::{
        ClientId, Code, Command, Conversation, Event, Fault, Kind, MessageUid, Millis, Person, Position, Reply, Seq,
        UserId,
        chatroom::{AttributeKey, ChatroomCommand},
        command::{ConversationPage, List, Page, ReadersQuery, Sent},
        conversation::Keeping,
        presence::Watch,
    },
    proto::rong::{
        ChrmKvsOutput, ChrmKvsOutputEntity, ChrmKvsVersionEntity, ChrmOutput, DeleteMsgOutput, GetQNdownloadUrlOutput,
        GetQNupTokenOutput, GrpMsgReadUser, GrpReadReceiptQryResp, SessionStateModifyResp, SetUserStatusOutput,
        SubUserStatusOutput,
    },
    wire::rong::{
        answer,
        ask::{Ask, ChatroomPull, HistoryAsk},
        dialect::Dialect,
        down::Reader,
        place::Place,
        status::Status,
    },
};

/// Readers asked for at once, and in all.
const READERS_AT_ONCE: u16 = 100;
const MOST_READERS: usize = 1000;

/// The number for whom a client is told that it did not block.
const NOT_BLOCKED: Status = Status(101);
/// Most conversations of one look at the list.
const MOST_LISTED: u16 = 100;
/// The number that means that new messages make a sound.
const RINGS: Status = Status(1);

/// An answer's body, and what is told right after it.
#[derive(Debug, Default)]
pub(super) struct Answered {
    /// Not everything was done; the body says what.
    pub(super) status: Option<Status>,
    pub(super) body: Vec<u8>,
    pub(super) then: Vec<Event>,
}

impl From<Vec<u8>> for Answered {
    fn from(body: Vec<u8>) -> Self {
        Self { status: None, body, then: Vec::new() }
    }
}

/// Sends what was asked to be sent. `turn` is over when it stands in the store's line.
pub(super) async fn send(asker: &Asker, ask: &Ask, turn: Turn) -> Result<Sent, Status> {
    let kind = kind_of(ask);
    let refused = |fault: Fault| Status::of(fault.code, kind);
    match command(asker, ask).await.map_err(refused)? {
        Some(Command::Send(mut send)) => {
            if files::names_files(&send.content) {
                let to = match ask.place() {
                    Some(place) => asker.find(place).await.map_err(refused)?.map(|found| found.id),
                    None => None,
                };
                let content = files::referred(&asker.im, &asker.caller, to, &send.content).await;
                send.content = content.map_err(refused)?;
            }
            asker.im.send_in_turn(&asker.caller, Some(asker.connection), send, turn).await.map_err(refused)
        }
        _ => Err(Status::NO_TARGET),
    }
}

/// The one command that does it, if there is one.
async fn command(asker: &Asker, ask: &Ask) -> Result<Option<Command>, Fault> {
    let at = match ask.place() {
        Some(place) => asker.find(place).await?.map(|found| found.id),
        None => None,
    };
    Ok(ask.command(at, &fresh_id()))
}

/// The kind of conversation that an ask is about, for the numbers of refusals.
fn kind_of(ask: &Ask) -> Option<Kind> {
    match ask {
        Ask::Send { to, .. } => Some(to.kind),
        Ask::Typing(at) | Ask::Read { at, .. } | Ask::Clear { at, .. } => Some(at.kind),
        Ask::History(asked) => asked.at.first().map(|place| place.kind),
        Ask::Chatroom(_) | Ask::PullChatroom(_) => Some(Kind::Chatroom),
        Ask::Discussion(_) => Some(Kind::Discussion),
        _ => None,
    }
}

/// Does everything that is no message, no pull and no coming into a chatroom.
pub(super) async fn perform(asker: &Asker, ask: &Ask, dialect: Dialect) -> Result<Answered, Status> {
    let kind = kind_of(ask);
    let refused = |fault: Fault| Status::of(fault.code, kind);
    let connection = asker.connection;
    let body = match ask {
        Ask::Settled(body) => body.clone(),
        Ask::Typing(_) | Ask::Block { .. } => {
            // Nothing is wrong when nobody is there to hear it.
            if let Some(command) = command(asker, ask).await.map_err(refused)? {
                asker.command(command).await.map_err(refused)?;
            }
            Vec::new()
        }
        Ask::Read { at, until } => {
            let at = (at.kind, &at.target);
            asker.im.read_until(&asker.caller, Some(connection), at, *until).await.map_err(refused)?;
            Vec::new()
        }
        Ask::Clear { at, until } => {
            keep(asker, at, Keeping::ClearedUntil(*until)).await.map_err(refused)?;
            Vec::new()
        }
        Ask::Delete(uids) => {
            asker.im.delete_named(&asker.caller, connection, uids).await.map_err(refused)?;
            dialect.write(&DeleteMsgOutput::default())
        }
        Ask::Remove(places) => {
            for place in places {
                keep(asker, place, Keeping::Removed).await.map_err(refused)?;
            }
            Vec::new()
        }
        Ask::History(asked) => history(asker, asked, dialect).await.map_err(refused)?,
        Ask::Conversations(most) => conversations(asker, *most, dialect).await.map_err(refused)?,
        Ask::Settings { since } => {
            let found = listed(asker, MOST_LISTED).await.map_err(refused)?;
            dialect.write(&answer::settings(&found, *since, asker.im.now(), asker.caller.id()))
        }
        Ask::ChangeSettings(changes) => {
            for (place, change) in changes {
                keep(asker, place, *change).await.map_err(refused)?;
            }
            dialect.write(&SessionStateModifyResp { version: asker.im.now().get() })
        }
        Ask::IsSilent(at) => is_silent(asker, at).await?,
        Ask::Silence { at, on } => {
            if let Some(conversation) = asker.find_first(at).await.map_err(refused)? {
                let change = Keeping::Muted(*on);
                asker.command(Command::Keep { conversation, change }).await.map_err(refused)?;
            }
            Vec::new()
        }
        Ask::Recall(uid) => recall(asker, *uid).await?,
        Ask::ReadMessages(uids) => {
            asker.im.read_named(&asker.caller, Some(connection), uids).await.map_err(refused)?;
            Vec::new()
        }
        Ask::Readers(uid) => readers(asker, *uid, dialect).await.map_err(refused)?,
        Ask::Attributes(commands) => return Ok(attributes(asker, commands, dialect).await),
        Ask::Blocked => dialect.write(&answer::blocked(&blocked(asker).await.map_err(refused)?)),
        Ask::IsBlocked(user) => is_blocked(asker, user).await?,
        Ask::Chatroom(command) => chatroom(asker, command, dialect).await.map_err(refused)?,
        Ask::PullChatroom(pull) => pull_chatroom(asker, pull, dialect).await.map_err(refused)?,
        Ask::OwnStatus => {
            let number = asker.status.load(Ordering::Relaxed);
            dialect.write(&answer::status(asker.caller.id(), true, number))
        }
        Ask::SetStatus(number) => {
            asker.status.store(*number, Ordering::Relaxed);
            dialect.write(&SetUserStatusOutput { nothing: Some(0) })
        }
        Ask::Watch(users) => return watch(asker, users, dialect).await.map_err(refused),
        Ask::UploadTicket => {
            let (token, until) = asker.im.upload_ticket(&asker.caller);
            dialect.write(&GetQNupTokenOutput { deadline: until.get() / 1000, token, ..<_>::default() })
        }
        Ask::Download(key) => {
            let download_url = download(asker, key).await.map_err(|_| Status::NO_FILE)?;
            dialect.write(&GetQNdownloadUrlOutput { download_url })
        }
        Ask::Discussion(asked) => discussion::perform(asker, asked, dialect).await.map_err(refused)?,
        Ask::Send { .. } | Ask::Pull(_) => return Err(Status::PARAMETER),
    };
    Ok(body.into())
}

async fn keep(asker: &Asker, place: &Place, change: Keeping) -> Result<(), Fault> {
    asker.im.keep_all(&asker.caller, asker.connection, (place.kind, &place.target), change).await
}

async fn history(asker: &Asker, asked: &HistoryAsk, dialect: Dialect) -> Result<Vec<u8>, Fault> {
    let mut found = None;
    for place in &asked.at {
        let page = asker.im.history_of(&asker.caller, place.kind, &place.target, asked.stretch()).await?;
        if let Some(page) = page {
            found = Some((place, page));
            break;
        }
    }
    let nothing = || {
        let head = Position { epoch: 0, seq: Seq(0) };
        Page { head, messages: Vec::new(), more: false, offline_before: None }
    };
    let (place, mut page) = match (found, asked.at.first()) {
        (Some(found), _) => found,
        (None, Some(place)) => (place, nothing()),
        (None, None) => return Ok(Vec::new()),
    };
    asker.link(page.messages.iter_mut().collect()).await;
    let reader = Reader { user: asker.caller.id(), place, dialect };
    Ok(dialect.write(&answer::history(&page, asked.newer, asked.time, &reader)))
}

/// The user's list, newest change first, at most so many.
async fn listed(asker: &Asker, most: u16) -> Result<Vec<Conversation>, Fault> {
    let (mut found, mut before) = (Vec::new(), None);
    while found.len() < usize::from(most) {
        let list = List { before, limit: MOST_LISTED, ..List::default() };
        let reply = asker.command(Command::Conversations(list)).await?;
        let Reply::Conversations(ConversationPage { conversations, more }) = reply else { break };
        before = conversations.last().map(|last| (last.changed_at, last.id));
        found.extend(conversations);
        if !more {
            break;
        }
    }
    Ok(found)
}

async fn conversations(asker: &Asker, most: u16, dialect: Dialect) -> Result<Vec<u8>, Fault> {
    let mut found = listed(asker, most).await?;
    asker.link(found.iter_mut().filter_map(|conversation| conversation.last.as_mut()).collect()).await;
    let mut answer = answer::conversations(&found, asker.caller.id(), dialect);
    answer.info.truncate(most.into());
    Ok(dialect.write(&answer))
}

/// Success means that new messages make no sound; that they make one can only be told by an error.
async fn is_silent(asker: &Asker, at: &[Place]) -> Result<Vec<u8>, Status> {
    let refused = |fault: Fault| Status::of(fault.code, None);
    let Some(id) = asker.find_first(at).await.map_err(refused)? else { return Err(RINGS) };
    let found = asker.im.conversation(&asker.caller, id).await.map_err(refused)?;
    if found.mine.is_some_and(|mine| mine.muted) { Ok(Vec::new()) } else { Err(RINGS) }
}

async fn recall(asker: &Asker, uid: MessageUid) -> Result<Vec<u8>, Status> {
    let done = asker.command(Command::Recall(uid)).await;
    done.map(|_| Vec::new()).map_err(|fault| Status::of_recall(fault.code))
}

async fn blocked(asker: &Asker) -> Result<Vec<Person>, Fault> {
    match asker.command(Command::Blocked).await? {
        Reply::Blocked { users } => Ok(users),
        _ => Ok(Vec::new()),
    }
}

/// A whole address, good for a while.
async fn download(asker: &Asker, key: &str) -> Result<String, Fault> {
    let file = asker.im.uploaded_as(&asker.caller, key).await?;
    let link = asker.im.links(&asker.caller, &[file]).await?.pop();
    let link = link.ok_or_else(|| Fault::new(Code::NotFound, "no such file"))?;
    Ok(format!("{}{}", asker.origin, link.address()))
}

/// Being on the list is success; not being on it can only be told by an error.
async fn is_blocked(asker: &Asker, user: &UserId) -> Result<Vec<u8>, Status> {
    let users = blocked(asker).await.map_err(|fault| Status::of(fault.code, None))?;
    if users.iter().any(|person| person.id == *user) { Ok(Vec::new()) } else { Err(NOT_BLOCKED) }
}

async fn chatroom(asker: &Asker, command: &ChatroomCommand, dialect: Dialect) -> Result<Vec<u8>, Fault> {
    Ok(match asker.command(Command::Chatroom(command.clone())).await? {
        Reply::Chatroom(info) => dialect.write(&answer::chatroom_info(&info)),
        Reply::Attributes(found) => dialect.write(&answer::attributes(&found)),
        _ => dialect.write(&ChrmOutput::default()),
    })
}

/// Sets or removes each by itself.
async fn attributes(asker: &Asker, commands: &[(AttributeKey, ChatroomCommand)], dialect: Dialect) -> Answered {
    let mut answer = ChrmKvsOutput::default();
    for (key, command) in commands {
        let key = Some(key.as_str().to_owned());
        match asker.command(Command::Chatroom(command.clone())).await {
            Ok(_) => {
                answer.keys_version.push(ChrmKvsVersionEntity { version: Some(asker.im.now().get()), key });
            }
            Err(fault) => {
                let error_code = Some(Status::of(fault.code, Some(Kind::Chatroom)).0.into());
                answer.error_keys.push(ChrmKvsOutputEntity { key, error_code });
            }
        }
    }
    let status = (!answer.error_keys.is_empty()).then_some(Status::NOT_ALL);
    Answered { status, body: dialect.write(&answer), then: Vec::new() }
}

/// Who has read an own message: at most 1,000 of them.
async fn readers(asker: &Asker, uid: MessageUid, dialect: Dialect) -> Result<Vec<u8>, Fault> {
    let (mut answer, mut after) = (GrpReadReceiptQryResp::default(), None);
    while answer.list.len() < MOST_READERS {
        let query = ReadersQuery { uid, after, limit: READERS_AT_ONCE };
        let Reply::Readers(page) = asker.command(Command::Readers(query)).await? else { break };
        // Its sender is one of them, and is not counted among those who could read it.
        answer.total_member_num = i32::try_from(page.of.saturating_add(1)).unwrap_or(i32::MAX);
        after = page.readers.last().map(|reader| reader.person.id.clone());
        answer.list.extend(page.readers.into_iter().map(|reader| GrpMsgReadUser {
            read_time: reader.read_at.map_or(0, Millis::get),
            user_id: reader.person.id.to_string(),
        }));
        if !page.more {
            break;
        }
    }
    Ok(dialect.write(&answer))
}

async fn pull_chatroom(asker: &Asker, pull: &ChatroomPull, dialect: Dialect) -> Result<Vec<u8>, Fault> {
    let mut said = asker.im.said_in_room(&asker.caller, &pull.room, pull.after, pull.most).await?;
    asker.link(said.iter_mut().collect()).await;
    let place = Place { kind: Kind::Chatroom, target: pull.room.clone() };
    let reader = Reader { user: asker.caller.id(), place: &place, dialect };
    Ok(dialect.write(&answer::chatroom_messages(&said, pull, &reader)))
}

/// Who is here now is told like who comes and goes later.
async fn watch(asker: &Asker, users: &[UserId], dialect: Dialect) -> Result<Answered, Fault> {
    let reply = asker.command(Command::Watch(Watch { users: users.to_vec(), on: true })).await?;
    let Reply::Presence { users } = reply else { return Ok(Answered::default()) };
    let body = dialect.write(&SubUserStatusOutput { nothing: Some(0) });
    Ok(Answered { status: None, body, then: users.into_iter().map(Event::Presence).collect() })
}

/// Clients of this protocol count their messages from 1 with every page, so that a number names no message for long;
/// and they never send one twice.
fn fresh_id() -> ClientId {
    let id = format!("sdk-{:032x}", rand::random::<u128>());
    id.parse().expect("36 visible ASCII characters are a client id")
}
