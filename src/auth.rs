//! Secrets: random tokens and one-time codes, and passwords hashed with argon2id on a bounded pool.
//!
//! Floor 2. Knows nothing of whom a secret belongs to.

pub mod api_key;
pub mod app_secret;
pub mod hook_secret;
pub mod link;
pub mod signature;
pub mod slip;
pub mod vault;

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version, password_hash::SaltString,
};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::store::TokenHash;

/// A bearer credential of 256 random bits as text. Shown to its owner once, kept only as a hash (V2).
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Longest text that can be a token; longer input is refused unread.
    pub const MAX_LEN: usize = 64;

    /// A new random token.
    pub fn random(rng: &mut dyn rand::RngCore) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(data_encoding::BASE64URL_NOPAD.encode(&bytes))
    }

    /// A token that a client presented; `None` when it cannot be one.
    pub fn presented(text: &str) -> Option<Self> {
        let plausible = (32..=Self::MAX_LEN).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        plausible.then(|| Self(text.to_owned()))
    }

    /// The secret itself, for its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept. A look-up by this hash needs no constant-time comparison: its input is unguessable.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A code that a person reads from the terminal and types: eight symbols that cannot be mistaken for each other.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    const SYMBOLS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    /// A new random code of 40 bits: it is short-lived, single-use and its checks are throttled.
    pub fn random(rng: &mut dyn rand::RngCore) -> Self {
        let mut bytes = [0; 8];
        rng.fill_bytes(&mut bytes);
        let symbol = |byte: &u8| Self::SYMBOLS.get(usize::from(byte % 32)).copied().map_or('A', char::from);
        Self(bytes.iter().map(symbol).collect())
    }

    /// What somebody typed: case, dashes and spaces do not matter. `None` when it cannot be a code.
    pub fn typed(text: &str) -> Option<Self> {
        let symbols: String =
            text.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_uppercase()).take(9).collect();
        let plausible = symbols.len() == 8 && symbols.bytes().all(|b| Self::SYMBOLS.contains(&b));
        plausible.then_some(Self(symbols))
    }

    /// The code as it is printed: `ABCD-EFGH`.
    pub fn reveal(&self) -> String {
        let (head, tail) = self.0.split_at(4);
        format!("{head}-{tail}")
    }

    /// What is kept.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

/// Why a password was not hashed or checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Shorter than [`Passwords::MIN_CHARS`] or longer than [`Passwords::MAX_CHARS`].
    #[error("a password has {min} to {max} characters", min = Passwords::MIN_CHARS, max = Passwords::MAX_CHARS)]
    Length,
    /// On the list of common passwords.
    #[error("this password is known to many; choose another")]
    Common,
    /// More checks wait than allowed.
    #[error("too many sign-ins at once; try again in a moment")]
    Busy,
}

/// Hashes and checks passwords, at most a few at a time, so that sign-ins cannot starve the chat (O1).
#[derive(Debug, Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(Self::MAX_RUNNING)),
            waiting: Arc::new(Semaphore::new(Self::MAX_RUNNING + Self::MAX_WAITING)),
        }
    }
}

impl Passwords {
    /// Fewest characters (O1).
    pub const MIN_CHARS: usize = 12;
    /// Most characters (O1).
    pub const MAX_CHARS: usize = 256;
    const MAX_RUNNING: usize = 4;
    const MAX_WAITING: usize = 64;

    /// Checks the rules, then hashes with a random salt of its own. 19 MiB, 2 passes, 1 lane.
    pub async fn hash(&self, password: String, salt: [u8; 16]) -> Result<String, PasswordError> {
        check_rules(&password)?;
        let salt = SaltString::encode_b64(&salt).expect("16 bytes are a valid salt");
        self.run(move || {
            argon2id().hash_password(password.as_bytes(), &salt).expect("fixed valid parameters").to_string()
        })
        .await
    }

    /// Whether the password belongs to the hash. Without a hash (unknown user) it takes as long and says no (O2).
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, PasswordError> {
        if password.len() > Self::MAX_CHARS * 4 {
            return Ok(false);
        }
        self.run(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            let right = PasswordHash::new(&hash)
                .is_ok_and(|hash| argon2id().verify_password(password.as_bytes(), &hash).is_ok());
            known && right
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
        let place = self.waiting.clone().try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        let turn = self.running.clone().acquire_owned().await.map_err(|_| PasswordError::Busy)?;
        // The work goes on when whoever asked has gone, and so must its place: else leaving early would buy more.
        let work = move || {
            let _held = (place, turn);
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| PasswordError::Busy)
    }
}

/// A hash that no password matches, with the parameters of real ones.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn argon2id() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("19 MiB, 2 passes and 1 lane are valid");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn check_rules(password: &str) -> Result<(), PasswordError> {
    let chars = password.chars().count();
    if !(Passwords::MIN_CHARS..=Passwords::MAX_CHARS).contains(&chars) {
        return Err(PasswordError::Length);
    }
    let lower = password.to_lowercase();
    let repeats = lower.chars().collect::<std::collections::HashSet<_>>().len() < 4;
    let common = COMMON.lines().any(|word| lower == word || lower.strip_prefix(word).is_some_and(|rest| rest == word));
    if repeats || common { Err(PasswordError::Common) } else { Ok(()) }
}

/// The most used passwords of twelve or more characters, and shorter ones that get doubled.
const COMMON: &str = include_str!("auth/common_passwords.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_only_its_hash() {
        let passwords = Passwords::default();
        let hash = passwords.hash("a lamp on the table".to_owned(), [7; 16]).await.unwrap();
        assert!(passwords.verify("a lamp on the table".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("a lamp on the chair".to_owned(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("a lamp on the table".to_owned(), None).await.unwrap());
    }

    #[tokio::test]
    async fn o1_who_leaves_early_keeps_a_place_until_the_work_is_done() {
        let passwords = Passwords::default();
        let (go, gate) = std::sync::mpsc::channel::<()>();
        let mut asked = Box::pin(passwords.run(move || gate.recv()));
        assert!(futures_util::poll!(asked.as_mut()).is_pending());
        drop(asked);
        assert_eq!(passwords.running.available_permits(), Passwords::MAX_RUNNING - 1);
        drop(go);
        let all = u32::try_from(Passwords::MAX_RUNNING).unwrap();
        drop(passwords.running.acquire_many(all).await.unwrap());
    }

    #[tokio::test]
    async fn o1_too_many_at_once_are_refused() {
        let passwords = Passwords::default();
        let _places = passwords.waiting.clone().try_acquire_many_owned(68).unwrap();
        assert_eq!(passwords.verify("x".to_owned(), None).await, Err(PasswordError::Busy));
    }

    #[test]
    fn o1_short_and_common_passwords_are_refused() {
        assert_eq!(check_rules("elevenchars"), Err(PasswordError::Length));
        assert_eq!(check_rules("aaaaaaaaaaaa"), Err(PasswordError::Common));
        assert_eq!(check_rules("Password1234"), Err(PasswordError::Common));
        assert_eq!(check_rules("correct horse battery"), Ok(()));
    }

    #[test]
    fn the_hash_of_nobody_can_be_read() {
        assert!(PasswordHash::new(NOBODY).is_ok());
    }

    #[test]
    fn a_code_may_be_typed_carelessly() {
        let code = Code::random(&mut rand::rng());
        assert_eq!(Code::typed(&code.reveal().to_lowercase()), Some(code));
        assert_eq!(Code::typed("ABCD-EFG1"), None);
    }
}
