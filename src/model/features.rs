//! What an app may do, and how: the switches that its owner sets.

use serde::{Deserialize, Serialize};

/// An app's switches. Kept as JSON: a field that is missing has its default, so that adding one needs no migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, not part of a state")]
pub struct Features {
    /// A user may be connected several times at once, and every device hears everything. Off: the newest connection
    /// ends the older ones (REQ 1.15).
    pub multi_device: bool,
    /// Users have their list of conversations and their history on the server (REQ 2.1, 3.1). Off: both answer
    /// `history_off`, and messages are kept only until they have been delivered, 7 days at most.
    pub history: bool,
    /// Members of a chatroom may page back further than what joining gave them (REQ 5.3).
    pub chatroom_history: bool,
    /// How long a user's token lives, in seconds. 0: until it is revoked (REQ 1.6).
    pub user_token_secs: u32,
    /// A chatroom in which nobody spoke for so many seconds ends (REQ 5.2).
    pub chatroom_idle_secs: u32,
    /// Who lost their last connection stays in their chatrooms for so many seconds (REQ 5.11).
    pub chatroom_keep_secs: u32,
    /// In private users hear only from those on their list, which the app's back end keeps.
    pub whitelist: bool,
    /// Messages sent by the back end reach its own webhooks too.
    pub echo_back_end: bool,
    /// The server API of the compatible protocol answers this app's back ends, once the app has a secret (A3).
    pub compatible_api: bool,
    /// Requests there may come again with a signature of any age, as code does that signs once per process (A2).
    pub compatible_repeats: bool,
    /// How far a request's time there may be off, in seconds (A1).
    pub compatible_skew_secs: u32,
}

impl Default for Features {
    fn default() -> Self {
        Self {
            multi_device: true,
            history: true,
            chatroom_history: false,
            user_token_secs: 30 * 24 * 3600,
            chatroom_idle_secs: 3600,
            chatroom_keep_secs: 30,
            whitelist: false,
            echo_back_end: false,
            compatible_api: true,
            compatible_repeats: false,
            compatible_skew_secs: 300,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_missing_has_its_default() {
        let features: Features = serde_json::from_str(r#"{"history":false}"#).unwrap();
        assert_eq!(features, Features { history: false, ..Features::default() });
    }
}
