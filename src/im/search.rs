//! Looking for messages by what they say.

use super::{Im, retention::history_off};
use crate::{
    model::{
        AppKey, Caller, Code, Fault,
        search::{Found, Hit, Search, words_of},
    },
    store::search::Searcher,
};

impl Im {
    /// Messages that this caller may see: of their own conversations, and for agents of every service conversation.
    pub async fn search(&self, caller: &Caller, search: Search) -> Result<Found, Fault> {
        if !self.has_history(caller).await? {
            return Err(history_off());
        }
        if let Some(conversation) = search.conversation {
            self.route(caller, conversation).await?;
        }
        let id = caller.id().clone();
        let by = if caller.is_agent() { Searcher::Agent(id) } else { Searcher::User(id) };
        self.search_as(&caller.app, by, search).await
    }

    pub(super) async fn search_as(&self, app: &AppKey, by: Searcher, search: Search) -> Result<Found, Fault> {
        let words = check(&search)?;
        let finding = self.store.search(app, by, words.clone(), search).await?;
        let hits = finding.messages.into_iter().filter_map(|message| Hit::of(message, &words)).collect();
        Ok(Found { hits, next: finding.next, partial: finding.partial })
    }
}

/// The words to look for, if that can be done.
fn check(search: &Search) -> Result<Vec<String>, Fault> {
    let bad = |message: String| Err(Fault::new(Code::BadRequest, message));
    if !(1..=Search::MAX_LIMIT).contains(&search.limit) {
        return bad(format!("`limit` is {}; allowed are 1 to {}", search.limit, Search::MAX_LIMIT));
    }
    let chars = search.query.chars().count();
    if chars > Search::MAX_CHARS {
        return bad(format!("`query` has {chars} characters; the limit is {}", Search::MAX_CHARS));
    }
    if search.query.contains('\0') {
        return bad("`query` holds the character U+0000".to_owned());
    }
    if search.kinds.len() > 8 {
        return bad(format!("`kinds` has {} entries; there are 8 kinds", search.kinds.len()));
    }
    let words = words_of(&search.query);
    if !(1..=Search::MAX_WORDS).contains(&words.len()) {
        return bad(format!("`query` has {} words; allowed are 1 to {}", words.len(), Search::MAX_WORDS));
    }
    Ok(words)
}
