//! Sending in anybody's name, and taking messages back (compatible protocol, "Messages").

use serde_json::json;

use super::{
    call::{Call, done},
    conversations::{Named, kind},
    form::Form,
    groups::MOST_USERS,
    operation::{Operation, Outcome},
    posting::{Publish, send},
    rates::{Limit, Pace},
    refusal::Refusal,
};
use crate::{
    im::backend::{
        broadcasts::BroadcastCall,
        chatrooms::Saying,
        messages::{Addressees, MOST_GROUPS, MOST_SYSTEM_USERS, Place, TakeBack},
    },
    model::{Handle, Kind, MessageUid, Millis, UserId},
};

/// Most rooms of one message.
const MOST_ROOMS: usize = 10;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        private("message/private/publish", false).says("To up to 1,000 users, each in private"),
        private("message/publish", false).says("The same, as the oldest code writes it"),
        private("statusmessage/private/publish", true).says("The same, to those who are connected, without keeping it"),
        Operation::form("message/system/publish", system)
            .needs(&["fromUserId", "toUserId", "objectName", "content"])
            .example("fromUserId=news&toUserId=olaf&objectName=RC%3ATxtMsg&content=%7B%22content%22%3A%22hello%22%7D")
            .paced(Pace::Own)
            .says("To up to 100 users, who can only read it"),
        Operation::form("message/broadcast", |call, form| broadcast(call, form, false))
            .needs(&["fromUserId", "objectName", "content"])
            .example("fromUserId=news&objectName=RC%3ATxtMsg&content=%7B%22content%22%3A%22hello%22%7D")
            .paced(Pace::Own)
            .says("To every user, as a system message"),
        Operation::form("message/online/broadcast", |call, form| broadcast(call, form, true))
            .needs(&["fromUserId", "objectName", "content"])
            .example("fromUserId=news&objectName=RC%3ATxtMsg&content=%7B%22content%22%3A%22hello%22%7D")
            .paced(Pace::Own)
            .says("To every user who is connected, without keeping it"),
        group("message/group/publish", Kind::Group, false).says("To up to 3 groups, or to some members of one"),
        group("statusmessage/group/publish", Kind::Group, true).says("The same, without keeping it"),
        group("message/discussion/publish", Kind::Discussion, false).says("To up to 3 discussions"),
        Operation::form("message/chatroom/publish", chatroom)
            .needs(&["fromUserId", "toChatroomId", "objectName", "content"])
            .example(
                "fromUserId=nora&toChatroomId=hall&objectName=RC%3ATxtMsg&content=%7B%22content%22%3A%22hello%22%7D",
            )
            .paced(Pace::Own)
            .says("To up to 10 chatrooms"),
        Operation::form("message/chatroom/broadcast", every_chatroom)
            .needs(&["fromUserId", "objectName", "content"])
            .example("fromUserId=nora&objectName=RC%3ATxtMsg&content=%7B%22content%22%3A%22hello%22%7D")
            .paced(Pace::Own)
            .says("To every chatroom"),
        Operation::form("message/recall", recall)
            .needs(&["fromUserId", "conversationType", "targetId", "messageUID"])
            .example("fromUserId=nora&conversationType=1&targetId=olaf&messageUID=0000-0000-0000-0000&sentTime=1")
            .says("Takes a message back, however old"),
    ]
}

fn private(path: &'static str, passing: bool) -> Operation {
    let run = move |call: Call, form: Form| async move {
        let users: Vec<UserId> = form.ids("toUserId", MOST_USERS)?;
        call.take(Limit::Private, users.len()).await?;
        let publish = Publish::of(&form)?;
        let publish = if passing { publish.passing() } else { publish };
        send(&call, publish.post(&call, Addressees::Users(users), Vec::new(), None), "userId").await
    };
    Operation::form(path, run)
        .needs(&["fromUserId", "toUserId", "objectName", "content"])
        .example("fromUserId=nora&toUserId=olaf&objectName=RC%3ATxtMsg&content=%7B%22content%22%3A%22hello%22%7D")
        .paced(Pace::Own)
}

async fn system(call: Call, form: Form) -> Outcome {
    let users: Vec<UserId> = form.ids("toUserId", MOST_SYSTEM_USERS)?;
    call.take(Limit::System, users.len()).await?;
    let publish = Publish::of(&form)?;
    send(&call, publish.post(&call, Addressees::System(users), Vec::new(), None), "userId").await
}

fn group(path: &'static str, kind: Kind, passing: bool) -> Operation {
    let (target, example, needs): (_, _, &'static [&'static str]) = if kind == Kind::Group {
        (
            "toGroupId",
            "fromUserId=nora&toGroupId=lamps&objectName=RC%3ATxtMsg&content=%7B%22content%22%3A%22hello%22%7D",
            &["fromUserId", "toGroupId", "objectName", "content"],
        )
    } else {
        (
            "toDiscussionId",
            "fromUserId=nora&toDiscussionId=shades&objectName=RC%3ATxtMsg&content=%7B%22content%22%3A%22hello%22%7D",
            &["fromUserId", "toDiscussionId", "objectName", "content"],
        )
    };
    let run = move |call: Call, form: Form| async move {
        let handles: Vec<Handle> = form.ids(target, MOST_GROUPS)?;
        call.take(Limit::Group, handles.len()).await?;
        let only = if form.has("toUserId") { form.ids("toUserId", MOST_USERS)? } else { Vec::new() };
        let publish = Publish::of(&form)?;
        let publish = if passing { publish.passing() } else { publish };
        let places = handles.into_iter().map(|handle| Place::Handle(kind, handle)).collect();
        send(&call, publish.post(&call, Addressees::Groups(places), only, None), "groupId").await
    };
    Operation::form(path, run).needs(needs).example(example).paced(Pace::Own)
}

/// Takes one of the messages and pushes to everybody.
pub(super) async fn take_everybody(call: &Call) -> Result<(), Refusal> {
    call.take(Limit::EverybodyHour, 1).await?;
    call.take(Limit::EverybodyDay, 1).await
}

async fn broadcast(call: Call, form: Form, online_only: bool) -> Outcome {
    take_everybody(&call).await?;
    let Publish { from, content, .. } = Publish::of(&form)?;
    call.backend().know_users(std::slice::from_ref(&from)).await?;
    let asked = BroadcastCall { from: Some(from), content, client_id: call.client_id(), online_only, any_sender: true };
    let begun = call.backend().broadcast(asked).await?;
    call.record("broadcast", begun.id.as_str()).await?;
    Ok(json!({ "id": begun.id }))
}

async fn chatroom(call: Call, form: Form) -> Outcome {
    let rooms: Vec<Handle> = form.ids("toChatroomId", MOST_ROOMS)?;
    call.take(Limit::Chatroom, rooms.len()).await?;
    let Publish { from, content, stored, .. } = Publish::of(&form)?;
    call.backend().know_users(std::slice::from_ref(&from)).await?;
    let how = Saying { client_id: call.client_id(), stored };
    let (mut uids, mut first_refusal) = (Vec::new(), None);
    for (room, outcome) in call.backend().say_in_chatrooms(&from, &rooms, &content, &how).await? {
        match outcome {
            Ok(sent) => uids.push(json!({ "chatroomId": room, "messageUID": sent.uid })),
            Err(fault) => {
                first_refusal.get_or_insert(fault);
            }
        }
    }
    match first_refusal {
        Some(fault) if uids.is_empty() => Err(fault.into()),
        _ => Ok(json!({ "messageUIDs": uids })),
    }
}

async fn every_chatroom(call: Call, form: Form) -> Outcome {
    call.take(Limit::EveryChatroom, 1).await?;
    let Publish { from, content, stored, .. } = Publish::of(&form)?;
    call.backend().know_users(std::slice::from_ref(&from)).await?;
    let how = Saying { client_id: call.client_id(), stored };
    call.backend().say_in_every_chatroom(&from, &content, &how).await?;
    done()
}

async fn recall(call: Call, form: Form) -> Outcome {
    let how = TakeBack { admin: form.flag("isAdmin", false)?, delete: form.flag("isDelete", false)? };
    let _sent: Option<i64> = form.maybe("sentTime")?;
    let named = Named { kind: kind(&form)?, user: form.id("fromUserId")?, target: form.need("targetId")? };
    let uid: MessageUid = form.id("messageUID")?;
    let message = call.backend().message(uid).await?;
    // A message is named by who sent it, where; a wrong name is more likely a mistake than a wish (A7).
    let its = call.backend().conversation(message.conversation).await?;
    if its.kind != named.kind || (message.from.id != named.user && !how.admin) {
        return Err(Refusal::parameter("`messageUID` is no message of this sender in this conversation"));
    }
    call.backend().recall(uid, how).await?;
    call.record("recall", &uid.to_string()).await?;
    done()
}

/// Until when a history goes, where a request says it.
pub(super) fn until(form: &Form, now: Millis) -> Result<Millis, Refusal> {
    Ok(form.maybe::<i64>("msgTimestamp")?.map_or(now, Millis::new))
}
