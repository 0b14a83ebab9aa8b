//! The one table of error codes. HTTP, the wires, the docs and the front end read it from here.

use std::borrow::Cow;

use serde::{Serialize, Serializer, ser::SerializeStruct};

macro_rules! codes {
    ($(#[doc = $meaning:literal] $variant:ident = $name:literal, $status:literal, $temporary:literal;)*) => {
        /// Every error a client can meet. A code never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name on every wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means, for the docs.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// The HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// Whether the same request may work later.
            pub const fn temporary(self) -> bool {
                match self { $(Self::$variant => $temporary,)* }
            }
        }
    };
}

codes! {
    /// The request is not well-formed: not JSON, a wrong type, an unknown field.
    BadRequest = "bad_request", 400, false;
    /// The command's name is not known in this protocol version.
    UnknownCommand = "unknown_command", 400, false;
    /// The protocol version asked for is not spoken here.
    UnsupportedVersion = "unsupported_version", 400, false;
    /// No valid credentials came with the request.
    Unauthorized = "unauthorized", 401, false;
    /// The signed request was seen before; sign each request anew.
    Replayed = "replayed", 401, false;
    /// E-mail and password do not match.
    WrongLogin = "wrong_login", 401, false;
    /// The caller may not do this.
    Forbidden = "forbidden", 403, false;
    /// The caller may not write here: they, or everybody, were silenced.
    Silenced = "silenced", 403, false;
    /// The other one has blocked the caller.
    Blocked = "blocked", 403, false;
    /// The other one hears only from those on their list, and the caller is not.
    NotOnList = "not_on_list", 403, false;
    /// The app's back end has blocked the caller from everything.
    UserBlocked = "user_blocked", 403, false;
    /// The app does not keep conversations and history for its users.
    HistoryOff = "history_off", 403, false;
    /// The caller was put out of this group or chatroom and may not come back.
    Banned = "banned", 403, false;
    /// The caller is not in this chatroom and must join it first.
    NotInChatroom = "not_in_chatroom", 403, false;
    /// The app keeps no history of chatrooms to page through.
    ChatroomHistoryOff = "chatroom_history_off", 403, false;
    /// Somebody else set this attribute.
    AttributeTaken = "attribute_taken", 403, false;
    /// The page's origin is not on the list.
    OriginRefused = "origin_refused", 403, false;
    /// The set-up code is wrong, used or expired.
    WrongCode = "wrong_code", 403, false;
    /// It does not exist, or the caller may not know of it.
    NotFound = "not_found", 404, false;
    /// There is no such chatroom (any more); joining makes it.
    NoChatroom = "no_chatroom", 404, false;
    /// The chatroom has no attribute with this key.
    NoAttribute = "no_attribute", 404, false;
    /// This address does not take this method.
    MethodNotAllowed = "method_not_allowed", 405, false;
    /// The client id was used before with another content.
    ClientIdReused = "client_id_reused", 409, false;
    /// The conversation has ended and takes no more messages.
    ConversationClosed = "conversation_closed", 409, false;
    /// The time in which this could be done is over.
    TooLate = "too_late", 409, false;
    /// It is not whole yet; ask again a little later.
    NotYet = "not_yet", 409, true;
    /// Another agent was faster.
    AlreadyTaken = "already_taken", 409, false;
    /// It exists already.
    AlreadyExists = "already_exists", 409, false;
    /// The group has as many members as it may have.
    GroupFull = "group_full", 409, false;
    /// There are as many of these as there may be.
    LimitReached = "limit_reached", 409, false;
    /// The idempotency key was used before with another request.
    IdempotencyReused = "idempotency_reused", 409, false;
    /// A request with this idempotency key is at work; its answer comes to whoever asks again.
    InProgress = "in_progress", 409, true;
    /// The caller is in as many chatrooms as allowed.
    TooManyChatrooms = "too_many_chatrooms", 409, false;
    /// The chatroom has as many attributes as it may have.
    AttributesFull = "attributes_full", 409, false;
    /// The body or message is larger than allowed.
    TooLarge = "too_large", 413, false;
    /// The body's media type or encoding is not taken.
    UnsupportedMediaType = "unsupported_media_type", 415, false;
    /// The app does not want what the message says.
    RefusedWords = "refused_words", 422, false;
    /// The app's back end does not take this message.
    RefusedByApp = "refused_by_app", 422, false;
    /// The password is too short, too long or too common.
    WeakPassword = "weak_password", 422, false;
    /// Too many requests; wait and try again.
    RateLimited = "rate_limited", 429, true;
    /// Something broke on our side. It is written down under the request's id.
    Internal = "internal", 500, true;
    /// The service that answers this app's visitors does not let us in.
    UpstreamRefused = "upstream_refused", 502, false;
    /// The store or a part behind it does not answer now.
    Unavailable = "unavailable", 503, true;
    /// The service that answers this app's visitors does not answer now.
    UpstreamAway = "upstream_away", 503, true;
    /// The server restarts.
    Restarting = "restarting", 503, true;
    /// The server's disk is full: nothing new is stored until there is room.
    StorageFull = "storage_full", 507, true;
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// An error as a client sees it: `{code, message, temporary}` and, when known, `retry_after` in seconds.
/// The message says what was given, what is allowed, what to do next; never paths or queries (A7).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.name())]
pub struct Fault {
    /// Which error.
    pub code: Code,
    /// What to tell a person.
    pub message: Cow<'static, str>,
    /// Seconds after which a retry makes sense.
    pub retry_after_secs: Option<u32>,
}

impl Fault {
    /// A fault with this message.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), retry_after_secs: None }
    }

    /// The same, with a hint when to try again.
    #[must_use]
    pub const fn retry_after(mut self, secs: u32) -> Self {
        self.retry_after_secs = Some(secs);
        self
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Fault", 4)?;
        fields.serialize_field("code", &self.code)?;
        fields.serialize_field("message", &self.message)?;
        fields.serialize_field("temporary", &self.code.temporary())?;
        if let Some(secs) = self.retry_after_secs {
            fields.serialize_field("retry_after", &secs)?;
        }
        fields.end()
    }
}

/// Why a socket is closed. The code tells the client whether to come back (security §13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// Both sides are done.
    Normal = 1000,
    /// A frame broke the WebSocket protocol.
    Protocol = 1002,
    /// A text frame was not UTF-8.
    NotUtf8 = 1007,
    /// Too many bad frames.
    Policy = 1008,
    /// A message was larger than allowed.
    TooLarge = 1009,
    /// The server restarts; come back soon.
    Restart = 1012,
    /// The server has too much to do; come back later.
    Overload = 1013,
    /// The client read too slowly; come back and resume.
    Slow = 4008,
    /// The credentials are missing, wrong or expired; come back only with new ones.
    Token = 4401,
    /// Not allowed here; do not come back.
    Forbidden = 4403,
    /// Nothing was heard for too long; come back and resume.
    Timeout = 4408,
    /// A newer connection took this one's place.
    Replaced = 4409,
    /// The app allows one device at a time, and another one came; come back only when the person asks for it.
    TakenOver = 4410,
    /// Too many requests; come back later.
    RateLimited = 4429,
}

impl CloseCode {
    /// Every code.
    pub const ALL: [Self; 14] = [
        Self::Normal,
        Self::Protocol,
        Self::NotUtf8,
        Self::Policy,
        Self::TooLarge,
        Self::Restart,
        Self::Overload,
        Self::Slow,
        Self::Token,
        Self::Forbidden,
        Self::Timeout,
        Self::Replaced,
        Self::TakenOver,
        Self::RateLimited,
    ];

    /// The code with this number.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }

    /// The number on the wire.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// A few words for whoever reads the close frame.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Normal => "done",
            Self::Protocol => "broken frame",
            Self::NotUtf8 => "not UTF-8",
            Self::Policy => "too many bad frames",
            Self::TooLarge => "frame too large",
            Self::Restart => "the server restarts",
            Self::Overload => "too busy",
            Self::Slow => "read too slowly",
            Self::Token => "credentials missing, wrong or expired",
            Self::Forbidden => "not allowed here",
            Self::Timeout => "nothing was heard for too long",
            Self::Replaced => "replaced by a newer connection",
            Self::TakenOver => "another device took over",
            Self::RateLimited => "too many requests",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_table_is_this_one() {
        let documented = include_str!("../../docs/PROTOCOL.md");
        let row = |code: &Code| {
            let temporary = if code.temporary() { "yes" } else { "no" };
            format!("| `{}` | {} | {temporary} | {} |\n", code.name(), code.status(), code.meaning().trim())
        };
        let rows: String = Code::ALL.iter().map(row).collect();
        let table = format!("| Code | HTTP | Temporary | Meaning |\n|---|--:|---|---|\n{rows}");
        let (_, rest) = documented.split_once("<!-- errors:begin -->\n").unwrap();
        let (written, _) = rest.split_once("<!-- errors:end -->").unwrap();
        assert_eq!(written, table, "replace the table in docs/PROTOCOL.md with:\n{table}");
    }

    #[test]
    fn names_are_unique() {
        let names: std::collections::HashSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
