//! Who may write in groups (compatible protocol, "Groups").

use serde_json::json;

use super::{
    call::{Call, done},
    form::Form,
    groups::{all_members, place},
    operation::{Operation, Outcome},
    refusal::Refusal,
    restraints::{self, MOST_MINUTES, MOST_USERS},
    show,
};
use crate::{
    im::backend::messages::Place,
    model::{Handle, Kind, UserId, conversation::Which, restraint::Restraint},
};

/// Most groups per request.
const MOST_GROUPS: usize = 20;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::form("group/user/gag/add", gag)
            .needs(&["userId", "minute"])
            .example("groupId=lamps&userId=olaf&minute=5")
            .says("Members may not write for a while, 0 for ever; without `groupId` in every group"),
        Operation::form("group/user/gag/rollback", ungag)
            .needs(&["userId"])
            .example("groupId=lamps&userId=olaf")
            .says("They may again"),
        Operation::form("group/user/gag/list", gagged).example("groupId=lamps").says("Who may not, and until when"),
        Operation::form("group/ban/add", |call, form| silence(call, form, true))
            .needs(&["groupId"])
            .example("groupId=lamps")
            .says("Only the owner and those excepted may write"),
        Operation::form("group/ban/rollback", |call, form| silence(call, form, false))
            .needs(&["groupId"])
            .example("groupId=lamps")
            .says("Everybody may again"),
        Operation::form("group/ban/query", silenced).example("groupId=lamps").says("Which groups are silenced"),
        Operation::form("group/user/ban/whitelist/add", |call, form| allow(call, form, true))
            .needs(&["groupId", "userId"])
            .example("groupId=lamps&userId=olaf")
            .says("Excepts members from the group's silence"),
        Operation::form("group/user/ban/whitelist/rollback", |call, form| allow(call, form, false))
            .needs(&["groupId", "userId"])
            .example("groupId=lamps&userId=olaf")
            .says("Excepts them no more"),
        Operation::form("group/user/ban/whitelist/query", allowed)
            .needs(&["groupId"])
            .example("groupId=lamps")
            .says("Who is excepted"),
    ]
}

async fn gag(call: Call, form: Form) -> Outcome {
    let users: Vec<UserId> = form.ids("userId", MOST_USERS)?;
    let minutes = form.number("minute", 0..=MOST_MINUTES, None)?;
    if form.has("groupId") {
        call.backend().silence_members(&place(&form)?, &users, Some(minutes)).await?;
    } else {
        restraints::restrain(&call, &users, Restraint::WritingGroups, (minutes > 0).then_some(minutes)).await?;
    }
    done()
}

async fn ungag(call: Call, form: Form) -> Outcome {
    let users: Vec<UserId> = form.ids("userId", MOST_USERS)?;
    if form.has("groupId") {
        call.backend().silence_members(&place(&form)?, &users, None).await?;
    } else {
        restraints::lift(&call, &users, Restraint::WritingGroups).await?;
    }
    done()
}

async fn gagged(call: Call, form: Form) -> Outcome {
    let users: Vec<_> = if form.has("groupId") {
        let found = all_members(&call, &place(&form)?, Which::Silenced(call.im.now())).await?;
        let until = |one: &crate::model::conversation::Participant| one.member.and_then(|member| member.silenced_until);
        found.iter().map(|one| json!({ "userId": one.person.id, "time": show::end(until(one)) })).collect()
    } else {
        let found = restraints::everybody(&call, Restraint::WritingGroups).await?;
        found.iter().map(|one| json!({ "userId": one.user, "time": show::end(one.until) })).collect()
    };
    Ok(json!({ "users": users }))
}

async fn silence(call: Call, form: Form, on: bool) -> Outcome {
    for place in places(&form)? {
        call.backend().silence_group(&place, on).await?;
    }
    done()
}

fn places(form: &Form) -> Result<Vec<Place>, Refusal> {
    let handles: Vec<Handle> = form.ids("groupId", MOST_GROUPS)?;
    Ok(handles.into_iter().map(|handle| Place::Handle(Kind::Group, handle)).collect())
}

async fn silenced(call: Call, form: Form) -> Outcome {
    let mut found = Vec::new();
    if form.has("groupId") {
        for place in places(&form)? {
            let group = call.backend().group(&place).await?;
            let on = group.group.is_some_and(|group| group.silenced);
            found.push(json!({ "groupId": place.to_string(), "stat": u8::from(on) }));
        }
    } else {
        for handle in call.backend().silenced_groups().await? {
            found.push(json!({ "groupId": handle, "stat": 1 }));
        }
    }
    Ok(json!({ "groupinfo": found }))
}

async fn allow(call: Call, form: Form, on: bool) -> Outcome {
    let users: Vec<UserId> = form.ids("userId", MOST_USERS)?;
    call.backend().allow_members(&place(&form)?, &users, on).await?;
    done()
}

async fn allowed(call: Call, form: Form) -> Outcome {
    let found = all_members(&call, &place(&form)?, Which::Allowed).await?;
    let users: Vec<_> = found.into_iter().map(|one| one.person.id).collect();
    Ok(json!({ "userIds": users }))
}
