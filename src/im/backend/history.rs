//! Messages of any of the app's conversations, page by page.

use super::Backend;
use crate::{
    im::history::check,
    model::{
        Fault,
        command::{History, Page},
    },
};

impl Backend<'_> {
    /// A page of any conversation of the app, with what participants hid from themselves.
    pub async fn history(&self, query: History) -> Result<Page, Fault> {
        check(&query)?;
        Ok(self.im.store.page(self.app, &query).await?)
    }
}
