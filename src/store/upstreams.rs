//! Apps whose conversations are led by another service, and the copy of what is said there.

use async_trait::async_trait;

use super::{Appended, NewMessage, Result};
use crate::model::{
    AppKey, ClientId, MessageUid, Millis, Upstream, UserId,
    upstream::{Pending, Seat},
};

/// A message of an upstream, to be kept here too.
#[derive(Debug, Clone)]
pub struct Mirrored {
    /// The message, with the upstream's time.
    pub new: NewMessage,
    /// Its id there: 1–64 characters.
    pub uid: String,
    /// Whose copy it belongs to. When they wrote it, it is their own.
    pub visitor: UserId,
    /// The time here. An id there that lies in the future is not taken over.
    pub now: Millis,
}

/// What an engine keeps of upstreams: at most one per app.
#[async_trait]
pub trait Upstreams: Send + Sync {
    /// The app's upstream and its sealed secret.
    async fn upstream(&self, app: &AppKey) -> Result<Option<(Upstream, Vec<u8>)>>;
    /// Puts an upstream in the place of the one before, if any.
    async fn set_upstream(&self, app: &AppKey, upstream: Upstream, secret: Vec<u8>) -> Result<()>;
    /// Removes the upstream; whether there was one. What was copied stays.
    async fn remove_upstream(&self, app: &AppKey) -> Result<bool>;

    /// How far a visitor's copy has come. Who was never heard of is at the beginning.
    async fn seat(&self, app: &AppKey, visitor: &UserId) -> Result<Seat>;
    /// Notes what is on its way up, in the place of what was. It is durable before anything leaves.
    async fn put_pending(&self, app: &AppKey, visitor: &UserId, pending: Pending) -> Result<()>;
    /// Forgets what was on its way up under this client id: it did not arrive.
    async fn drop_pending(&self, app: &AppKey, visitor: &UserId, client_id: &ClientId) -> Result<()>;
    /// Moves forward the time of what was heard.
    async fn heard_until(&self, app: &AppKey, visitor: &UserId, at: Millis) -> Result<()>;
    /// Keeps a message of the upstream and how far the copy has come, and forgets what was on its way up when this is it.
    /// One that is here already is returned as repeated. The upstream's id becomes the message's own where it has our
    /// form, is not from the future and is free.
    async fn mirror(&self, app: &AppKey, mirrored: Mirrored) -> Result<Appended>;
    /// The message here that mirrors one there.
    async fn mirror_of(&self, app: &AppKey, uid: &str) -> Result<Option<MessageUid>>;
    /// The id there of a message that is a mirror.
    async fn upstream_uid(&self, app: &AppKey, uid: MessageUid) -> Result<Option<String>>;
}
