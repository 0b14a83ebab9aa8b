//! Proof that a state change was asked for by a page of ours, for this login (O4).
//!
//! Every login (and, before it, every visit at the door) has a secret in an `HttpOnly` cookie. Its pages carry a word
//! made from that secret; a request must bring the word in a header. Nothing is kept on the server.

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::future::{Ready, ready};

use super::session;
use crate::{
    http::extract::SameOrigin,
    model::{Code, Fault},
};

const HEADER: &str = "x-csrf-token";

fn mac(secret: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(b"parlor console request");
    mac
}

/// The word that pages of this secret carry.
pub(super) fn word(secret: &str) -> String {
    BASE64URL_NOPAD.encode(&mac(secret).finalize().into_bytes())
}

/// The request comes from a page of ours and carries the word of its cookie.
fn check(request: &HttpRequest, secret: Option<String>) -> Result<(), Fault> {
    SameOrigin::check(request.headers(), session::server(request))?;
    let given = request.headers().get(HEADER).and_then(|value| BASE64URL_NOPAD.decode(value.as_bytes()).ok());
    let proved = secret.zip(given).is_some_and(|(secret, given)| mac(&secret).verify_slice(&given).is_ok());
    if proved { Ok(()) } else { Err(Fault::new(Code::OriginRefused, "this page is out of date; reload it")) }
}

/// Asked for by a page at the door: set-up or sign-in.
#[derive(Debug)]
pub struct AtTheDoor;

impl FromRequest for AtTheDoor {
    type Error = Fault;
    type Future = Ready<Result<Self, Fault>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(check(request, session::door_secret(request)).map(|()| Self))
    }
}

/// Asked for by a page of a signed-in agent.
#[derive(Debug)]
pub struct Inside;

impl FromRequest for Inside {
    type Error = Fault;
    type Future = Ready<Result<Self, Fault>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(check(request, session::agent_secret(request)).map(|()| Self))
    }
}

/// Asked for by either.
#[derive(Debug)]
pub struct Anywhere;

impl FromRequest for Anywhere {
    type Error = Fault;
    type Future = Ready<Result<Self, Fault>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let inside = check(request, session::agent_secret(request));
        ready(inside.or_else(|_| check(request, session::door_secret(request))).map(|()| Self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o4_a_word_belongs_to_its_secret() {
        assert_eq!(word("a"), word("a"));
        assert_ne!(word("a"), word("b"));
    }
}
