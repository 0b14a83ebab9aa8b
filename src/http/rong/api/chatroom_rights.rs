//! Who may write and come into chatrooms, which of them are silenced, stopped or kept alive, and which messages matter
//! (compatible protocol, "Chat rooms").

use serde_json::json;

use super::{
    call::{Call, done},
    form::Form,
    operation::{Operation, Outcome},
    refusal::Refusal,
    restraints::MOST_MINUTES,
    show,
};
use crate::model::{
    Code, Fault, Handle, ObjectName, UserId,
    chatroom::{Priority, Right, Rule},
};

/// Most users and message types per request.
const MOST: usize = 20;

pub(super) fn operations() -> Vec<Operation> {
    let mut all = timed(Right::Blocked);
    all.extend(timed(Right::Gagged));
    all.extend(everywhere());
    all.extend(lasting(
        [
            "chatroom/user/ban/whitelist/add",
            "chatroom/user/ban/whitelist/rollback",
            "chatroom/user/ban/whitelist/query",
        ],
        Right::Allowed,
    ));
    all.extend(lasting(
        ["chatroom/user/whitelist/add", "chatroom/user/whitelist/remove", "chatroom/user/whitelist/query"],
        Right::Protected,
    ));
    all.extend(rules());
    all.extend(types(
        ["chatroom/message/priority/add", "chatroom/message/priority/remove", "chatroom/message/priority/query"],
        Priority::Low,
    ));
    all.extend(types(
        ["chatroom/whitelist/add", "chatroom/whitelist/delete", "chatroom/whitelist/query"],
        Priority::High,
    ));
    all
}

/// `…/add`, `…/rollback` and `…/list` of a right that lasts for some minutes in one room.
fn timed(right: Right) -> Vec<Operation> {
    let (add, rollback, list) = match right {
        Right::Blocked => ("chatroom/user/block/add", "chatroom/user/block/rollback", "chatroom/user/block/list"),
        _ => ("chatroom/user/gag/add", "chatroom/user/gag/rollback", "chatroom/user/gag/list"),
    };
    let says = match right {
        Right::Blocked => {
            ["Puts users out, who cannot come back for a while", "They can again", "Who cannot, and until when"]
        }
        _ => ["Users may not write in one chatroom for a while", "They may again", "Who may not, and until when"],
    };
    let [on, off, who] = says;
    vec![
        Operation::form(add, move |call, form| give(call, form, right))
            .needs(&["chatroomId", "userId", "minute"])
            .example("chatroomId=hall&userId=olaf&minute=5")
            .says(on),
        Operation::form(rollback, move |call, form| take(call, form, right))
            .needs(&["chatroomId", "userId"])
            .example("chatroomId=hall&userId=olaf")
            .says(off),
        Operation::form(list, move |call, form| list_timed(call, form, right))
            .needs(&["chatroomId"])
            .example("chatroomId=hall")
            .says(who),
    ]
}

/// Gags in every room of the app.
fn everywhere() -> Vec<Operation> {
    vec![
        Operation::form("chatroom/user/ban/add", |call, form| give(call, form, Right::Gagged))
            .needs(&["userId", "minute"])
            .example("userId=olaf&minute=5")
            .says("Users may not write in any chatroom for a while"),
        Operation::form("chatroom/user/ban/remove", |call, form| take(call, form, Right::Gagged))
            .needs(&["userId"])
            .example("userId=olaf")
            .says("They may again"),
        Operation::form("chatroom/user/ban/query", |call, form| list_timed(call, form, Right::Gagged))
            .says("Who may not, and until when"),
    ]
}

fn lasting([add, remove, query]: [&'static str; 3], right: Right) -> Vec<Operation> {
    let [on, off, who] = match right {
        Right::Allowed => ["Excepts users from a chatroom's silence", "Excepts them no more", "Who is excepted"],
        _ => [
            "Protects up to 5 users of a chatroom: never held back in a flood, inside while disconnected",
            "Protects them no more",
            "Who is protected",
        ],
    };
    // The original names the list differently.
    let name = if right == Right::Allowed { "userIds" } else { "users" };
    vec![
        Operation::form(add, move |call, form| give(call, form, right))
            .needs(&["chatroomId", "userId"])
            .example("chatroomId=hall&userId=olaf")
            .says(on),
        Operation::form(remove, move |call, form| take(call, form, right))
            .needs(&["chatroomId", "userId"])
            .example("chatroomId=hall&userId=olaf")
            .says(off),
        Operation::form(query, move |call, form| async move {
            let handle: Handle = form.id("chatroomId")?;
            let found = call.backend().chatroom_right(Some(&handle), right).await?;
            let users: Vec<_> = found.into_iter().map(|one| one.user).collect();
            Ok(json!({ name: users }))
        })
        .needs(&["chatroomId"])
        .example("chatroomId=hall")
        .says(who),
    ]
}

async fn give(call: Call, form: Form, right: Right) -> Outcome {
    let (handle, users): (Option<Handle>, Vec<UserId>) = (form.maybe("chatroomId")?, form.ids("userId", MOST)?);
    let minutes = match right {
        Right::Gagged | Right::Blocked => Some(form.number("minute", 1..=MOST_MINUTES, None)?),
        Right::Allowed | Right::Protected => None,
    };
    call.backend().know_users(&users).await?;
    call.backend().give_chatroom_right(handle.as_ref(), right, &users, minutes).await?;
    if right == Right::Blocked {
        call.record("blockFromChatroom", form.need("userId")?).await?;
    }
    done()
}

async fn take(call: Call, form: Form, right: Right) -> Outcome {
    let (handle, users): (Option<Handle>, Vec<UserId>) = (form.maybe("chatroomId")?, form.ids("userId", MOST)?);
    call.backend().know_users(&users).await?;
    call.backend().take_chatroom_right(handle.as_ref(), right, &users).await?;
    done()
}

async fn list_timed(call: Call, form: Form, right: Right) -> Outcome {
    let handle: Option<Handle> = form.maybe("chatroomId")?;
    let found = call.backend().chatroom_right(handle.as_ref(), right).await?;
    let users: Vec<_> =
        found.into_iter().map(|one| json!({ "userId": one.user, "time": show::end(one.until) })).collect();
    Ok(json!({ "users": users }))
}

/// What holds for whole rooms.
fn rules() -> Vec<Operation> {
    let set = |path, rule, on| {
        Operation::form(path, move |call, form| set_rule(call, form, rule, on))
            .needs(&["chatroomId"])
            .example("chatroomId=hall")
    };
    vec![
        set("chatroom/ban/add", Rule::Silenced, true).says("Only those excepted may write in a chatroom"),
        set("chatroom/ban/rollback", Rule::Silenced, false).says("Everybody may again"),
        Operation::form("chatroom/ban/query", |call, _| async move {
            Ok(json!({ "chatroomIds": call.backend().chatrooms_under(Rule::Silenced).await? }))
        })
        .says("Which chatrooms are silenced"),
        Operation::form("chatroom/ban/check", check)
            .needs(&["chatroomId"])
            .example("chatroomId=hall")
            .says("Whether one is silenced"),
        set("chatroom/message/stopDistribution", Rule::Stopped, true).says("Messages are kept and not passed on"),
        set("chatroom/message/resumeDistribution", Rule::Stopped, false).says("They are passed on again"),
        set("chatroom/keepalive/add", Rule::KeptAlive, true).says("A chatroom does not end by itself"),
        set("chatroom/keepalive/remove", Rule::KeptAlive, false).says("It does again"),
        Operation::form("chatroom/keepalive/query", |call, _| async move {
            Ok(json!({ "chatroomIds": call.backend().chatrooms_under(Rule::KeptAlive).await? }))
        })
        .says("Which chatrooms do not end by themselves"),
    ]
}

async fn set_rule(call: Call, form: Form, rule: Rule, on: bool) -> Outcome {
    let handles: Vec<Handle> = form.ids("chatroomId", MOST)?;
    if rule == Rule::KeptAlive && !on {
        let kept = call.backend().chatrooms_under(rule).await?;
        if !handles.iter().all(|handle| kept.contains(handle)) {
            return Err(Refusal::new(403, 1015, "this chatroom is not kept alive"));
        }
    }
    call.backend().set_chatroom_rule(rule, &handles, on).await.map_err(|fault: Fault| match (fault.code, rule) {
        (Code::LimitReached, Rule::KeptAlive) => Refusal::new(403, 1016, &fault.message),
        _ => fault.into(),
    })?;
    done()
}

async fn check(call: Call, form: Form) -> Outcome {
    let handle: Handle = form.id("chatroomId")?;
    let on = call.backend().chatrooms_under(Rule::Silenced).await?.contains(&handle);
    Ok(json!({ "status": u8::from(on) }))
}

/// Which message types are refused first, or never, in a flood. The original spells the names of the parameter and of the
/// answer in its own ways.
fn types([add, remove, query]: [&'static str; 3], priority: Priority) -> Vec<Operation> {
    let (name, answer) = match priority {
        Priority::Low => ("objectName", "objectNames"),
        Priority::High => ("objectnames", "whitlistMsgType"),
    };
    let (needs, example): (&'static [&'static str], _) = match priority {
        Priority::Low => (&["objectName"], "objectName=shop%3Alike"),
        Priority::High => (&["objectnames"], "objectnames=RC%3ATxtMsg&objectnames=shop%3Aorder"),
    };
    let [on, off, which] = match priority {
        Priority::Low => ["Message types that are refused first in a flood", "No more", "Which they are"],
        Priority::High => ["Message types that are never refused in a flood", "No more", "Which they are"],
    };
    let set = |path, on| {
        Operation::form(path, move |call: Call, form: Form| async move {
            let names: Vec<ObjectName> = form.ids(name, MOST)?;
            call.backend().set_chatroom_priority(priority, &names, on).await?;
            done()
        })
        .needs(needs)
        .example(example)
    };
    vec![
        set(add, true).says(on),
        set(remove, false).says(off),
        Operation::form(query, move |call: Call, _| async move {
            Ok(json!({ answer: call.backend().chatroom_priority(priority).await? }))
        })
        .says(which),
    ]
}
