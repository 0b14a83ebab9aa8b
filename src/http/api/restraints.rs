//! What users may not do: to come at all, or to write.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, RefOr, Type, schema::Schema},
};

use super::{
    answer::{Done, Json, Listing},
    call::Call,
    cursor::{self, PageQuery},
    input::{At, Body, Query, Segment},
    operation::{Operation, Tag},
};
use crate::model::{Fault, Millis, Scope, UserId, restraint::Restraint};

pub(super) fn operations() -> Vec<Operation> {
    [blocks(), gags()].into_iter().flatten().collect()
}

fn blocks() -> Vec<Operation> {
    vec![
        Operation::get("/v1/blocks", blocked)
            .named("listBlocks")
            .of(Tag::Users)
            .needs(Scope::Read)
            .says("Users who are blocked from everything, by id"),
        Operation::put("/v1/users/{user}/block", block)
            .named("blockUser")
            .of(Tag::Users)
            .needs(Scope::Moderation)
            .says("Blocks a user from everything")
            .explains("Their connections close with 4403 at once, and none is let in before the end.")
            .sends(json!({ "minutes": 60 }))
            .audited(),
        Operation::delete("/v1/users/{user}/block", unblock)
            .named("unblockUser")
            .of(Tag::Users)
            .needs(Scope::Moderation)
            .says("Lets a user in again")
            .audited(),
    ]
}

fn gags() -> Vec<Operation> {
    vec![
        Operation::get("/v1/gags/{gag}", gagged)
            .named("listGags")
            .of(Tag::Users)
            .needs(Scope::Read)
            .says("Users who may not write, by id"),
        Operation::put("/v1/users/{user}/gags/{gag}", gag)
            .named("gagUser")
            .of(Tag::Users)
            .needs(Scope::Moderation)
            .says("Lets a user read, but not write")
            .explains(
                "They hear `silenced` when they write. Gags for all kinds and for single ones stand side by side.",
            )
            .sends(json!({ "minutes": 60 }))
            .audited(),
        Operation::delete("/v1/users/{user}/gags/{gag}", ungag)
            .named("ungagUser")
            .of(Tag::Users)
            .needs(Scope::Moderation)
            .says("Lets a user write again")
            .audited(),
    ]
}

/// Where a user may not write.
#[derive(Clone, Copy)]
struct Gag(Restraint);

const GAGS: [(&str, Restraint); 4] = [
    ("all", Restraint::Writing),
    ("private", Restraint::WritingPrivate),
    ("groups", Restraint::WritingGroups),
    ("chatrooms", Restraint::WritingChatrooms),
];

impl FromStr for Gag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = GAGS.iter().find(|(name, _)| *name == text);
        known
            .map(|(_, restraint)| Self(*restraint))
            .ok_or_else(|| "a gag is `all`, `private`, `groups` or `chatrooms`".into())
    }
}

impl Segment for Gag {
    const MEANING: &'static str = "Where the user may not write. `groups` are discussions too.";

    fn schema() -> RefOr<Schema> {
        let names = GAGS.iter().map(|(name, _)| *name);
        Schema::from(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names))).into()
    }
}

/// How long.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TermForm {
    /// Minutes until it is over: 1 to 43200. Without it: for ever.
    #[schema(minimum = 1, maximum = 43_200)]
    minutes: Option<u32>,
}

/// Somebody under a restraint.
#[derive(Serialize, ToSchema)]
struct RestrainedView {
    user: UserId,
    /// Until when; absent: for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Millis>,
}

async fn put(call: &Call, user: UserId, restraint: Restraint, form: &TermForm) -> Result<Json<RestrainedView>, Fault> {
    let term = call.backend().restrain(&user, restraint, form.minutes).await?;
    Ok(Json(RestrainedView { user, until: term.until }))
}

async fn list(call: &Call, restraint: Restraint, page: &PageQuery) -> Result<Listing<RestrainedView>, Fault> {
    let (found, more) = call.backend().restrained(restraint, page.place()?, page.limit()?).await?;
    let next = found.last().filter(|_| more).map(|last| cursor::after(&last.user));
    let view = |it: crate::model::restraint::Restrained| RestrainedView { user: it.user, until: it.until };
    Ok(Listing { items: found.into_iter().map(view).collect(), next })
}

async fn block(
    call: Call,
    (At(user), Body(form)): (At<UserId>, Body<TermForm>),
) -> Result<Json<RestrainedView>, Fault> {
    put(&call, user, Restraint::Everything, &form).await
}

async fn unblock(call: Call, At(user): At<UserId>) -> Result<Done, Fault> {
    call.backend().lift(&user, Restraint::Everything).await?;
    Ok(Done)
}

async fn blocked(call: Call, Query(page): Query<PageQuery>) -> Result<Listing<RestrainedView>, Fault> {
    list(&call, Restraint::Everything, &page).await
}

async fn gag(
    call: Call,
    (At((user, gag)), Body(form)): (At<(UserId, Gag)>, Body<TermForm>),
) -> Result<Json<RestrainedView>, Fault> {
    put(&call, user, gag.0, &form).await
}

async fn ungag(call: Call, At((user, gag)): At<(UserId, Gag)>) -> Result<Done, Fault> {
    call.backend().lift(&user, gag.0).await?;
    Ok(Done)
}

async fn gagged(
    call: Call,
    (At(gag), Query(page)): (At<Gag>, Query<PageQuery>),
) -> Result<Listing<RestrainedView>, Fault> {
    list(&call, gag.0, &page).await
}
