//! The text form of a back end's key: `pk_`, its id, `_`, its secret of 256 random bits.
//!
//! The prefix lets scanners of leaked secrets recognise it; the id is no secret.

use subtle::ConstantTimeEq;

use super::Token;
use crate::{model::KeyId, store::TokenHash};

const PREFIX: &str = "pk_";

/// A key as its owner holds it.
#[derive(Clone)]
pub struct FullKey {
    /// The public part.
    pub id: KeyId,
    /// The secret part: a bearer shows it, a signed request proves that it is known.
    pub secret: Token,
}

impl FullKey {
    /// A new random key.
    pub fn random(rng: &mut dyn rand::RngCore) -> Self {
        Self { id: KeyId::random(rng), secret: Token::random(rng) }
    }

    /// A key that somebody presented; `None` when it cannot be one.
    pub fn presented(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        Some(Self { id: id.parse().ok()?, secret: Token::presented(secret)? })
    }

    /// The whole key, for its owner.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}_{}", self.id, self.secret.reveal())
    }
}

impl std::fmt::Debug for FullKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FullKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Whether a presented secret is the kept one. Without a kept one it takes as long and says no (A4).
pub fn is_secret_of(presented: &Token, kept: Option<&TokenHash>) -> bool {
    let nobody = TokenHash([0; 32]);
    let same = presented.hash().0.ct_eq(&kept.unwrap_or(&nobody).0);
    kept.is_some() && bool::from(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back() {
        let key = FullKey::random(&mut rand::rng());
        let text = key.reveal();
        assert!(text.starts_with("pk_") && text.len() == 3 + 13 + 1 + 43, "{text}");
        let read = FullKey::presented(&text).unwrap();
        assert_eq!((&read.id, &read.secret), (&key.id, &key.secret));
        assert!(!format!("{key:?}").contains(key.secret.reveal()));
    }

    #[test]
    fn what_cannot_be_a_key_is_none() {
        for text in
            ["", "pk_", "pk_abcd", "pk_abcd_short", "sk_abcd_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "pk_AB_x"]
        {
            assert!(FullKey::presented(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a4_only_the_right_secret_passes_and_none_does_without_one() {
        let (key, other) = (FullKey::random(&mut rand::rng()), FullKey::random(&mut rand::rng()));
        assert!(is_secret_of(&key.secret, Some(&key.secret.hash())));
        assert!(!is_secret_of(&other.secret, Some(&key.secret.hash())));
        assert!(!is_secret_of(&key.secret, None));
    }
}
