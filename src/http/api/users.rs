//! Users: who they are, their tokens and tags, and who of them is here.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{Created, Done, Json, Listing},
    call::Call,
    input::{At, Body, Query},
    operation::{Operation, Tag},
};
use crate::{
    auth::Token,
    im::backend::users::UserChange,
    model::{Code, Fault, Millis, Scope, UserId, person::Profile, presence},
};

pub(super) fn operations() -> Vec<Operation> {
    [profiles(), tokens(), tags()].into_iter().flatten().collect()
}

fn profiles() -> Vec<Operation> {
    vec![
        Operation::get("/v1/users/{user}", read)
            .named("readUser")
            .of(Tag::Users)
            .needs(Scope::Read)
            .says("A user"),
        Operation::put("/v1/users/{user}", save)
            .named("saveUser")
            .of(Tag::Users)
            .needs(Scope::Users)
            .says("Makes a user, or changes them")
            .explains(
                "What is left out stays as it is. Connections that stand go by the old name until they connect again. An \
                 id that belongs to a visitor or an agent is taken.",
            )
            .sends(json!({ "name": "Nora", "portrait": "https://shop.example/nora.png" }))
            .fails(&[Code::AlreadyExists]),
        Operation::post("/v1/presence", here)
            .named("queryPresence")
            .of(Tag::Users)
            .needs(Scope::Read)
            .says("Who of these is here now")
            .explains(
                "Up to 100 users, visitors or agents. Strangers are away. To hear who comes and goes, use a webhook with \
                 the topics `user.online` and `user.offline`.",
            )
            .sends(json!({ "users": ["nora"] })),
    ]
}

fn tokens() -> Vec<Operation> {
    vec![
        Operation::post("/v1/users/{user}/tokens", issue)
            .named("issueToken")
            .of(Tag::Users)
            .needs(Scope::Users)
            .says("Issues a token for a user, who is made when missing")
            .explains(
                "The token lives for `lives_secs`, else as long as the app's `user_token_secs` says; 0: until revoked.",
            )
            .sends(json!({ "name": "Nora", "lives_secs": 86_400 }))
            .fails(&[Code::AlreadyExists])
            .audited(),
        Operation::delete("/v1/users/{user}/tokens", revoke_all)
            .named("revokeTokens")
            .of(Tag::Users)
            .needs(Scope::Users)
            .says("Revokes tokens of a user")
            .explains("Connections that stand on them close with 4401 within 5 seconds.")
            .audited(),
        Operation::post("/v1/tokens/revoke", revoke)
            .named("revokeToken")
            .of(Tag::Users)
            .needs(Scope::Users)
            .says("Revokes one token")
            .sends(json!({ "token": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG" }))
            .audited(),
    ]
}

fn tags() -> Vec<Operation> {
    vec![
        Operation::put("/v1/tags", tag)
            .named("setTags")
            .of(Tag::Users)
            .needs(Scope::Users)
            .says("Replaces the tags of users")
            .explains("All of them, or none when one is unknown. Without tags all are removed.")
            .sends(json!({ "users": ["nora"], "tags": ["vip"] }))
            .fails(&[Code::NotFound]),
        Operation::post("/v1/tags/query", tags_of)
            .named("queryTags")
            .of(Tag::Users)
            .needs(Scope::Read)
            .says("The tags of users")
            .explains("Unknown users are left out.")
            .sends(json!({ "users": ["nora"] })),
    ]
}

/// A user.
#[derive(Serialize, ToSchema)]
struct UserView {
    id: UserId,
    /// The name shown; empty when nobody gave one.
    name: String,
    /// Address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    portrait: Option<String>,
    /// What you call them.
    tags: Vec<String>,
    created_at: Millis,
}

impl From<Profile> for UserView {
    fn from(profile: Profile) -> Self {
        let Profile { person, created_at, tags } = profile;
        Self { id: person.id, name: person.name, portrait: person.portrait, tags, created_at }
    }
}

/// What to change of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserForm {
    /// The name shown, at most 64 characters; empty for none.
    name: Option<String>,
    /// Address of a picture, http or https, at most 512 bytes; empty for none.
    #[schema(max_length = 512)]
    portrait: Option<String>,
}

/// A token to issue.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenForm {
    /// As for `saveUser`.
    name: Option<String>,
    /// As for `saveUser`.
    #[schema(max_length = 512)]
    portrait: Option<String>,
    /// Seconds until the token expires, at most ten years. 0: until it is revoked.
    #[schema(maximum = 315_360_000)]
    lives_secs: Option<u32>,
}

/// A new token.
#[derive(Serialize, ToSchema)]
struct TokenView {
    user: UserId,
    /// What the user's client says hello with. It is shown this once.
    token: String,
    /// From then on it opens nothing; absent: until it is revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Millis>,
}

/// Which tokens.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct IssuedBefore {
    /// Only those issued before this instant; without it all.
    before: Option<Millis>,
}

/// A token to revoke.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenToRevoke {
    token: String,
}

/// Whether a token was revoked.
#[derive(Serialize, ToSchema)]
struct Revoked {
    /// It was a token of a user of this app.
    revoked: bool,
}

/// Users.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Users {
    #[schema(max_items = 100)]
    users: Vec<UserId>,
}

/// Users and what to call them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TagForm {
    #[schema(max_items = 1000)]
    users: Vec<UserId>,
    /// Each at most 40 bytes.
    #[schema(max_items = 20)]
    tags: Vec<String>,
}

/// What a user is called.
#[derive(Serialize, ToSchema)]
struct TagsView {
    user: UserId,
    tags: Vec<String>,
}

/// Whether somebody is here.
#[derive(Serialize, ToSchema)]
struct PresenceView {
    user: UserId,
    /// They have a connection, or lost the last one a moment ago.
    online: bool,
    /// Since when, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Millis>,
}

impl From<presence::Presence> for PresenceView {
    fn from(presence: presence::Presence) -> Self {
        let presence::Presence { user, online, at } = presence;
        Self { user, online, at }
    }
}

async fn read(call: Call, At(user): At<UserId>) -> Result<Json<UserView>, Fault> {
    Ok(Json(call.backend().user(&user).await?.into()))
}

async fn save(call: Call, (At(user), Body(form)): (At<UserId>, Body<UserForm>)) -> Result<Json<UserView>, Fault> {
    let change = UserChange { name: form.name, portrait: form.portrait };
    Ok(Json(call.backend().save_user(&user, change).await?.into()))
}

async fn here(call: Call, Body(asked): Body<Users>) -> Result<Listing<PresenceView>, Fault> {
    Ok(Listing::whole(call.backend().presence(asked.users)?))
}

async fn issue(call: Call, (At(user), Body(form)): (At<UserId>, Body<TokenForm>)) -> Result<Created<TokenView>, Fault> {
    let change = UserChange { name: form.name, portrait: form.portrait };
    let issued = call.backend().issue_token(&user, change, form.lives_secs).await?;
    let place = format!("/v1/users/{user}");
    let token = issued.token.reveal().to_owned();
    Ok(Created::at(place, TokenView { user, token, expires_at: issued.expires_at }))
}

async fn revoke_all(call: Call, (At(user), Query(which)): (At<UserId>, Query<IssuedBefore>)) -> Result<Done, Fault> {
    call.backend().revoke_tokens(&user, which.before).await?;
    Ok(Done)
}

async fn revoke(call: Call, Body(form): Body<TokenToRevoke>) -> Result<Json<Revoked>, Fault> {
    let revoked = match Token::presented(&form.token) {
        Some(token) => call.backend().revoke_token(&token).await?,
        None => false,
    };
    Ok(Json(Revoked { revoked }))
}

async fn tag(call: Call, Body(form): Body<TagForm>) -> Result<Done, Fault> {
    call.backend().set_tags(&form.users, &form.tags).await?;
    Ok(Done)
}

async fn tags_of(call: Call, Body(asked): Body<Users>) -> Result<Listing<TagsView>, Fault> {
    let found = call.backend().tags_of(&asked.users).await?;
    Ok(Listing { items: found.into_iter().map(|(user, tags)| TagsView { user, tags }).collect(), next: None })
}
