//! Chatrooms: making and ending them, who is inside (compatible protocol, "Chat rooms").

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    call::{Call, done},
    form::{Form, read},
    groups::MOST_USERS,
    operation::{Operation, Outcome},
    refusal::Refusal,
    show,
};
use crate::model::{
    Code, Handle, UserId,
    chatroom::{AttributeKey, ChatroomView, Lifetime, MOST_LISTED, Order, Right, Rule, SetAttributes},
};

/// Most rooms per request.
const MOST_ROOMS: usize = 20;
/// A room's own time in minutes: 7 days.
const MOST_MINUTES: u32 = 10_080;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::form("chatroom/create", create)
            .needs(&["chatroom"])
            .example("chatroom%5Bhall%5D=Hall&chatroom%5Byard%5D=Yard")
            .says("Makes chatrooms, or renames them"),
        Operation::form("chatroom/create_new", create_new)
            .needs(&["chatroomId"])
            .example("chatroomId=hall&destroyType=0&destroyTime=60&isBan=false")
            .says("Makes one, with its lifetime, silence and attributes"),
        Operation::form("chatroom/destroy", destroy)
            .needs(&["chatroomId"])
            .example("chatroomId=hall")
            .says("Ends chatrooms; what was decided about them stays"),
        Operation::form("chatroom/destroy/set", lifetime)
            .needs(&["chatroomId", "destroyType", "destroyTime"])
            .example("chatroomId=hall&destroyType=0&destroyTime=60")
            .says("Another lifetime"),
        Operation::form("chatroom/get", get)
            .needs(&["chatroomId"])
            .example("chatroomId=hall")
            .says("One chatroom and how it stands"),
        Operation::form("chatroom/query", query)
            .needs(&["chatroomId"])
            .example("chatroomId=hall&chatroomId=yard")
            .says("Names and ages of chatrooms"),
        Operation::form("chatroom/user/query", people)
            .needs(&["chatroomId"])
            .example("chatroomId=hall&count=10&order=2")
            .says("Who is inside"),
        Operation::form("chatroom/user/exist", is_inside)
            .needs(&["chatroomId", "userId"])
            .example("chatroomId=hall&userId=nora")
            .says("Whether a user is inside"),
        Operation::form("chatroom/users/exist", are_inside)
            .needs(&["chatroomId", "userId"])
            .example("chatroomId=hall&userId=nora&userId=olaf")
            .says("Which of up to 1,000 users are inside"),
    ]
}

async fn create(call: Call, form: Form) -> Outcome {
    let rooms = form.bracketed("chatroom");
    if rooms.is_empty() {
        return Err(Refusal::missing("chatroom[id]"));
    }
    if rooms.len() > MOST_ROOMS {
        return Err(Refusal::quantity(&format!("{} chatrooms; at most {MOST_ROOMS} are allowed", rooms.len())));
    }
    for (id, name) in rooms {
        let handle: Handle = read("chatroom", id)?;
        call.backend().create_chatroom(&handle, name, Lifetime::Idle(None)).await?;
    }
    done()
}

/// 0: so many minutes after the last message; 1: so many minutes from now.
fn lifetime_of(call: &Call, form: &Form) -> Result<Lifetime, Refusal> {
    let kind = form.number("destroyType", 0..=1, Some(0))?;
    let minutes = form.number("destroyTime", 1..=MOST_MINUTES, Some(60))?;
    Ok(match kind {
        0 if !form.has("destroyTime") => Lifetime::Idle(None),
        0 => Lifetime::Idle(Some(minutes * 60)),
        _ => Lifetime::Until(call.im.now().plus_secs(i64::from(minutes) * 60)),
    })
}

async fn create_new(call: Call, form: Form) -> Outcome {
    let handle: Handle = form.id("chatroomId")?;
    let is_silenced = form.flag("isBan", false)?;
    let spared: Vec<UserId> = if form.has("whiteUserIds") { form.ids("whiteUserIds", 20)? } else { Vec::new() };
    let entries = form.text("entryInfo").map(entries).transpose()?;
    let owner: Option<UserId> = form.maybe("entryOwnerId")?;
    let name = form.text("chatroomName").unwrap_or_default();
    call.backend().create_chatroom(&handle, name, lifetime_of(&call, &form)?).await?;
    if is_silenced {
        call.backend().set_chatroom_rule(Rule::Silenced, std::slice::from_ref(&handle), true).await?;
    }
    if !spared.is_empty() {
        call.backend().know_users(&spared).await?;
        call.backend().give_chatroom_right(Some(&handle), Right::Allowed, &spared, None).await?;
    }
    if let Some(attributes) = entries {
        let owner = owner.ok_or_else(|| Refusal::missing("entryOwnerId"))?;
        call.backend().know_users(std::slice::from_ref(&owner)).await?;
        let set = SetAttributes { chatroom: handle, attributes, auto_delete: false, force: true, notify: None };
        call.backend().set_chatroom_attributes(&owner, set).await?;
    }
    done()
}

/// Attributes as a JSON object of texts.
pub(super) fn entries(text: &str) -> Result<Vec<(AttributeKey, String)>, Refusal> {
    let given: BTreeMap<String, String> =
        serde_json::from_str(text).map_err(|_| Refusal::parameter("`entryInfo` is a JSON object of keys and texts"))?;
    given.into_iter().map(|(key, value)| Ok((read("entryInfo", &key)?, value))).collect()
}

async fn destroy(call: Call, form: Form) -> Outcome {
    let handles: Vec<Handle> = form.ids("chatroomId", MOST_ROOMS)?;
    call.backend().end_chatrooms(&handles).await?;
    call.record("endChatrooms", form.need("chatroomId")?).await?;
    done()
}

async fn lifetime(call: Call, form: Form) -> Outcome {
    let handle: Handle = form.id("chatroomId")?;
    let room = one(&call, &handle).await?;
    call.backend().create_chatroom(&handle, &room.name, lifetime_of(&call, &form)?).await?;
    done()
}

async fn one(call: &Call, handle: &Handle) -> Result<ChatroomView, Refusal> {
    Ok(call.backend().chatroom(handle, 0, Order::Newest).await?.room)
}

async fn get(call: Call, form: Form) -> Outcome {
    let handle: Handle = form.id("chatroomId")?;
    let room = one(&call, &handle).await?;
    let is_silenced = call.backend().chatrooms_under(Rule::Silenced).await?.contains(&handle);
    Ok(json!({
        "chatroomId": room.handle,
        "chatroomName": room.name,
        "createTime": room.created_at,
        "memberCount": room.count,
        "ban": is_silenced,
    }))
}

async fn query(call: Call, form: Form) -> Outcome {
    let handles: Vec<Handle> = form.ids("chatroomId", MOST_ROOMS)?;
    let mut found = Vec::new();
    for handle in &handles {
        match call.backend().chatroom(handle, 0, Order::Newest).await {
            Ok(info) => {
                let ChatroomView { handle, name, created_at, .. } = info.room;
                found.push(json!({ "chrmId": handle, "name": name, "time": show::instant(created_at) }));
            }
            // Those that are not there are left out.
            Err(fault) if fault.code == Code::NoChatroom => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(json!({ "chatRooms": found }))
}

async fn people(call: Call, form: Form) -> Outcome {
    let handle: Handle = form.id("chatroomId")?;
    let count = form.number("count", 1..=u32::from(MOST_LISTED), Some(u32::from(MOST_LISTED)))?;
    let order = if form.number("order", 1..=2, Some(2))? == 1 { Order::Oldest } else { Order::Newest };
    let info = call.backend().chatroom(&handle, u16::try_from(count).unwrap_or(MOST_LISTED), order).await?;
    let shown = |member: crate::model::chatroom::ChatroomMember| json!({ "id": member.person.id, "time": show::instant(member.joined_at) });
    let users: Vec<_> = info.members.into_iter().map(shown).collect();
    Ok(json!({ "total": info.room.count, "users": users }))
}

async fn is_inside(call: Call, form: Form) -> Outcome {
    let (handle, user): (Handle, UserId) = (form.id("chatroomId")?, form.id("userId")?);
    let found = call.backend().are_in_chatroom(&handle, &[user]).await?;
    Ok(json!({ "isInChrm": found.first().is_some_and(|(_, inside)| *inside) }))
}

async fn are_inside(call: Call, form: Form) -> Outcome {
    let (handle, users): (Handle, Vec<UserId>) = (form.id("chatroomId")?, form.ids("userId", MOST_USERS)?);
    let found = call.backend().are_in_chatroom(&handle, &users).await?;
    let result: Vec<_> =
        found.into_iter().map(|(user, inside)| json!({ "userId": user, "isInChrm": u8::from(inside) })).collect();
    Ok(json!({ "result": result }))
}
