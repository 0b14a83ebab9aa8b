//! Slips: a short text that we give out signed and get back within a time. Nothing is kept on the server.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::vault::Vault;
use crate::model::Millis;

/// Longest slip; longer input is refused unread.
const MAX_LEN: usize = 220;
const MAC_LEN: usize = 16;

/// Signs slips.
#[derive(Clone)]
pub struct SlipKey([u8; 32]);

impl SlipKey {
    /// The key of a vault: every server with the same vault reads what another has signed.
    pub fn of(vault: &Vault) -> Self {
        Self(vault.derive("slips"))
    }

    fn mac(&self, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(b"parlor slip");
        mac.update(payload);
        mac
    }

    /// A slip that says this until then: letters, digits, `-` and `_`.
    pub fn sign(&self, text: &str, until: Millis) -> String {
        let mut payload = until.get().to_be_bytes().to_vec();
        payload.extend(text.as_bytes());
        let mac = self.mac(&payload).finalize().into_bytes();
        payload.extend(mac.iter().take(MAC_LEN));
        BASE64URL_NOPAD.encode(&payload)
    }

    /// What a slip says; `None` when it is not ours or its time is over.
    pub fn check(&self, slip: &str, now: Millis) -> Option<String> {
        if slip.len() > MAX_LEN {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(slip.as_bytes()).ok()?;
        let (payload, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC_LEN)?)?;
        self.mac(payload).verify_truncated_left(mac).ok()?;
        let (until, text) = payload.split_first_chunk::<8>()?;
        let until = Millis::new(i64::from_be_bytes(*until));
        (now < until).then(|| String::from_utf8(text.to_vec()).ok()).flatten()
    }
}

impl std::fmt::Debug for SlipKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SlipKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = Millis::new(1_790_000_000_000);

    #[test]
    fn f4_a_slip_says_its_text_until_its_time_is_over() {
        let key = SlipKey([7; 32]);
        let slip = key.sign("halden 2026112304", NOON.plus_secs(60));
        assert_eq!(key.check(&slip, NOON).as_deref(), Some("halden 2026112304"));
        assert_eq!(key.check(&slip, NOON.plus_secs(60)), None);
        assert_eq!(SlipKey([8; 32]).check(&slip, NOON), None);
        let mut bent = slip.clone().into_bytes();
        for at in 0..bent.len() {
            bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(key.check(std::str::from_utf8(&bent).unwrap(), NOON), None, "{at}");
            bent[at] = slip.as_bytes()[at];
        }
        for text in ["", "x", &"A".repeat(500)] {
            assert_eq!(key.check(text, NOON), None);
        }
        assert_eq!(format!("{key:?}"), "SlipKey(…)");
    }
}
