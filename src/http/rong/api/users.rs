//! Users: who they are, their tokens, lists, tags (compatible protocol, "Users").

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, done},
    form::{Form, read},
    operation::{Operation, Outcome},
    refusal::Refusal,
    show,
};
use crate::{
    im::backend::users::UserChange,
    model::{Contacts, Millis, UserId},
};

/// Most users on one list per request.
const MOST_LISTED: usize = 20;
/// Longest name and address of a picture.
const MAX_NAME: usize = 64;
const MAX_PORTRAIT: usize = 512;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::form("user/getToken", get_token)
            .needs(&["userId"])
            .example("userId=nora&name=Nora&portraitUri=https%3A%2F%2Fshop.example%2Fnora.png")
            .says("A token; the user is made, or renamed"),
        Operation::form("user/refresh", refresh)
            .needs(&["userId"])
            .example("userId=nora&name=Nora+Berg")
            .says("Another name or picture"),
        Operation::form("user/info", info).needs(&["userId"]).example("userId=nora").says("Name, picture and age"),
        Operation::form("user/token/expire", expire)
            .needs(&["userId", "time"])
            .example("userId=nora&time=1600000000000")
            .says("Ends tokens issued before an instant"),
        Operation::form("user/checkOnline", check_online)
            .needs(&["userId"])
            .example("userId=nora")
            .says("Whether a user is connected"),
        contact("user/blacklist/add", Contacts::Blocked, true).says("Who cannot write to a user"),
        contact("user/blacklist/remove", Contacts::Blocked, false).says("Who can again"),
        contacts("user/blacklist/query", Contacts::Blocked).says("Who cannot write to a user"),
        contact("user/whitelist/add", Contacts::Allowed, true).says("Who may write to a user"),
        contact("user/whitelist/remove", Contacts::Allowed, false).says("Who may no more"),
        contacts("user/whitelist/query", Contacts::Allowed).says("Who may write to a user"),
        Operation::json("user/tag/set", tag)
            .needs(&["userId", "tags"])
            .example(r#"{"userId":"nora","tags":["gold"]}"#)
            .says("Replaces a user's tags"),
        Operation::json("user/tag/batch/set", tag_many)
            .needs(&["userIds", "tags"])
            .example(r#"{"userIds":["nora","olaf"],"tags":["gold"]}"#)
            .says("Replaces the tags of up to 1,000 users"),
        Operation::form("user/tags/get", tags)
            .needs(&["userIds"])
            .example("userIds=nora&userIds=olaf")
            .says("The tags of up to 50 users"),
    ]
}

fn change(form: &Form) -> Result<UserChange, Refusal> {
    let text = |name: &str, most: usize| match form.given(name) {
        Some(value) if value.chars().count() > most => {
            Err(Refusal::new(400, 1005, &format!("`{name}` is longer than {most} characters")))
        }
        value => Ok(value.map(str::to_owned)),
    };
    Ok(UserChange { name: text("name", MAX_NAME)?, portrait: text("portraitUri", MAX_PORTRAIT)? })
}

async fn get_token(call: Call, form: Form) -> Outcome {
    let user: UserId = form.id("userId")?;
    let issued = call.backend().issue_token(&user, change(&form)?, None).await?;
    call.record("getToken", user.as_str()).await?;
    Ok(json!({ "userId": user, "token": issued.token.reveal() }))
}

async fn refresh(call: Call, form: Form) -> Outcome {
    let user: UserId = form.id("userId")?;
    call.backend().user(&user).await?;
    call.backend().save_user(&user, change(&form)?).await?;
    done()
}

async fn info(call: Call, form: Form) -> Outcome {
    let profile = call.backend().user(&form.id("userId")?).await?;
    Ok(json!({
        "userName": profile.person.name,
        "userPortrait": profile.person.portrait.unwrap_or_default(),
        "createTime": show::instant(profile.created_at),
    }))
}

async fn expire(call: Call, form: Form) -> Outcome {
    let users: Vec<UserId> = form.ids("userId", MOST_LISTED)?;
    let before: i64 = form.id("time")?;
    for user in &users {
        call.backend().revoke_tokens(user, Some(Millis::new(before))).await?;
        call.record("expireTokens", user.as_str()).await?;
    }
    done()
}

async fn check_online(call: Call, form: Form) -> Outcome {
    let user: UserId = form.id("userId")?;
    let here = call.backend().presence(vec![user])?.first().is_some_and(|one| one.online);
    Ok(json!({ "status": if here { "1" } else { "0" } }))
}

/// What the others on a list are called.
const fn others(list: Contacts) -> &'static str {
    match list {
        Contacts::Blocked => "blackUserId",
        Contacts::Allowed => "whiteUserId",
    }
}

fn contact(path: &'static str, list: Contacts, on: bool) -> Operation {
    let (needs, example): (&'static [&'static str], _) = match list {
        Contacts::Blocked => (&["userId", "blackUserId"], "userId=nora&blackUserId=olaf"),
        Contacts::Allowed => (&["userId", "whiteUserId"], "userId=nora&whiteUserId=olaf"),
    };
    let run = move |call: Call, form: Form| async move {
        let user: UserId = form.id("userId")?;
        let listed: Vec<UserId> = form.ids(others(list), MOST_LISTED)?;
        call.backend().know_users(&listed).await?;
        call.backend().know_users(std::slice::from_ref(&user)).await?;
        call.backend().set_contacts(list, &user, &listed, on).await?;
        done()
    };
    Operation::form(path, run).needs(needs).example(example)
}

fn contacts(path: &'static str, list: Contacts) -> Operation {
    let run = move |call: Call, form: Form| async move {
        let listed = call.backend().contacts(list, &form.id("userId")?).await?;
        let users: Vec<_> = listed.into_iter().map(|person| person.id).collect();
        Ok(json!({ "users": users }))
    };
    Operation::form(path, run).needs(&["userId"]).example("userId=nora")
}

/// A user's tags.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tagged {
    user_id: String,
    tags: Vec<String>,
}

/// The tags of many.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManyTagged {
    user_ids: Vec<String>,
    tags: Vec<String>,
}

async fn tag(call: Call, body: Tagged) -> Outcome {
    tag_many(call, ManyTagged { user_ids: vec![body.user_id], tags: body.tags }).await
}

async fn tag_many(call: Call, body: ManyTagged) -> Outcome {
    let users: Vec<UserId> = body.user_ids.iter().map(|user| read("userIds", user)).collect::<Result<_, _>>()?;
    call.backend().know_users(&users).await?;
    call.backend().set_tags(&users, &body.tags).await?;
    done()
}

async fn tags(call: Call, form: Form) -> Outcome {
    let users: Vec<UserId> = form.ids("userIds", 50)?;
    let found = call.backend().tags_of(&users).await?;
    let result: BTreeMap<String, Value> =
        found.into_iter().map(|(user, tags)| (user.to_string(), json!(tags))).collect();
    Ok(json!({ "result": result }))
}
