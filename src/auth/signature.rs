//! Requests signed with a key's secret (A3): HMAC-SHA256 over everything that decides what a request does.
//!
//! What is signed, joined by line feeds, without one at the end:
//!
//! ```text
//! v2
//! POST                      the method
//! /v1/messages              the path, as it stands in the address
//! a=1&b=%20                 the query's pairs as they stand in the address, sorted by their bytes, joined by &
//! 1790000000                seconds since 1970
//! 3f9c2b7e                  the nonce
//! e3b0c44298fc1c14…         SHA-256 of the body, lower-case hex
//! ```

use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A signature: 32 bytes, 64 lower-case hex digits on the wire.
pub type Signature = [u8; 32];

/// A request as it is signed.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// Upper-case, such as `POST`.
    pub method: &'a str,
    /// As it stands in the address, percent signs and all.
    pub path: &'a str,
    /// Without the question mark; empty when there is none.
    pub query: &'a str,
    /// Seconds since 1970, as sent.
    pub timestamp: &'a str,
    /// As sent.
    pub nonce: &'a str,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

impl Signed<'_> {
    /// The bytes that are signed.
    pub fn canonical(&self) -> String {
        let Self { method, path, timestamp, nonce, .. } = self;
        let (query, body) = (sorted(self.query), HEXLOWER.encode(&Sha256::digest(self.body)));
        format!("v2\n{method}\n{path}\n{query}\n{timestamp}\n{nonce}\n{body}")
    }

    /// The signature that who knows the secret makes.
    pub fn sign(&self, secret: &[u8]) -> Signature {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of every length");
        mac.update(self.canonical().as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// Whether a signature was made with this secret. Without one it takes as long and says no (A4).
    pub fn is_signed_by(&self, secret: Option<&[u8]>, signature: &Signature) -> bool {
        let right = self.sign(secret.unwrap_or(b"nobody's secret, of the length that secrets have"));
        secret.is_some() & bool::from(right.ct_eq(signature))
    }
}

/// Reads a signature as it stands in a header; `None` when it is none.
pub fn parse(text: &str) -> Option<Signature> {
    if text.len() != 64 {
        return None;
    }
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

fn sorted(query: &str) -> String {
    let mut pairs: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_unstable();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: Signed<'static> = Signed {
        method: "POST",
        path: "/v1/messages",
        query: "b=2&a=%20x&a=1",
        timestamp: "1790000000",
        nonce: "3f9c2b7e",
        body: br#"{"x":1}"#,
    };
    const SECRET: &[u8] = b"Jq3mJ0pP0Vn0oWc1kQ0m8s4e5t6y7u8i9o0p1a2s3d4";

    #[test]
    fn the_canonical_form_is_the_documented_one() {
        assert_eq!(
            REQUEST.canonical(),
            "v2\nPOST\n/v1/messages\na=%20x&a=1&b=2\n1790000000\n3f9c2b7e\n\
             5041bf1f713df204784353e82f6a4a535931cb64f1f4b4a5aeaffcb720918b22"
        );
    }

    #[test]
    fn the_worked_example_of_the_docs_is_right() {
        let docs = include_str!("../../docs/API.md");
        let (_, example) = docs.split_once("<!-- signature:begin -->").unwrap();
        let (example, _) = example.split_once("<!-- signature:end -->").unwrap();
        let words: Vec<_> = example.lines().map(str::trim).collect();
        let signed = words.iter().position(|line| line.starts_with("signed")).unwrap();
        let canonical = words[signed..signed + 7].join("\n").replace("signed     ", "");
        assert_eq!(canonical, REQUEST.canonical());
        let signature = HEXLOWER.encode(&REQUEST.sign(SECRET));
        assert!(example.contains(&format!("signature  {signature}")), "{signature}");
        assert!(example.contains(std::str::from_utf8(SECRET).unwrap()));
    }

    #[test]
    fn a3_every_part_is_covered() {
        let signature = REQUEST.sign(SECRET);
        assert!(REQUEST.is_signed_by(Some(SECRET), &signature));
        let changed = [
            Signed { method: "PUT", ..REQUEST },
            Signed { path: "/v1/message", ..REQUEST },
            Signed { query: "b=2&a=%20x&a=2", ..REQUEST },
            Signed { timestamp: "1790000001", ..REQUEST },
            Signed { nonce: "3f9c2b7f", ..REQUEST },
            Signed { body: br#"{"x":2}"#, ..REQUEST },
        ];
        assert!(changed.iter().all(|request| !request.is_signed_by(Some(SECRET), &signature)));
        assert!(Signed { query: "a=1&b=2&a=%20x", ..REQUEST }.is_signed_by(Some(SECRET), &signature));
        assert!(!REQUEST.is_signed_by(Some(b"another"), &signature) && !REQUEST.is_signed_by(None, &signature));
    }

    #[test]
    fn nothing_slides_between_the_parts() {
        let a = Signed { nonce: "1\n2", body: b"", ..REQUEST };
        let b = Signed { nonce: "1", body: b"", ..REQUEST };
        assert_ne!(a.canonical(), b.canonical());
        assert!(REQUEST.canonical().lines().count() == 7);
    }

    #[test]
    fn a_signature_is_64_lower_case_digits() {
        assert!(parse(&"0a".repeat(32)).is_some());
        for text in ["", "0A", &"0A".repeat(32), &"0a".repeat(33), &"xy".repeat(32)] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
