//! Words that are replaced or refused (compatible protocol, "Conversations, moderation, push").

use serde_json::json;

use super::{
    call::{Call, done},
    form::Form,
    operation::{Operation, Outcome},
    refusal::Refusal,
    show,
};
use crate::{
    im::backend::words::NewWord,
    model::{Code, words::Word},
};

/// Most words taken off at once.
const MOST: usize = 50;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::form("sensitiveword/add", add)
            .needs(&["word"])
            .example("word=darn&replaceWord=****")
            .says("Replaces a word, or refuses messages with it; works at once"),
        Operation::form("sensitiveword/delete", remove)
            .needs(&["word"])
            .example("word=darn")
            .says("Takes a word off the list"),
        Operation::form("sensitiveword/batch/delete", remove_many)
            .needs(&["words"])
            .example("words=darn&words=heck")
            .says("Takes up to 50 words off the list"),
        Operation::form("sensitiveword/list", list).example("type=2").says("The list"),
        Operation::form("wordfilter/add", add)
            .needs(&["word"])
            .example("word=darn")
            .says("`sensitiveword/add`, as older code writes it"),
        Operation::form("wordfilter/delete", remove)
            .needs(&["word"])
            .example("word=darn")
            .says("`sensitiveword/delete`, as older code writes it"),
        Operation::form("wordfilter/list", list).says("`sensitiveword/list`, as older code writes it"),
    ]
}

async fn add(call: Call, form: Form) -> Outcome {
    let replacement = form.text("replaceWord").map(str::to_owned);
    let word = NewWord { word: form.need("word")?.to_owned(), replacement, whole: false };
    call.backend().add_words(vec![word]).await.map_err(|fault| match fault.code {
        Code::LimitReached => Refusal::new(400, 1019, &fault.message),
        _ => fault.into(),
    })?;
    call.record("addWords", "").await?;
    done()
}

async fn remove(call: Call, form: Form) -> Outcome {
    let words = [form.need("word")?.to_owned()];
    call.backend().remove_words(&words).await?;
    call.record("removeWord", "").await?;
    done()
}

async fn remove_many(call: Call, form: Form) -> Outcome {
    let words: Vec<String> = form.ids("words", MOST)?;
    call.backend().remove_words(&words).await?;
    call.record("removeWord", "").await?;
    done()
}

async fn list(call: Call, form: Form) -> Outcome {
    let kind = form.number("type", 0..=2, Some(2))?;
    // 0 replaces, 1 refuses.
    let its = |word: &Word| u32::from(word.replacement.is_none());
    let shown = |word: Word| {
        let its = its(&word).to_string();
        let replacement = word.replacement.unwrap_or_default();
        json!({ "type": its, "word": word.word, "replaceWord": replacement, "time": show::instant(word.added_at) })
    };
    let words = call.backend().words().await?;
    let words: Vec<_> = words.into_iter().filter(|word| kind == 2 || its(word) == kind).map(shown).collect();
    Ok(json!({ "words": words }))
}
