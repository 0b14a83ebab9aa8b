//! Messages of any of the app's conversations, page by page.

use super::Backend;
use crate::{
    im::{error::not_found, history::check},
    model::{
        Code, ConversationId, Fault, Kind, UserId,
        command::{History, Page},
    },
};

impl Backend<'_> {
    /// A page of any conversation of the app, with what participants hid from themselves.
    pub async fn history(&self, query: History) -> Result<Page, Fault> {
        check(&query)?;
        Ok(self.im.store.page(self.app, &query).await?)
    }

    /// The conversation that the back end names as it knows it: one between two by both of their ids, one of many by the
    /// app's own id of it.
    pub async fn conversation_named(
        &self,
        kind: Kind,
        user: Option<&UserId>,
        target: &str,
    ) -> Result<ConversationId, Fault> {
        let odd = |message: String| Fault::new(Code::BadRequest, message);
        let found = match (kind, user) {
            (Kind::Service, _) => {
                return Err(odd("a visitor has many service conversations; name one by its id".to_owned()));
            }
            (kind, Some(user)) if kind.is_pair() => {
                let other = target.parse().map_err(|error| odd(format!("`target`: {error}")))?;
                self.im.store.find_pair(self.app, kind, user, &other).await?
            }
            (kind, None) if !kind.is_pair() => {
                let handle = target.parse().map_err(|error| odd(format!("`target`: {error}")))?;
                self.im.store.conversation_by_handle(self.app, kind, &handle).await?.map(|found| found.id)
            }
            _ => {
                return Err(odd(
                    "a conversation between two is named by `user` and `target`, others by `target`".into()
                ));
            }
        };
        found.ok_or_else(not_found)
    }
}
