//! Names and bodies of requests ⇄ `model::Command`.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::frame::{blame, plain};
use crate::{
    model::{
        ClientId, Code, Command, Content, ConversationId, Fault, FileId, Handle, Kind, MessageUid, Millis, ObjectName,
        Position, Seq, SiteKey, UserId,
        command::{
            AgentStatus, CreateGroup, Delete, GroupChange, History, List, MembersQuery, ReadersQuery, Receipt, Send,
            Target,
        },
        conversation::{Keeping, View},
        json::escapes_nul,
        presence::Watch,
        public_service::PublicServiceCommand,
        search::Search,
    },
    wire::{ClientKind, Hello, Request},
};

/// Most positions a client may resume from at once.
const MAX_SINCE: usize = 128;
/// People of a page when nothing else is asked for.
const PAGE: u16 = 50;

/// Reads the body of the command with this name.
pub(super) fn decode(name: &str, body: &str) -> Result<Request, Fault> {
    let command = match name {
        "send" => send(read(body)?)?,
        "receipt" => receipt(&read(body)?),
        "typing" => typing(&read(body)?),
        "history" => history(&read(body)?)?,
        "conversations" => list(read(body)?)?,
        "conversation" => Command::Conversation(read::<One>(body)?.conversation),
        "pin" => keep(&read(body)?, Keeping::Pinned),
        "mute" => keep(&read(body)?, Keeping::Muted),
        "remove" => Command::Keep { conversation: read::<One>(body)?.conversation, change: Keeping::Removed },
        "block" => block(read(body)?),
        "blocked" => {
            let Nothing {} = read(body)?;
            Command::Blocked
        }
        "presence" => watch(read(body)?),
        "create_group" => create_group(read(body)?),
        "group_members" => members(read(body)?),
        "readers" => readers(read(body)?),
        "public_services" => public_services(read(body)?),
        "follow" => follow(read(body)?, true),
        "unfollow" => follow(read(body)?, false),
        "group_add" => group_add(read(body)?),
        "group_join" => group(read::<One>(body)?.conversation, GroupChange::Join),
        "group_quit" => group(read::<One>(body)?.conversation, GroupChange::Quit),
        "group_dismiss" => group(read::<One>(body)?.conversation, GroupChange::Dismiss),
        "group_rename" => group_rename(read(body)?),
        "group_kick" => group_kick(read(body)?),
        "group_silence" => group_silence(read(body)?)?,
        "group_allow" => group_allow(read(body)?),
        "clear" => clear(&read(body)?)?,
        "delete" => delete(read(body)?),
        "recall" => Command::Recall(read::<RecallBody>(body)?.uid),
        "search" => search(read(body)?),
        "links" => Command::Links(read::<LinksBody>(body)?.files),
        "unread" => Command::Unread(read::<UnreadBody>(body)?.kinds.unwrap_or_default()),
        "accept" => Command::Accept(read::<One>(body)?.conversation),
        "end" => Command::End(read::<One>(body)?.conversation),
        "status" => Command::Status(read::<Status>(body)?.status),
        "ping" => {
            let Nothing {} = read(body)?;
            Command::Ping
        }
        "hello" => return hello(read(body)?).map(|hello| Request::Hello(Box::new(hello))),
        name if let Some(command) = chatroom_command(name, body) => command?,
        unknown => {
            let unknown: String = unknown.chars().take(40).collect();
            return Err(Fault::new(Code::UnknownCommand, format!("there is no command `{unknown}`")));
        }
    };
    Ok(Request::Command(command))
}

/// Bodies name the field that has the wrong type, which serde alone does not.
trait Body: DeserializeOwned {
    fn blame(fields: &BTreeMap<Cow<'_, str>, &RawValue>) -> Option<Fault>;
}

macro_rules! body {
    ($name:ident { $($field:ident $wire:literal: $type:ty),* }) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name { $(#[serde(rename = $wire)] $field: $type,)* }

        impl Body for $name {
            fn blame(fields: &BTreeMap<Cow<'_, str>, &RawValue>) -> Option<Fault> {
                let _ = fields;
                $(if let Some(fault) = blame::<$type>(fields, $wire) { return Some(fault) })*
                None
            }
        }
    };
}

mod chatroom;

fn chatroom_command(name: &str, body: &str) -> Option<Result<Command, Fault>> {
    chatroom::decode(name.strip_prefix("chatroom_")?, body)
}

body!(SendBody {
    client_id "client_id": ClientId,
    name "type": ObjectName,
    content "content": Box<RawValue>,
    conversation "conversation": Option<ConversationId>,
    user "user": Option<UserId>,
    group "group": Option<Handle>,
    discussion "discussion": Option<Handle>,
    chatroom "chatroom": Option<Handle>,
    desk "desk": Option<bool>,
    only "to": Option<Vec<UserId>>
});
body!(HistoryBody {
    conversation "conversation": ConversationId,
    before "before": Option<Seq>,
    after "after": Option<Seq>,
    before_at "before_at": Option<Millis>,
    after_at "after_at": Option<Millis>,
    limit "limit": Option<u16>
});
body!(ReceiptBody {
    conversation "conversation": ConversationId,
    delivered "delivered": Option<Seq>,
    read "read": Option<Seq>
});
body!(TypingBody { conversation "conversation": ConversationId, on "on": bool });
body!(ListBody {
    view "view": Option<View>,
    kinds "kinds": Option<Vec<Kind>>,
    before "before": Option<Before>,
    limit "limit": Option<u16>
});
body!(SwitchBody { conversation "conversation": ConversationId, on "on": bool });
body!(BlockBody { user "user": UserId, on "on": bool });
body!(WatchBody { users "users": Vec<UserId>, on "on": Option<bool> });
body!(CreateBody { kind "kind": Kind, name "name": String, users "users": Vec<UserId> });
body!(MembersBody {
    conversation "conversation": ConversationId,
    after "after": Option<UserId>,
    limit "limit": Option<u16>
});
body!(ReadersBody { uid "uid": MessageUid, after "after": Option<UserId>, limit "limit": Option<u16> });
body!(PublicServicesBody {
    search "search": Option<String>,
    followed "followed": Option<bool>,
    after "after": Option<UserId>,
    limit "limit": Option<u16>
});
body!(FollowBody { account "account": UserId });
body!(AddBody { conversation "conversation": ConversationId, users "users": Vec<UserId> });
body!(RenameBody { conversation "conversation": ConversationId, name "name": String });
body!(KickBody { conversation "conversation": ConversationId, user "user": UserId, ban "ban": Option<bool> });
body!(SilenceBody {
    conversation "conversation": ConversationId,
    user "user": Option<UserId>,
    on "on": bool,
    minutes "minutes": Option<u32>
});
body!(AllowBody { conversation "conversation": ConversationId, user "user": UserId, on "on": bool });
body!(ClearBody { conversation "conversation": ConversationId, seq "seq": Option<Seq>, until "until": Option<Millis> });
body!(DeleteBody { conversation "conversation": ConversationId, seqs "seqs": Vec<Seq> });
body!(SearchBody {
    query "query": String,
    conversation "conversation": Option<ConversationId>,
    kinds "kinds": Option<Vec<Kind>>,
    from "from": Option<UserId>,
    name "type": Option<ObjectName>,
    before_at "before_at": Option<Millis>,
    after_at "after_at": Option<Millis>,
    before "before": Option<MessageUid>,
    limit "limit": Option<u16>
});
body!(RecallBody { uid "uid": MessageUid });
body!(LinksBody { files "files": Vec<FileId> });
body!(UnreadBody { kinds "kinds": Option<Vec<Kind>> });
body!(Before { changed_at "changed_at": Millis, id "id": ConversationId });
body!(One { conversation "conversation": ConversationId });
body!(Status { status "status": AgentStatus });
body!(Nothing {});
body!(HelloBody {
    version "v": u32,
    kind "as": ClientKind,
    site "site": Option<SiteKey>,
    token "token": Option<String>,
    since "since": Option<Vec<Have>>
});
body!(Have { conversation "conversation": ConversationId, epoch "epoch": u64, seq "seq": Seq });

fn read<T: Body>(body: &str) -> Result<T, Fault> {
    if escapes_nul(body) {
        return Err(Fault::new(Code::BadRequest, "`body` holds the character U+0000, which cannot be kept"));
    }
    serde_json::from_str(body).map_err(|error| {
        let fields: Option<BTreeMap<Cow<'_, str>, &RawValue>> = serde_json::from_str(body).ok();
        match fields {
            Some(fields) => T::blame(&fields).unwrap_or_else(|| Fault::new(Code::BadRequest, plain(&error))),
            None => Fault::new(Code::BadRequest, "`body` must be a JSON object"),
        }
    })
}

fn send(body: SendBody) -> Result<Command, Fault> {
    let places = [
        body.conversation.map(Target::Conversation),
        body.user.map(Target::User),
        body.group.map(|handle| Target::Group(Kind::Group, handle)),
        body.discussion.map(|handle| Target::Group(Kind::Discussion, handle)),
        body.chatroom.map(Target::Chatroom),
        body.desk.unwrap_or(false).then_some(Target::Desk),
    ];
    let mut places = places.into_iter().flatten();
    let (Some(to), None) = (places.next(), places.next()) else {
        return Err(bad("give one of `conversation`, `user`, `group`, `discussion`, `chatroom` and `desk: true`"));
    };
    let content = Content::new(body.name, body.content).map_err(|error| {
        let code = match error {
            crate::model::content::InvalidContent::TooLarge { .. } => Code::TooLarge,
            _ => Code::BadRequest,
        };
        Fault::new(code, error.to_string())
    })?;
    Ok(Command::Send(Send { to, client_id: body.client_id, content, only: body.only.unwrap_or_default() }))
}

fn history(body: &HistoryBody) -> Result<Command, Fault> {
    if body.before.is_some() && body.after.is_some() {
        return Err(bad("give `before` or `after`, not both"));
    }
    Ok(Command::History(History {
        conversation: body.conversation,
        before: body.before,
        after: body.after,
        before_at: body.before_at,
        after_at: body.after_at,
        limit: within(body.limit.unwrap_or(20))?,
    }))
}

fn receipt(body: &ReceiptBody) -> Command {
    Command::Receipt(Receipt { conversation: body.conversation, delivered: body.delivered, read: body.read })
}

fn typing(body: &TypingBody) -> Command {
    Command::Typing { conversation: body.conversation, on: body.on }
}

fn list(body: ListBody) -> Result<Command, Fault> {
    let limit = within(body.limit.unwrap_or(30))?;
    let before = body.before.map(|before| (before.changed_at, before.id));
    Ok(Command::Conversations(List { view: body.view, kinds: body.kinds.unwrap_or_default(), before, limit }))
}

fn keep(body: &SwitchBody, change: fn(bool) -> Keeping) -> Command {
    Command::Keep { conversation: body.conversation, change: change(body.on) }
}

fn block(body: BlockBody) -> Command {
    Command::Block { user: body.user, on: body.on }
}

fn watch(body: WatchBody) -> Command {
    Command::Watch(Watch { users: body.users, on: body.on.unwrap_or(true) })
}

fn group(conversation: ConversationId, change: GroupChange) -> Command {
    Command::Group { conversation, change }
}

fn create_group(body: CreateBody) -> Command {
    Command::CreateGroup(CreateGroup { kind: body.kind, name: body.name, users: body.users })
}

fn members(body: MembersBody) -> Command {
    let limit = body.limit.unwrap_or(PAGE);
    Command::Members(MembersQuery { conversation: body.conversation, after: body.after, limit })
}

fn readers(body: ReadersBody) -> Command {
    Command::Readers(ReadersQuery { uid: body.uid, after: body.after, limit: body.limit.unwrap_or(PAGE) })
}

fn public_services(body: PublicServicesBody) -> Command {
    let (words, followed) = (body.search.unwrap_or_default(), body.followed.unwrap_or(false));
    let find = PublicServiceCommand::Find { words, followed, after: body.after, limit: body.limit.unwrap_or(PAGE) };
    Command::PublicService(find)
}

fn follow(body: FollowBody, on: bool) -> Command {
    Command::PublicService(PublicServiceCommand::Follow { account: body.account, on })
}

fn group_add(body: AddBody) -> Command {
    group(body.conversation, GroupChange::Add(body.users))
}

fn group_rename(body: RenameBody) -> Command {
    group(body.conversation, GroupChange::Rename(body.name))
}

fn group_kick(body: KickBody) -> Command {
    group(body.conversation, GroupChange::Kick { user: body.user, ban: body.ban.unwrap_or(false) })
}

fn group_silence(body: SilenceBody) -> Result<Command, Fault> {
    let change = match (body.user, body.minutes) {
        (Some(user), minutes) => GroupChange::Silence { user, on: body.on, minutes: minutes.unwrap_or(0) },
        (None, None) => GroupChange::SilenceAll(body.on),
        (None, Some(_)) => return Err(bad("`minutes` goes with a `user`")),
    };
    Ok(group(body.conversation, change))
}

fn group_allow(body: AllowBody) -> Command {
    group(body.conversation, GroupChange::Allow { user: body.user, on: body.on })
}

fn clear(body: &ClearBody) -> Result<Command, Fault> {
    let change = match (body.seq, body.until) {
        (Some(seq), None) => Keeping::Cleared(seq),
        (None, Some(until)) => Keeping::ClearedUntil(until),
        _ => return Err(bad("give one of `seq` and `until`")),
    };
    Ok(Command::Keep { conversation: body.conversation, change })
}

fn delete(body: DeleteBody) -> Command {
    Command::Delete(Delete { conversation: body.conversation, seqs: body.seqs })
}

fn search(body: SearchBody) -> Command {
    Command::Search(Box::new(Search {
        query: body.query,
        conversation: body.conversation,
        kinds: body.kinds.unwrap_or_default(),
        from: body.from,
        name: body.name,
        before_at: body.before_at,
        after_at: body.after_at,
        before: body.before,
        limit: body.limit.unwrap_or(20),
    }))
}

fn hello(body: HelloBody) -> Result<Hello, Fault> {
    let since = body.since.unwrap_or_default();
    if since.len() > MAX_SINCE {
        return Err(bad(format!("`since` has {} entries; the limit is {MAX_SINCE}", since.len())));
    }
    if (body.kind == ClientKind::Visitor) != body.site.is_some() {
        return Err(bad("`site` is for visitors, and required for them"));
    }
    let since = since.into_iter().map(|have| (have.conversation, Position { epoch: have.epoch, seq: have.seq }));
    Ok(Hello { version: body.version, kind: body.kind, site: body.site, token: body.token, since: since.collect() })
}

fn within(limit: u16) -> Result<u16, Fault> {
    if (1..=History::MAX_LIMIT).contains(&limit) {
        Ok(limit)
    } else {
        Err(bad(format!("`limit` is {limit}; allowed are 1 to {}", History::MAX_LIMIT)))
    }
}

fn bad(message: impl Into<Cow<'static, str>>) -> Fault {
    Fault::new(Code::BadRequest, message)
}

#[cfg(test)]
mod tests;
