//! Attributes of chatrooms (compatible protocol, "Chat rooms").

use serde::Deserialize;
use serde_json::json;

use super::{
    call::{Call, done},
    chatrooms::entries,
    form::Form,
    operation::{Operation, Outcome},
    refusal::Refusal,
};
use crate::model::{
    Handle, UserId,
    chatroom::{AttributeKey, RemoveAttributes, SetAttributes},
};

/// Most keys asked about at once.
const MOST_KEYS: usize = 100;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::form("chatroom/entry/set", set)
            .needs(&["chatroomId", "userId", "key", "value"])
            .example("chatroomId=hall&userId=nora&key=topic&value=lamps&autoDelete=0")
            .says("Sets an attribute, whoever set it before"),
        Operation::form("chatroom/entry/remove", remove)
            .needs(&["chatroomId", "userId", "key"])
            .example("chatroomId=hall&userId=nora&key=topic")
            .says("Removes an attribute, whoever set it"),
        Operation::form("chatroom/entry/query", query)
            .needs(&["chatroomId"])
            .example("chatroomId=hall&keys=topic")
            .says("Attributes"),
        Operation::form("chatroom/entry/batch/set", set_many)
            .needs(&["chatroomId", "entryOwnerId", "entryInfo"])
            .example("chatroomId=hall&entryOwnerId=nora&autoDelete=0&entryInfo=%7B%22seat1%22%3A%22nora%22%7D")
            .says("Sets up to 10 attributes"),
    ]
}

/// What a note to the room says besides key and value; no note without `objectName`.
fn notice(form: &Form) -> Result<Option<String>, Refusal> {
    #[derive(Deserialize)]
    struct Note {
        #[serde(default)]
        extra: String,
    }
    match form.text("objectName") {
        None => Ok(None),
        Some("RC:chrmKVNotiMsg") => {
            let note = form.text("content").map(serde_json::from_str::<Note>).transpose();
            let note = note.map_err(|_| Refusal::parameter("`content` is a JSON object"))?;
            Ok(Some(note.map(|note| note.extra).unwrap_or_default()))
        }
        Some(_) => Err(Refusal::parameter("`objectName` is RC:chrmKVNotiMsg here")),
    }
}

async fn set(call: Call, form: Form) -> Outcome {
    let (chatroom, by): (Handle, UserId) = (form.id("chatroomId")?, form.id("userId")?);
    let attributes = vec![(form.id::<AttributeKey>("key")?, form.need("value")?.to_owned())];
    let (auto_delete, notify) = (form.flag("autoDelete", false)?, notice(&form)?);
    call.backend().know_users(std::slice::from_ref(&by)).await?;
    let set = SetAttributes { chatroom, attributes, auto_delete, force: true, notify };
    call.backend().set_chatroom_attributes(&by, set).await?;
    done()
}

async fn remove(call: Call, form: Form) -> Outcome {
    let (chatroom, by): (Handle, UserId) = (form.id("chatroomId")?, form.id("userId")?);
    let (keys, notify) = (vec![form.id::<AttributeKey>("key")?], notice(&form)?);
    call.backend().know_users(std::slice::from_ref(&by)).await?;
    call.backend().remove_chatroom_attributes(&by, RemoveAttributes { chatroom, keys, force: true, notify }).await?;
    done()
}

async fn query(call: Call, form: Form) -> Outcome {
    let handle: Handle = form.id("chatroomId")?;
    let keys: Vec<AttributeKey> = if form.has("keys") { form.ids("keys", MOST_KEYS)? } else { Vec::new() };
    let found = call.backend().chatroom_attributes(&handle, &keys).await?;
    let shown = |one: crate::model::chatroom::Attribute| {
        json!({
            "key": one.key, "value": one.value, "userId": one.by, "autoDelete": if one.auto_delete { "1" } else { "0" },
            "lastSetTime": one.at.get().to_string(),
        })
    };
    Ok(json!({ "keys": found.list.into_iter().map(shown).collect::<Vec<_>>() }))
}

async fn set_many(call: Call, form: Form) -> Outcome {
    let (chatroom, by): (Handle, UserId) = (form.id("chatroomId")?, form.id("entryOwnerId")?);
    let (attributes, auto_delete) = (entries(form.need("entryInfo")?)?, form.flag("autoDelete", false)?);
    call.backend().know_users(std::slice::from_ref(&by)).await?;
    let set = SetAttributes { chatroom, attributes, auto_delete, force: true, notify: None };
    call.backend().set_chatroom_attributes(&by, set).await?;
    done()
}
