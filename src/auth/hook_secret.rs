//! What signs the requests that a back end gets from us: Standard Webhooks, `https://www.standardwebhooks.com`.

use data_encoding::BASE64;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::model::{AppKey, WebhookId};

const PREFIX: &str = "whsec_";
const LEN: usize = 32;

/// A secret of 256 random bits, shared with a back end: shown to it once, kept sealed (A5).
#[derive(Clone, PartialEq, Eq)]
pub struct HookSecret([u8; LEN]);

impl HookSecret {
    /// A new random secret.
    pub fn random(rng: &mut dyn rand::RngCore) -> Self {
        let mut bytes = [0; LEN];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The secret as it was kept; `None` when it has another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// What a sealed secret is for.
    pub fn purpose(webhook: &WebhookId) -> String {
        format!("webhook {webhook}")
    }

    /// What the sealed secret of an app's pre-send hook is for.
    pub fn purpose_of_pre_send(app: &AppKey) -> String {
        format!("pre-send hook of {app}")
    }

    /// What is sealed and kept.
    pub const fn as_bytes(&self) -> &[u8; LEN] {
        &self.0
    }

    /// The secret as its owner gets it: `whsec_` and base 64.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", BASE64.encode(&self.0))
    }

    /// The signature of one request: `v1,` and base 64 of HMAC-SHA256 over `id.timestamp.body`; `timestamp` in seconds.
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body.as_bytes());
        format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
    }
}

impl std::fmt::Debug for HookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_the_standards_example() {
        let bytes = BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&bytes).unwrap();
        mac.update(br#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#);
        assert_eq!(BASE64.encode(&mac.finalize().into_bytes()), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");

        let secret = HookSecret([7; LEN]);
        assert_eq!(secret.sign("evt_1", 5, "{}"), secret.clone().sign("evt_1", 5, "{}"));
        assert_ne!(secret.sign("evt_1", 5, "{}"), secret.sign("evt_1", 6, "{}"));
        assert_eq!(HookSecret::from_bytes(secret.as_bytes()), Some(secret.clone()));
        assert_eq!(secret.reveal().len(), PREFIX.len() + 44);
        assert_eq!(format!("{secret:?}"), "HookSecret(…)");
    }
}
