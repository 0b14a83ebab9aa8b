//! Looking for messages in all of the app's conversations, or in one user's.

use super::Backend;
use crate::{
    model::{
        Fault, UserId,
        search::{Found, Search},
    },
    store::search::Searcher,
};

impl Backend<'_> {
    /// Messages of the app; with a user, those that the user's conversations show them.
    pub async fn search(&self, search: Search, user: Option<UserId>) -> Result<Found, Fault> {
        let by = user.map_or(Searcher::BackEnd, Searcher::User);
        self.im.search_as(self.app, by, search).await
    }
}
