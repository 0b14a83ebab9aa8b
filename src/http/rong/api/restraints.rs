//! Blocking users from everything, and taking their word in private (compatible protocol, "Users").

use serde_json::json;

use super::{
    call::{Call, done},
    form::Form,
    operation::{Operation, Outcome},
    refusal::Refusal,
    show,
};
use crate::model::{
    UserId,
    restraint::{Restrained, Restraint},
};

/// Most users per request.
pub(super) const MOST_USERS: usize = 20;
/// Longest time in minutes.
pub(super) const MOST_MINUTES: u32 = 43_200;
/// Largest page of a list.
const PAGE: u16 = 100;
/// Most people of a list that is shown whole.
const MOST_SHOWN: usize = 10_000;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::form("user/block", block)
            .needs(&["userId", "minute"])
            .example("userId=nora&minute=10")
            .says("A user can do nothing for a while; connections close"),
        Operation::form("user/unblock", unblock).needs(&["userId"]).example("userId=nora").says("They can again"),
        Operation::form("user/block/query", blocked).says("Who is blocked, and until when"),
        Operation::form("user/chat/fb/set", fb_set)
            .needs(&["userId", "state", "type"])
            .example("userId=nora&state=1&type=PERSON")
            .says("A user cannot write in private, or can again"),
        Operation::form("user/chat/fb/querylist", fb_list)
            .needs(&["type"])
            .example("type=PERSON")
            .says("Who cannot write in private"),
    ]
}

async fn block(call: Call, form: Form) -> Outcome {
    let (users, minutes): (Vec<UserId>, _) =
        (form.ids("userId", MOST_USERS)?, form.number("minute", 1..=MOST_MINUTES, None)?);
    restrain(&call, &users, Restraint::Everything, Some(minutes)).await?;
    for user in &users {
        call.record("blockUser", user.as_str()).await?;
    }
    done()
}

/// Puts users under a restraint; those that nobody knows yet are made.
pub(super) async fn restrain(
    call: &Call,
    users: &[UserId],
    restraint: Restraint,
    minutes: Option<u32>,
) -> Result<(), Refusal> {
    call.backend().know_users(users).await?;
    for user in users {
        call.backend().restrain(user, restraint, minutes).await?;
    }
    Ok(())
}

/// Lifts a restraint from users.
pub(super) async fn lift(call: &Call, users: &[UserId], restraint: Restraint) -> Result<(), Refusal> {
    call.backend().know_users(users).await?;
    for user in users {
        call.backend().lift(user, restraint).await?;
    }
    Ok(())
}

async fn unblock(call: Call, form: Form) -> Outcome {
    let users: Vec<UserId> = form.ids("userId", MOST_USERS)?;
    lift(&call, &users, Restraint::Everything).await?;
    for user in &users {
        call.record("unblockUser", user.as_str()).await?;
    }
    done()
}

/// Everybody under a restraint.
pub(super) async fn everybody(call: &Call, restraint: Restraint) -> Result<Vec<Restrained>, Refusal> {
    let mut found: Vec<Restrained> = Vec::new();
    loop {
        let after = found.last().map(|last| last.user.clone());
        let (page, more) = call.backend().restrained(restraint, after, PAGE).await?;
        found.extend(page);
        if !more || found.len() >= MOST_SHOWN {
            return Ok(found);
        }
    }
}

/// A page of a list, where one is asked for.
fn page(found: Vec<Restrained>, number: u32, size: u32) -> impl Iterator<Item = Restrained> {
    let (number, size) = (number as usize, size as usize);
    found.into_iter().skip((number - 1) * size).take(size)
}

async fn blocked(call: Call, form: Form) -> Outcome {
    let (number, size) = (form.number("page", 1..=10_000, Some(1))?, form.number("size", 1..=1000, Some(1000))?);
    let found = everybody(&call, Restraint::Everything).await?;
    let shown = |one: Restrained| json!({ "userId": one.user, "blockEndTime": show::end(one.until) });
    Ok(json!({ "users": page(found, number, size).map(shown).collect::<Vec<_>>() }))
}

fn of_type(form: &Form) -> Result<Restraint, Refusal> {
    match form.need("type")? {
        "PERSON" => Ok(Restraint::WritingPrivate),
        other => Err(Refusal::parameter(&format!("`type` is `{}`; there is PERSON", other.escape_debug()))),
    }
}

async fn fb_set(call: Call, form: Form) -> Outcome {
    let (users, restraint): (Vec<UserId>, _) = (form.ids("userId", MOST_USERS)?, of_type(&form)?);
    if form.flag("state", false)? {
        restrain(&call, &users, restraint, None).await?;
    } else {
        lift(&call, &users, restraint).await?;
    }
    done()
}

async fn fb_list(call: Call, form: Form) -> Outcome {
    let restraint = of_type(&form)?;
    let (from, size) = (form.number("offset", 0..=1_000_000, Some(0))?, form.number("num", 1..=200, Some(100))?);
    let found = everybody(&call, restraint).await?;
    let total = found.len();
    let users: Vec<_> = found.into_iter().skip(from as usize).take(size as usize).map(|one| one.user).collect();
    Ok(json!({ "total": total, "users": users }))
}
