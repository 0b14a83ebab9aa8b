//! How a request says who it comes from: a key as bearer, or a signature made with its secret (A3).

use actix_web::http::header::{self, HeaderMap};

use crate::{
    auth::signature::{self, Signature, Signed},
    model::{Code, Fault, KeyId},
};

/// The headers of a signed request.
const KEY: &str = "parlor-key";
const TIMESTAMP: &str = "parlor-timestamp";
const NONCE: &str = "parlor-nonce";
const SIGNATURE: &str = "parlor-signature";

/// What a request brought. Read before its body is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Credentials {
    /// A whole key.
    Bearer(String),
    /// A signature.
    Signed(SignedBy),
}

/// The headers of a signed request, each checked for its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignedBy {
    pub(super) key: KeyId,
    pub(super) timestamp: String,
    pub(super) at_secs: i64,
    pub(super) nonce: String,
    pub(super) signature: Signature,
}

impl Credentials {
    /// Exactly one kind, each header exactly once.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Fault> {
        let bearer = one(headers, header::AUTHORIZATION.as_str())?;
        let signed = [KEY, TIMESTAMP, NONCE, SIGNATURE].map(|name| one(headers, name));
        let [key, timestamp, nonce, signature] = signed;
        let signed = [key?, timestamp?, nonce?, signature?];
        match (bearer, signed) {
            (Some(bearer), [None, None, None, None]) => read_bearer(bearer),
            (None, [Some(key), Some(timestamp), Some(nonce), Some(signature)]) => {
                SignedBy::read(key, timestamp, nonce, signature).map(Self::Signed)
            }
            (None, [None, None, None, None]) => {
                Err(refused("give a key: `Authorization: Bearer pk_…`, or sign the request"))
            }
            (Some(_), _) => Err(refused("give a bearer key or a signature, not both")),
            (None, _) => Err(refused(
                "a signed request has the headers Parlor-Key, Parlor-Timestamp, Parlor-Nonce and Parlor-Signature",
            )),
        }
    }
}

fn read_bearer(value: &str) -> Result<Credentials, Fault> {
    match value.split_once(' ') {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") && key.len() <= 128 => {
            Ok(Credentials::Bearer(key.trim().to_owned()))
        }
        _ => Err(refused("write `Authorization: Bearer pk_…`")),
    }
}

impl SignedBy {
    fn read(key: &str, timestamp: &str, nonce: &str, signature: &str) -> Result<Self, Fault> {
        let key =
            key.parse().map_err(|_| refused("`Parlor-Key` is the key's id, such as `k7m2…`, not the whole key"))?;
        let is_seconds = timestamp.len() == 10 && timestamp.bytes().all(|b| b.is_ascii_digit());
        let at_secs = Some(timestamp)
            .filter(|text| is_seconds && !text.starts_with('0'))
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| refused("`Parlor-Timestamp` is seconds since 1970, ten digits"))?;
        let is_nonce = (8..=64).contains(&nonce.len())
            && nonce.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'-'));
        if !is_nonce {
            return Err(refused("`Parlor-Nonce` is 8 to 64 letters, digits or `._+-`"));
        }
        let signature =
            signature::parse(signature).ok_or_else(|| refused("`Parlor-Signature` is 64 lower-case hex digits"))?;
        Ok(Self { key, timestamp: timestamp.to_owned(), at_secs, nonce: nonce.to_owned(), signature })
    }

    /// The request as it was signed.
    pub(super) fn request<'a>(&'a self, method: &'a str, path: &'a str, query: &'a str, body: &'a [u8]) -> Signed<'a> {
        Signed { method, path, query, timestamp: &self.timestamp, nonce: &self.nonce, body }
    }
}

/// A header that may come once.
pub(super) fn one<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, Fault> {
    let mut values = headers.get_all(name);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Fault::new(Code::BadRequest, format!("the header `{name}` came more than once")));
    }
    let text = value.to_str().map_err(|_| Fault::new(Code::BadRequest, format!("the header `{name}` is not ASCII")))?;
    Ok(Some(text))
}

fn refused(message: &'static str) -> Fault {
    Fault::new(Code::Unauthorized, message)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn read(list: &[(&'static str, &str)]) -> Result<Credentials, Code> {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        Credentials::of(&headers).map_err(|fault| fault.code)
    }

    fn signed(change: Option<(&'static str, &'static str)>) -> Result<Credentials, Code> {
        let digits = "0a".repeat(32);
        let mut list =
            vec![(KEY, "k7m2abcd"), (TIMESTAMP, "1790000000"), (NONCE, "3f9c2b7e"), (SIGNATURE, digits.as_str())];
        if let Some((name, value)) = change {
            list.retain(|(other, _)| *other != name);
            list.push((name, value));
        }
        read(&list)
    }

    #[test]
    fn a_bearer_or_a_signature_is_taken() {
        assert_eq!(read(&[("authorization", "Bearer pk_x")]), Ok(Credentials::Bearer("pk_x".to_owned())));
        assert!(matches!(signed(None), Ok(Credentials::Signed(_))));
    }

    #[test]
    fn a1_nothing_doubled_mixed_or_half() {
        assert_eq!(read(&[]), Err(Code::Unauthorized));
        assert_eq!(read(&[("authorization", "Basic eDp5")]), Err(Code::Unauthorized));
        assert_eq!(read(&[("authorization", "Bearer a"), ("authorization", "Bearer b")]), Err(Code::BadRequest));
        assert_eq!(read(&[("authorization", "Bearer a"), (KEY, "k7m2abcd")]), Err(Code::Unauthorized));
        assert_eq!(read(&[(KEY, "k7m2abcd")]), Err(Code::Unauthorized));
    }

    #[test]
    fn a1_each_part_of_a_signature_has_its_form() {
        let refused = [
            (KEY, "pk_k7m2_secret"),
            (TIMESTAMP, "0790000000"),
            (TIMESTAMP, "1790000000000"),
            (TIMESTAMP, "+179000000"),
            (NONCE, "short"),
            (NONCE, "with space"),
            (SIGNATURE, "zz"),
        ];
        for change in refused {
            assert_eq!(signed(Some(change)), Err(Code::Unauthorized), "{change:?}");
        }
    }
}
