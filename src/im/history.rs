//! Reading messages back, page by page.

use super::{Im, retention::history_off};
use crate::model::{
    Caller, Code, Fault, Kind,
    command::{History, Page},
};

impl Im {
    /// A page of a conversation that this caller may read.
    pub async fn history(&self, caller: &Caller, query: History) -> Result<Page, Fault> {
        check(&query)?;
        self.catch_up(caller).await?;
        let route = self.route(caller, query.conversation).await?;
        if route.kind == Kind::Chatroom && !self.features(&caller.app).await?.chatroom_history {
            let message = "chatrooms have no history to page through; joining gives the latest messages";
            return Err(Fault::new(Code::ChatroomHistoryOff, message));
        }
        // Without history one may still catch up from a place that one has.
        let catches_up = query.after.is_some();
        if !catches_up && !matches!(route.kind, Kind::Service | Kind::Chatroom) && !self.has_history(caller).await? {
            return Err(history_off());
        }
        Ok(self.store.page_for(&caller.app, caller.id(), &query).await?)
    }
}

/// Refuses pages that cannot be.
pub(super) fn check(query: &History) -> Result<(), Fault> {
    if !(1..=History::MAX_LIMIT).contains(&query.limit) {
        let message = format!("`limit` is {}; allowed are 1 to {}", query.limit, History::MAX_LIMIT);
        return Err(Fault::new(Code::BadRequest, message));
    }
    if query.before.is_some() && query.after.is_some() {
        return Err(Fault::new(Code::BadRequest, "give `before` or `after`, not both"));
    }
    if let (Some(after), Some(before)) = (query.after_at, query.before_at)
        && after >= before
    {
        return Err(Fault::new(Code::BadRequest, "`after_at` must lie before `before_at`"));
    }
    Ok(())
}
