//! What an app shares with its back ends in the older form: requests and callbacks carry SHA-1 over the secret, a nonce
//! and a time (compatible protocol, "Transport and authentication").
//!
//! The form covers neither path nor body; `auth/signature.rs` has the one that does. The three parts are simply joined,
//! so that characters could slide between nonce and time: whoever reads them insists on their form (A1).

use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use crate::model::{AppKey, SecretId, ids::random_key};

/// Symbols of a secret: 5 bits each (A5).
const LEN: usize = 52;

/// A signature in the older form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct JoinedSignature([u8; 20]);

impl JoinedSignature {
    /// Reads a signature as it stands in a header: 40 lower-case hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 40 {
            return None;
        }
        data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// As it stands in a header or an address.
    pub fn to_hex(self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }

    /// What is remembered of it.
    pub fn hash(self) -> [u8; 32] {
        <sha2::Sha256 as sha2::Digest>::digest(self.0).into()
    }
}

impl std::fmt::Debug for JoinedSignature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JoinedSignature(…)")
    }
}

/// A secret of 260 random bits: letters and digits, so that it can be pasted anywhere.
#[derive(Clone, PartialEq, Eq)]
pub struct SharedSecret(String);

impl SharedSecret {
    /// A new random secret.
    pub fn random(rng: &mut dyn rand::RngCore) -> Self {
        Self(random_key(rng, LEN).to_string())
    }

    /// The secret as it was kept; `None` when it is no text.
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        String::from_utf8(bytes).ok().map(Self)
    }

    /// What a sealed secret is for.
    pub fn purpose(app: &AppKey, id: &SecretId) -> String {
        format!("app secret {app} {id}")
    }

    /// The secret itself, for its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The signature over this secret, a nonce and a time.
    pub fn sign(&self, nonce: &str, timestamp: &str) -> JoinedSignature {
        let mut joined = Sha1::new();
        for part in [&self.0, nonce, timestamp] {
            joined.update(part.as_bytes());
        }
        JoinedSignature(joined.finalize().into())
    }
}

impl std::fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedSecret(…)")
    }
}

/// Whether one of at most two secrets made a signature. Whatever there is, two are compared (A4).
pub fn is_signed_by(secrets: &[SharedSecret], nonce: &str, timestamp: &str, signature: JoinedSignature) -> bool {
    let nobody = SharedSecret("n".repeat(LEN));
    let mut right = subtle::Choice::from(0);
    for place in 0..2 {
        let secret = secrets.get(place);
        let made = secret.unwrap_or(&nobody).sign(nonce, timestamp);
        right |= made.0.ct_eq(&signature.0) & subtle::Choice::from(u8::from(secret.is_some()));
    }
    right.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_sha_1_over_the_joined_parts() {
        let secret = SharedSecret("Y1W2MeFwwwRxa0".to_owned());
        // SHA-1 of `Y1W2MeFwwwRxa0143141408706471491`.
        assert_eq!(secret.sign("14314", "1408706471491").to_hex(), "97fd8aa237f93a3d8820a65aa59a2251484fd815");
    }

    #[test]
    fn a5_either_of_two_secrets_signs_and_a_stranger_does_not() {
        let mut rng = rand::rng();
        let (one, two, stranger) =
            (SharedSecret::random(&mut rng), SharedSecret::random(&mut rng), SharedSecret::random(&mut rng));
        assert_eq!(one.reveal().len(), LEN);
        let both = [one.clone(), two.clone()];
        for (by, right) in [(&one, true), (&two, true), (&stranger, false)] {
            assert_eq!(is_signed_by(&both, "7", "1790000000", by.sign("7", "1790000000")), right);
        }
        assert!(!is_signed_by(&both, "7", "1790000001", one.sign("7", "1790000000")));
        assert!(!is_signed_by(&[], "7", "1790000000", SharedSecret("n".repeat(LEN)).sign("7", "1790000000")), "A4");
        assert_eq!(format!("{one:?}"), "SharedSecret(…)");
    }

    #[test]
    fn a1_a_signature_is_40_lower_case_digits() {
        let right = SharedSecret("x".to_owned()).sign("1", "2");
        assert_eq!(JoinedSignature::parse(&right.to_hex()), Some(right));
        for text in ["", "0A", &right.to_hex().to_uppercase(), &right.to_hex()[1..], &"x".repeat(40)] {
            assert!(JoinedSignature::parse(text).is_none_or(|read| read != right), "{text}");
        }
    }
}
