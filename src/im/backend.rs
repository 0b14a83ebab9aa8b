//! What an app's own back end may do: everything, within its app.
//!
//! REST has proved who asks, the command line needs no proof. Nothing here knows a key, a URL or a header. One file
//! below per subject; what a connected person may do lives beside this folder.

use super::Im;
use crate::model::AppKey;

pub mod answers;
mod apps;
pub mod broadcasts;
mod chatroom_rights;
pub mod chatrooms;
mod contacts;
pub mod conversations;
pub mod export;
mod files;
pub mod groups;
mod history;
pub mod house;
mod keeping;
pub mod keys;
pub mod messages;
mod pre_send;
mod presence;
pub mod record;
mod restraints;
mod robots;
mod search;
mod secrets;
mod statistics;
mod template;
pub mod upstream;
pub mod users;
pub mod webhooks;
pub mod words;

/// The domain as one app's back end sees it.
pub struct Backend<'i> {
    im: &'i Im,
    app: &'i AppKey,
}

impl Im {
    /// The domain as this app's back end sees it.
    pub const fn backend<'i>(&'i self, app: &'i AppKey) -> Backend<'i> {
        Backend { im: self, app }
    }
}
