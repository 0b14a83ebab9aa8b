//! Attributes of a chatroom: small values by key that all members see the same.

use std::sync::Arc;

use serde_json::json;

use super::room::Room;
use crate::{
    im::Im,
    model::{
        Caller, Code, ConnectionId, Content, Event, Fault, Millis, UserId,
        chatroom::{Attribute, AttributeKey, MAX_VALUE_CHARS, MOST_ATTRIBUTES, RemoveAttributes, SetAttributes},
        content::names,
        message::Message,
    },
    store::chatrooms::{AttributesChanged, NewAttributes},
};

/// Most attributes changed at once.
const MOST_AT_ONCE: usize = 10;

impl Im {
    /// Sets attributes for a member; the room's count of changes then.
    pub(super) async fn set_attributes(
        &self,
        caller: &Caller,
        connection: ConnectionId,
        set: SetAttributes,
    ) -> Result<u64, Fault> {
        let room = self.room_of_member(caller, &set.chatroom).await?;
        self.may_write_in(&room, caller).await?;
        self.put_attributes(&room, caller, Some(connection), set).await
    }

    /// Removes attributes for a member; the room's count of changes then.
    pub(super) async fn remove_attributes(
        &self,
        caller: &Caller,
        connection: ConnectionId,
        remove: RemoveAttributes,
    ) -> Result<u64, Fault> {
        let room = self.room_of_member(caller, &remove.chatroom).await?;
        self.may_write_in(&room, caller).await?;
        self.take_attributes(&room, caller, Some(connection), remove).await
    }

    /// Sets attributes in the name of somebody.
    pub(in crate::im) async fn put_attributes(
        &self,
        room: &Arc<Room>,
        by: &Caller,
        except: Option<ConnectionId>,
        set: SetAttributes,
    ) -> Result<u64, Fault> {
        let SetAttributes { attributes, auto_delete, force, notify, .. } = set;
        few(attributes.len())?;
        for (key, value) in &attributes {
            fits(key, value)?;
        }
        let at = self.clock.now();
        takes_change(room, at)?;
        let user = by.id().clone();
        if auto_delete {
            // Before they are kept: who leaves in between takes them along.
            room.note_owner(&user, self.grace_over(&by.app, at).await?);
        }
        let new = NewAttributes { attributes: attributes.clone(), by: user.clone(), auto_delete, force, at };
        let version = done(self.store.set_attributes(&by.app, room.id, new).await?)?;
        let made = |(key, value): &(AttributeKey, String)| Attribute {
            key: key.clone(),
            value: value.clone(),
            by: user.clone(),
            auto_delete,
            at,
        };
        let set: Vec<Attribute> = attributes.iter().map(made).collect();
        self.tell_attributes(room, room.audience(except), &user, version, (set, Vec::new())).await;
        if let Some(extra) = notify {
            for (key, value) in &attributes {
                let body = json!({ "type": 1, "key": key, "value": value, "extra": extra });
                self.tell_attribute_notice(room, by, &Content::of(names::ATTRIBUTE_NOTICE, &body));
            }
        }
        Ok(version)
    }

    /// Removes attributes in the name of somebody.
    pub(in crate::im) async fn take_attributes(
        &self,
        room: &Arc<Room>,
        by: &Caller,
        except: Option<ConnectionId>,
        remove: RemoveAttributes,
    ) -> Result<u64, Fault> {
        let RemoveAttributes { keys, force, notify, .. } = remove;
        few(keys.len())?;
        takes_change(room, self.clock.now())?;
        let version = done(self.store.remove_attributes(&by.app, room.id, &keys, by.id(), force).await?)?;
        self.tell_attributes(room, room.audience(except), by.id(), version, (Vec::new(), keys.clone())).await;
        if let Some(extra) = notify {
            for key in &keys {
                let body = json!({ "type": 2, "key": key, "value": "", "extra": extra });
                self.tell_attribute_notice(room, by, &Content::of(names::ATTRIBUTE_NOTICE, &body));
            }
        }
        Ok(version)
    }

    /// Removes what goes with somebody who left.
    pub(super) async fn drop_attributes_of(&self, room: &Arc<Room>, user: &UserId) -> Result<(), Fault> {
        let (version, keys) = self.store.remove_attributes_of(&room.app, room.id, user).await?;
        if !keys.is_empty() {
            self.tell_attributes(room, room.audience(None), user, version, (Vec::new(), keys)).await;
        }
        Ok(())
    }

    /// The note that clients ask for with a change. It is never kept and never held back.
    fn tell_attribute_notice(&self, room: &Room, by: &Caller, content: &Content) {
        let at = self.clock.now();
        let message = Message {
            uid: self.uids.mint(at),
            conversation: room.id,
            seq: None,
            at,
            from: by.person.clone(),
            client_id: None,
            content: content.clone(),
        };
        self.publish(room.audience(None), Event::Message(Arc::new(message)));
    }
}

fn takes_change(room: &Room, now: Millis) -> Result<(), Fault> {
    if room.takes_change(now) {
        return Ok(());
    }
    Err(Fault::new(Code::RateLimited, "the attributes of this chatroom change too often now").retry_after(1))
}

fn few(count: usize) -> Result<(), Fault> {
    if (1..=MOST_AT_ONCE).contains(&count) {
        return Ok(());
    }
    Err(Fault::new(Code::BadRequest, format!("{count} attributes were given; allowed are 1 to {MOST_AT_ONCE} at once")))
}

fn fits(key: &AttributeKey, value: &str) -> Result<(), Fault> {
    let chars = value.chars().count();
    if chars > MAX_VALUE_CHARS {
        let message = format!("the value of `{key}` has {chars} characters; the limit is {MAX_VALUE_CHARS}");
        return Err(Fault::new(Code::TooLarge, message));
    }
    if value.contains('\0') {
        return Err(Fault::new(Code::BadRequest, format!("the value of `{key}` holds the character U+0000")));
    }
    Ok(())
}

fn done(changed: AttributesChanged) -> Result<u64, Fault> {
    match changed {
        AttributesChanged::Done(version) => Ok(version),
        AttributesChanged::TooMany => {
            Err(Fault::new(Code::AttributesFull, format!("a chatroom has at most {MOST_ATTRIBUTES} attributes")))
        }
        AttributesChanged::Taken(key) => Err(Fault::new(
            Code::AttributeTaken,
            format!("`{key}` was set by somebody else; use `force` to replace it"),
        )),
        AttributesChanged::Missing(key) => Err(Fault::new(Code::NoAttribute, format!("there is no attribute `{key}`"))),
    }
}
