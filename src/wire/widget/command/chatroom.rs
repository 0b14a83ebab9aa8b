//! Bodies of the commands about chatrooms.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Body, blame, read};
use crate::model::{
    Command, Fault, Handle, Position, Seq,
    chatroom::{AttributeKey, ChatroomCommand, JoinChatroom, MOST_LATEST, Order, RemoveAttributes, SetAttributes},
};

body!(JoinBody { chatroom "chatroom": Handle, last "last": Option<u16>, since "since": Option<SinceBody> });
body!(SinceBody { epoch "epoch": u64, seq "seq": Seq });
body!(QuitBody { chatroom "chatroom": Handle });
body!(InfoBody { chatroom "chatroom": Handle, members "members": Option<u16>, order "order": Option<Order> });
body!(AttributesBody { chatroom "chatroom": Handle, keys "keys": Option<Vec<AttributeKey>> });
body!(SetBody {
    chatroom "chatroom": Handle,
    attributes "attributes": BTreeMap<AttributeKey, String>,
    auto_delete "auto_delete": Option<bool>,
    force "force": Option<bool>,
    notify "notify": Option<String>
});
body!(RemoveBody {
    chatroom "chatroom": Handle,
    keys "keys": Vec<AttributeKey>,
    force "force": Option<bool>,
    notify "notify": Option<String>
});

/// Reads the body of the command with this name, `chatroom_` left out; `None` when there is no such command.
pub(super) fn decode(name: &str, body: &str) -> Option<Result<Command, Fault>> {
    let command = match name {
        "join" => read(body).map(join),
        "quit" => read(body).map(|QuitBody { chatroom }| ChatroomCommand::Quit(chatroom)),
        "info" => read(body).map(|InfoBody { chatroom, members, order }| ChatroomCommand::Info {
            chatroom,
            members: members.unwrap_or(0),
            order: order.unwrap_or_default(),
        }),
        "attributes" => read(body).map(|AttributesBody { chatroom, keys }| ChatroomCommand::Attributes {
            chatroom,
            keys: keys.unwrap_or_default(),
        }),
        "attributes_set" => read(body).map(set),
        "attributes_remove" => read(body).map(remove),
        _ => return None,
    };
    Some(command.map(Command::Chatroom))
}

fn join(body: JoinBody) -> ChatroomCommand {
    ChatroomCommand::Join(JoinChatroom {
        chatroom: body.chatroom,
        last: body.last.unwrap_or(MOST_LATEST),
        since: body.since.map(|SinceBody { epoch, seq }| Position { epoch, seq }),
        only_existing: false,
    })
}

fn set(body: SetBody) -> ChatroomCommand {
    ChatroomCommand::SetAttributes(SetAttributes {
        chatroom: body.chatroom,
        attributes: body.attributes.into_iter().collect(),
        auto_delete: body.auto_delete.unwrap_or(false),
        force: body.force.unwrap_or(false),
        notify: body.notify,
    })
}

fn remove(body: RemoveBody) -> ChatroomCommand {
    ChatroomCommand::RemoveAttributes(RemoveAttributes {
        chatroom: body.chatroom,
        keys: body.keys,
        force: body.force.unwrap_or(false),
        notify: body.notify,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(name: &str, body: &str) -> ChatroomCommand {
        match decode(name, body).unwrap().unwrap() {
            Command::Chatroom(command) => command,
            other => panic!("{other:?}"),
        }
    }

    fn lobby() -> Handle {
        "lobby".parse().unwrap()
    }

    #[test]
    fn what_is_left_out_has_its_usual_value() {
        let join = JoinChatroom { chatroom: lobby(), last: 50, since: None, only_existing: false };
        assert_eq!(command("join", r#"{"chatroom":"lobby"}"#), ChatroomCommand::Join(join));
        let info = ChatroomCommand::Info { chatroom: lobby(), members: 0, order: Order::Newest };
        assert_eq!(command("info", r#"{"chatroom":"lobby"}"#), info);
        assert_eq!(command("quit", r#"{"chatroom":"lobby"}"#), ChatroomCommand::Quit(lobby()));
        let all = ChatroomCommand::Attributes { chatroom: lobby(), keys: vec![] };
        assert_eq!(command("attributes", r#"{"chatroom":"lobby"}"#), all);
    }

    #[test]
    fn every_field_is_read() {
        let since = Some(Position { epoch: 1, seq: Seq(7) });
        let join = JoinChatroom { chatroom: lobby(), last: 3, since, only_existing: false };
        let body = r#"{"chatroom":"lobby","last":3,"since":{"epoch":1,"seq":7}}"#;
        assert_eq!(command("join", body), ChatroomCommand::Join(join));
        let body =
            r#"{"chatroom":"lobby","attributes":{"b":"2","a":"1"},"auto_delete":true,"force":true,"notify":"x"}"#;
        let ChatroomCommand::SetAttributes(set) = command("attributes_set", body) else { panic!() };
        let pairs: Vec<_> = set.attributes.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("a", "1"), ("b", "2")]);
        assert!(set.auto_delete && set.force && set.notify.as_deref() == Some("x"));
        let body = r#"{"chatroom":"lobby","keys":["a"],"force":true}"#;
        let ChatroomCommand::RemoveAttributes(remove) = command("attributes_remove", body) else { panic!() };
        assert!(remove.keys.len() == 1 && remove.force && remove.notify.is_none());
    }

    #[test]
    fn a5_what_is_wrong_is_named() {
        for (name, body, words) in [
            ("join", r#"{"chatroom":"two words"}"#, "`chatroom`"),
            ("join", r#"{"chatroom":"a","last":-1}"#, "`last`"),
            ("attributes_set", r#"{"chatroom":"a","attributes":{"two words":"1"}}"#, "`attributes`"),
            ("attributes_set", r#"{"chatroom":"a","attributes":{"a":1}}"#, "`attributes`"),
            ("attributes_remove", r#"{"chatroom":"a","keys":["ä"]}"#, "`keys`"),
            ("info", r#"{"chatroom":"a","order":"best"}"#, "`order`"),
        ] {
            let fault = decode(name, body).unwrap().unwrap_err();
            assert!(fault.message.contains(words), "{body}: {}", fault.message);
        }
        assert!(decode("dance", "{}").is_none());
    }
}
