//! The app's word list.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{Json, Listing},
    call::Call,
    input::{Body, Query},
    operation::{Operation, Tag},
};
use crate::{
    im::backend::words::NewWord,
    model::{Code, Fault, Millis, Scope, words::Word},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/moderation/words", list)
            .named("listWords")
            .of(Tag::Moderation)
            .needs(Scope::Moderation)
            .says("The app's word list"),
        Operation::post("/v1/moderation/words", add)
            .named("addWords")
            .of(Tag::Moderation)
            .needs(Scope::Moderation)
            .fails(&[Code::LimitReached])
            .says("Puts words on the list")
            .explains(
                "They are looked for in every text that people send, from the next message on; not in what back ends \
                 send. Case, width and invisible characters hide nothing. A word that is there already is replaced. The \
                 list holds up to 1,000 words.",
            )
            .sends(json!({ "words": [{ "word": "damn", "replacement": "d**n", "whole": true }, { "word": "敏感" }] }))
            .audited(),
        Operation::delete("/v1/moderation/words", remove)
            .named("removeWord")
            .of(Tag::Moderation)
            .needs(Scope::Moderation)
            .says("Takes a word off the list")
            .audited(),
    ]
}

/// A word on the list.
#[derive(Serialize, ToSchema)]
struct WordView {
    /// As it was given.
    word: String,
    /// What stands in its place; absent: messages with the word are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<String>,
    /// Only where no letter or digit stands beside it.
    whole: bool,
    added_at: Millis,
}

/// A word to put on the list.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WordForm {
    /// What is looked for: 1 to 32 characters.
    #[schema(min_length = 1, max_length = 32)]
    word: String,
    /// What stands in its place, at most 32 characters. Without it messages with the word are refused.
    #[schema(max_length = 32)]
    replacement: Option<String>,
    /// Only where no letter or digit stands beside it. Without it, anywhere: the way for scripts without spaces.
    #[serde(default)]
    whole: bool,
}

/// Words to put on the list.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WordsForm {
    #[schema(min_items = 1, max_items = 100)]
    words: Vec<WordForm>,
}

/// Which word.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct WordQuery {
    /// The word, however it is written.
    #[param(min_length = 1, max_length = 32)]
    word: String,
}

/// Whether something was taken away.
#[derive(Serialize, ToSchema)]
struct Removed {
    /// It was there.
    removed: bool,
}

impl From<Word> for WordView {
    fn from(word: Word) -> Self {
        let Word { word, replacement, whole, added_at } = word;
        Self { word, replacement, whole, added_at }
    }
}

async fn list(call: Call, (): ()) -> Result<Listing<WordView>, Fault> {
    Ok(Listing::whole(call.backend().words().await?))
}

async fn add(call: Call, Body(form): Body<WordsForm>) -> Result<Listing<WordView>, Fault> {
    let word = |form: WordForm| NewWord { word: form.word, replacement: form.replacement, whole: form.whole };
    Ok(Listing::whole(call.backend().add_words(form.words.into_iter().map(word).collect()).await?))
}

async fn remove(call: Call, Query(which): Query<WordQuery>) -> Result<Json<Removed>, Fault> {
    let removed = call.backend().remove_words(&[which.word]).await? > 0;
    Ok(Json(Removed { removed }))
}
