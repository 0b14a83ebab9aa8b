//! Messages by what they say.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::Json,
    call::Call,
    cursor,
    input::Query,
    operation::{Operation, Tag},
    shape::MessageView,
};
use crate::model::{
    ConversationId, Fault, Kind, MessageUid, Millis, Scope, UserId,
    search::{Hit, Search},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/search", search)
            .named("searchMessages")
            .of(Tag::Conversations)
            .needs(Scope::Read)
            .says("Messages that say something, newest first")
            .explains(
                "All words must occur, each anywhere inside the text: there are no operators. Case and accents do not \
                 matter. Searched are texts, notes, left messages, names of files and titles. `partial` says that the \
                 time was over, or that the newest messages are not in the index yet.",
            ),
    ]
}

/// What to look for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct SearchQuery {
    /// Up to 8 words.
    #[param(min_length = 1, max_length = 200)]
    query: String,
    /// Only what this user's conversations show them.
    #[param(value_type = Option<String>)]
    user: Option<UserId>,
    /// Only in this conversation.
    #[param(value_type = Option<String>)]
    conversation: Option<ConversationId>,
    /// Only in conversations of this kind.
    #[param(value_type = Option<String>)]
    kind: Option<Kind>,
    /// Only what this one wrote.
    #[param(value_type = Option<String>)]
    from: Option<UserId>,
    /// Only messages of this type, such as `RC:FileMsg`.
    #[serde(rename = "type")]
    #[param(rename = "type", min_length = 1, max_length = 32)]
    name: Option<String>,
    /// Only what was sent before this instant.
    #[param(value_type = Option<i64>)]
    before_at: Option<Millis>,
    /// Only what was sent after this instant.
    #[param(value_type = Option<i64>)]
    after_at: Option<Millis>,
    /// Hits of a page: 1 to 50; without it 20.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    #[param(max_length = 300)]
    cursor: Option<String>,
}

/// A message that was looked for.
#[derive(Serialize, ToSchema)]
struct HitView {
    message: MessageView,
    /// What it says, or 200 characters around the first mark.
    text: String,
    /// Where the words stand in `text`: from and to, in UTF-16 code units.
    #[schema(value_type = Vec<Vec<u32>>)]
    marks: Vec<(usize, usize)>,
}

/// A page of hits.
#[derive(Serialize, ToSchema)]
struct FoundView {
    items: Vec<HitView>,
    /// The `cursor` of the next page; absent when all was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Not everything was looked at.
    partial: bool,
}

async fn search(call: Call, Query(it): Query<SearchQuery>) -> Result<Json<FoundView>, Fault> {
    let name = it.name.map(|name| name.parse()).transpose()?;
    let search = Search {
        query: it.query,
        conversation: it.conversation,
        kinds: it.kind.into_iter().collect(),
        from: it.from,
        name,
        before_at: it.before_at,
        after_at: it.after_at,
        before: cursor::place::<MessageUid>(it.cursor.as_deref())?,
        limit: it.limit.unwrap_or(20),
    };
    let found = call.backend().search(search, it.user).await?;
    let view = |Hit { message, text, marks }| HitView { message: message.into(), text, marks };
    Ok(Json(FoundView {
        items: found.hits.into_iter().map(view).collect(),
        next: found.next.map(|uid| cursor::after(&uid)),
        partial: found.partial,
    }))
}
