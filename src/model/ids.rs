//! Identifiers. Each is a type of its own, so that mixing two up does not compile.

use std::{fmt, str::FromStr, sync::Arc};

use data_encoding::{Encoding, Specification};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use std::sync::LazyLock;

/// A text that is not an id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}")]
pub struct InvalidId {
    what: &'static str,
    text: String,
}

impl InvalidId {
    fn new(what: &'static str, text: &str) -> Self {
        // Never echo an endless input back.
        Self { what, text: text.chars().take(80).collect() }
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.into())) } else { Err(InvalidId::new($what, text)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

fn is_key(text: &str) -> bool {
    (4..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

fn is_visible_ascii(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

text_id!(
    /// Names one tenant: 4–32 lower-case letters and digits. Public.
    AppKey, "an app key (4 to 32 lower-case letters and digits)", is_key
);
text_id!(
    /// Names one embedding of an app; the part of the pasted line that differs. Public.
    SiteKey, "a site key (4 to 32 lower-case letters and digits)", is_key
);
text_id!(
    /// A user within an app: 1–64 visible ASCII characters, chosen by the app's own back end or minted by us.
    UserId, "a user id (1 to 64 visible ASCII characters)", is_visible_ascii
);
text_id!(
    /// The app's own id of a group, discussion or chatroom: 1–64 visible ASCII characters, unique per app and kind.
    Handle, "a handle (1 to 64 visible ASCII characters)", is_visible_ascii
);
text_id!(
    /// Names one webhook: 4–32 lower-case letters and digits.
    WebhookId, "a webhook id (4 to 32 lower-case letters and digits)", is_key
);
text_id!(
    /// The public part of a back end's key: 4–32 lower-case letters and digits.
    KeyId, "a key id (4 to 32 lower-case letters and digits)", is_key
);
text_id!(
    /// Names one secret that an app shares with its back ends: 4–32 lower-case letters and digits.
    SecretId, "a secret's id (4 to 32 lower-case letters and digits)", is_key
);
text_id!(
    /// Names one message to everybody: 4–32 lower-case letters and digits.
    BroadcastId, "a broadcast id (4 to 32 lower-case letters and digits)", is_key
);
text_id!(
    /// The sender's own id of a message: 1–64 visible ASCII characters. Makes retries harmless.
    ClientId, "a client id (1 to 64 visible ASCII characters)", is_visible_ascii
);

const KEY_LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

pub(crate) fn random_key(rng: &mut dyn rand::RngCore, length: usize) -> Arc<str> {
    let mut bytes = vec![0; length];
    rng.fill_bytes(&mut bytes);
    let letter = |byte: &u8| KEY_LETTERS.get(usize::from(byte % 32)).copied().map_or('a', char::from);
    bytes.iter().map(letter).collect::<String>().into()
}

impl AppKey {
    /// A new random key of 13 symbols.
    pub fn random(rng: &mut dyn rand::RngCore) -> Self {
        Self(random_key(rng, 13))
    }
}

impl SiteKey {
    /// A new random key of 16 symbols.
    pub fn random(rng: &mut dyn rand::RngCore) -> Self {
        Self(random_key(rng, 16))
    }
}

impl BroadcastId {
    /// A new random id of 16 symbols.
    pub fn random(rng: &mut dyn rand::RngCore) -> Self {
        Self(random_key(rng, 16))
    }
}

impl SecretId {
    /// A new random id of 13 symbols.
    pub fn random(rng: &mut dyn rand::RngCore) -> Self {
        Self(random_key(rng, 13))
    }
}

impl WebhookId {
    /// A new random id: `wh` and 20 symbols.
    pub fn random(rng: &mut dyn rand::RngCore) -> Self {
        Self(format!("wh{}", random_key(rng, 20)).into())
    }
}

impl KeyId {
    /// A new random id of 13 symbols.
    pub fn random(rng: &mut dyn rand::RngCore) -> Self {
        Self(random_key(rng, 13))
    }
}

impl UserId {
    /// A new random visitor id: `v` and 25 symbols (125 bits).
    pub fn random_visitor(rng: &mut dyn rand::RngCore) -> Self {
        Self(format!("v{}", random_key(rng, 25)).into())
    }

    /// A new random agent id: `a` and 15 symbols.
    pub fn random_agent(rng: &mut dyn rand::RngCore) -> Self {
        Self(format!("a{}", random_key(rng, 15)).into())
    }
}

/// One conversation: a UUIDv7 inside, `c` and 26 symbols outside; sortable by creation time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationId(u128);

/// Lower-case base 32 that keeps the order of the bytes.
pub(super) static SORTABLE: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    specification.encoding().expect("32 distinct ASCII symbols are a valid base-32 alphabet")
});

impl ConversationId {
    /// Wraps a 128-bit value, as kept by the store.
    pub const fn from_u128(value: u128) -> Self {
        Self(value)
    }

    /// The 128-bit value, as kept by the store.
    pub const fn as_u128(self) -> u128 {
        self.0
    }

    /// A new id: 48 bits of time, then 74 random bits.
    pub fn mint(now: super::Millis, rng: &mut dyn rand::RngCore) -> Self {
        let mut random = [0; 10];
        rng.fill_bytes(&mut random);
        let millis = u64::try_from(now.get()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().as_u128())
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", SORTABLE.encode(&self.0.to_be_bytes()))
    }
}

impl fmt::Debug for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConversationId({self})")
    }
}

impl FromStr for ConversationId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.strip_prefix('c')
            .and_then(|symbols| SORTABLE.decode(symbols.as_bytes()).ok())
            .and_then(|bytes| <[u8; 16]>::try_from(bytes).ok())
            .map(|bytes| Self(u128::from_be_bytes(bytes)))
            .ok_or_else(|| InvalidId::new("a conversation id", text))
    }
}

impl Serialize for ConversationId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ConversationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The public id of a message (`messageUId`): four groups of four symbols, unique, sortable by time.
///
/// Inside: a 63-bit number (41 bits of milliseconds since 2020, 12 bits of node, 10 bits of counter) which is
/// also the store's primary key, and 16 check bits, so that a guessed or mistyped id is refused before any look-up.
/// Source: `messageUId` of the message object, spec "Message types and enums" §1.1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageUid(i64);

impl MessageUid {
    /// Milliseconds from 1970 to 2020-01-01, where message numbers begin.
    pub const EPOCH_MS: i64 = 1_577_836_800_000;

    /// Wraps the store's number.
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// The store's number.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The instant inside it.
    pub const fn minted_at(self) -> super::Millis {
        super::Millis::new((self.0 >> 22) + Self::EPOCH_MS)
    }

    fn check(number: i64) -> u16 {
        // Any well-mixed function will do: this catches mistakes, it is no secret.
        let mixed = number.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        u16::try_from(mixed >> 48).expect("a 64-bit value shifted by 48 fits 16 bits")
    }
}

impl fmt::Display for MessageUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0_u8; 10];
        let (number, check) = bytes.split_at_mut(8);
        number.copy_from_slice(&self.0.to_be_bytes());
        check.copy_from_slice(&Self::check(self.0).to_be_bytes());
        let symbols = SORTABLE.encode(&bytes).to_ascii_uppercase();
        let (first, rest) = symbols.split_at(4);
        let (second, rest) = rest.split_at(4);
        let (third, fourth) = rest.split_at(4);
        write!(f, "{first}-{second}-{third}-{fourth}")
    }
}

impl fmt::Debug for MessageUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageUid({self})")
    }
}

impl FromStr for MessageUid {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId::new("a message id", text);
        if text.len() != 19 || !text.bytes().enumerate().all(|(at, b)| (b == b'-') == matches!(at, 4 | 9 | 14)) {
            return Err(invalid());
        }
        let symbols: String = text.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
        let bytes = SORTABLE.decode(symbols.as_bytes()).map_err(|_| invalid())?;
        let (number, check) = bytes.split_first_chunk::<8>().ok_or_else(invalid)?;
        let number = i64::from_be_bytes(*number);
        if number >= 0 && *check == Self::check(number).to_be_bytes() { Ok(Self(number)) } else { Err(invalid()) }
    }
}

impl Serialize for MessageUid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MessageUid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A place in a conversation: 1, 2, 3 … without gaps; 0 stands before the first message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One socket (or long-poll stand-in for it); no two nodes have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(pub u64);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_message_uid_survives_its_text(number in 0..i64::MAX) {
            let uid = MessageUid::from_number(number);
            prop_assert_eq!(uid.to_string().parse::<MessageUid>(), Ok(uid));
        }

        #[test]
        fn message_uids_sort_like_their_numbers(a in 0..i64::MAX, b in 0..i64::MAX) {
            let (x, y) = (MessageUid::from_number(a), MessageUid::from_number(b));
            prop_assert_eq!(x.to_string().cmp(&y.to_string()), a.cmp(&b));
        }

        #[test]
        fn a_conversation_id_survives_its_text(value: u128) {
            let id = ConversationId::from_u128(value);
            prop_assert_eq!(id.to_string().parse::<ConversationId>(), Ok(id));
        }

        #[test]
        fn parsing_ids_never_panics(text: String) {
            let _ = text.parse::<MessageUid>();
            let _ = text.parse::<ConversationId>();
            let _ = text.parse::<UserId>();
        }
    }

    #[test]
    fn a_message_uid_has_four_groups_of_four_symbols() {
        let text = MessageUid::from_number(1).to_string();
        assert_eq!(text.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4]);
    }

    #[test]
    fn a_mistyped_message_uid_is_refused() {
        let text = MessageUid::from_number(123_456).to_string();
        let wrong = text.replace(&text[0..1], if text.starts_with('1') { "2" } else { "1" });
        assert!(wrong.parse::<MessageUid>().is_err());
    }
}
