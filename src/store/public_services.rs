//! Accounts of an app that speak to many, and who follows them.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, Millis, PublicService, UserId};

/// Verbs about public services.
#[async_trait]
pub trait PublicServices: Send + Sync {
    /// Makes a user with the role `System` a public service, or changes what is known of it. Its kind stays.
    async fn save_public_service(&self, app: &AppKey, service: PublicService, at: Millis) -> Result<()>;
    /// A public service, as this user sees it.
    async fn public_service(&self, app: &AppKey, id: &UserId, user: Option<&UserId>) -> Result<Option<PublicService>>;
    /// Public services whose id or name holds `words`, by id after `after`, at most `limit`; with `followed` only
    /// those that the user has.
    async fn public_services(
        &self,
        app: &AppKey,
        user: Option<&UserId>,
        filter: (&str, bool),
        after: Option<&UserId>,
        limit: u16,
    ) -> Result<Vec<PublicService>>;
    /// Lets a user follow a public service, or no more. Doing so twice is harmless.
    async fn follow(&self, app: &AppKey, id: &UserId, user: &UserId, on: bool, at: Millis) -> Result<()>;
}
