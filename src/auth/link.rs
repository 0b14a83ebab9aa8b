//! Links to files: who may see what, until when, signed (F4). Nothing is kept on the server.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::vault::Vault;
use crate::model::{AppKey, FileId, Millis, UserId};

/// Longest text that can be a link's token; longer input is refused unread.
const MAX_LEN: usize = 220;
const MAC_LEN: usize = 16;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Which file.
    pub file: FileId,
    /// Of which app.
    pub app: AppKey,
    /// Who looks. Their rights are asked again when they do.
    pub viewer: UserId,
    /// Until when.
    pub until: Millis,
}

/// Signs links.
#[derive(Clone)]
pub struct LinkKey([u8; 32]);

impl LinkKey {
    /// The key of a vault: every server with the same vault reads what another has signed.
    pub fn of(vault: &Vault) -> Self {
        Self(vault.derive("file links"))
    }

    fn mac(&self, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(b"parlor file link");
        mac.update(payload);
        mac
    }

    /// The token for a grant: letters, digits, `-` and `_`.
    pub fn sign(&self, grant: &Grant) -> String {
        let app = grant.app.as_str();
        let mut payload = Vec::with_capacity(160);
        payload.extend(grant.until.get().to_be_bytes());
        payload.extend(grant.file.as_u128().to_be_bytes());
        payload.push(u8::try_from(app.len()).expect("an app key has at most 32 symbols"));
        payload.extend(app.as_bytes());
        payload.extend(grant.viewer.as_str().as_bytes());
        let mac = self.mac(&payload).finalize().into_bytes();
        payload.extend(mac.iter().take(MAC_LEN));
        BASE64URL_NOPAD.encode(&payload)
    }

    /// What a token grants; `None` when it is not ours or its time is over.
    pub fn check(&self, token: &str, now: Millis) -> Option<Grant> {
        self.read(token).filter(|grant| now < grant.until)
    }

    /// What a token granted, also when its time is over; `None` when it is not ours.
    pub fn read(&self, token: &str) -> Option<Grant> {
        if token.len() > MAX_LEN {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (payload, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC_LEN)?)?;
        self.mac(payload).verify_truncated_left(mac).ok()?;
        let (until, rest) = payload.split_first_chunk::<8>()?;
        let (file, rest) = rest.split_first_chunk::<16>()?;
        let (length, rest) = rest.split_first()?;
        let (app, viewer) = rest.split_at_checked(usize::from(*length))?;
        Some(Grant {
            file: FileId::from_u128(u128::from_be_bytes(*file)),
            app: std::str::from_utf8(app).ok()?.parse().ok()?,
            viewer: std::str::from_utf8(viewer).ok()?.parse().ok()?,
            until: Millis::new(i64::from_be_bytes(*until)),
        })
    }
}

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: Millis = Millis::new(1_790_000_000_000);

    fn grant() -> Grant {
        Grant {
            file: FileId::from_u128(7),
            app: "halden".parse().unwrap(),
            viewer: "vera".parse().unwrap(),
            until: NOON.plus_secs(600),
        }
    }

    #[test]
    fn f4_a_link_works_until_its_time_is_over() {
        let key = LinkKey([7; 32]);
        let token = key.sign(&grant());
        assert_eq!(key.check(&token, NOON), Some(grant()));
        assert_eq!(key.check(&token, NOON.plus_secs(599)), Some(grant()));
        assert_eq!(key.check(&token, NOON.plus_secs(600)), None);
        assert_eq!(LinkKey([8; 32]).check(&token, NOON), None);
    }

    #[test]
    fn the_longest_names_fit() {
        let longest =
            Grant { app: "a".repeat(32).parse().unwrap(), viewer: "b".repeat(64).parse().unwrap(), ..grant() };
        let key = LinkKey([7; 32]);
        assert_eq!(key.check(&key.sign(&longest), NOON), Some(longest));
    }

    proptest! {
        #[test]
        fn f4_a_changed_link_opens_nothing(at in 0_usize..200, letter in "[A-Za-z0-9_-]") {
            let key = LinkKey([7; 32]);
            let token = key.sign(&grant());
            let at = at % token.len();
            let mut changed = token.clone();
            changed.replace_range(at..=at, &letter);
            prop_assume!(changed != token);
            // The last symbol of base 64 may carry bits that say nothing; the same bytes are the same link.
            let same = BASE64URL_NOPAD.decode(changed.as_bytes()) == BASE64URL_NOPAD.decode(token.as_bytes());
            prop_assert!(same || key.check(&changed, NOON).is_none());
        }

        #[test]
        fn nonsense_is_no_link(token in ".{0,300}") {
            prop_assert_eq!(LinkKey([7; 32]).check(&token, NOON), None);
        }
    }
}
