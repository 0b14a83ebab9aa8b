//! `Idempotency-Key`: a retried POST does nothing twice and gets the first answer again.
//!
//! Answers of requests that worked are kept for 24 hours; a request that was refused did nothing and may be tried again
//! under its key. What is at work is known here; of several servers one claims it in the store.

use std::sync::Arc;

use dashmap::{DashMap, Entry};
use sha2::{Digest, Sha256};

use super::{answer::Rendered, call::Call, input::Request};
use crate::{
    im::{
        Im,
        backend::answers::{Answered, at_work},
    },
    model::{AppKey, ClientId, Code, Fault},
};

/// A client's own name of a request: 1–64 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        let form = "`Idempotency-Key` is 1 to 64 visible ASCII characters";
        text.parse::<ClientId>().map(|_| Self(text.into())).map_err(|_| Fault::new(Code::BadRequest, form))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Requests with a key that are at work. Bounded by the requests that are.
#[derive(Debug, Default, Clone)]
pub(super) struct Running(Arc<DashMap<(AppKey, IdempotencyKey), ()>>);

/// A request at work; its end takes it out, however it ends.
struct Place(Running, (AppKey, IdempotencyKey));

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.remove(&self.1);
    }
}

impl Running {
    fn take(&self, app: &AppKey, key: &IdempotencyKey) -> Result<Place, Fault> {
        let name = (app.clone(), key.clone());
        match self.0.entry(name.clone()) {
            Entry::Occupied(_) => Err(at_work()),
            Entry::Vacant(place) => {
                place.insert(());
                Ok(Place(self.clone(), name))
            }
        }
    }
}

/// Does the work, or gives the first answer again; whether it was given again.
pub(super) async fn once<F>(
    running: &Running,
    call: Call,
    request: Request,
    hash: [u8; 32],
    work: impl FnOnce(Call, Request) -> F,
) -> Result<(Rendered, bool), Fault>
where
    F: Future<Output = Result<Rendered, Fault>>,
{
    let Some(key) = call.idempotency.clone() else { return Ok((work(call, request).await?, false)) };
    let (im, app) = (Arc::clone(&call.im), call.app().clone());
    let _place = running.take(&app, &key)?;
    let claim = im.backend(&app).claim_answer(key.as_str()).await?;
    let outcome = claim.during(first_or_work(&im, &app, &key, hash, || work(call, request))).await;
    claim.end().await;
    outcome
}

async fn first_or_work<F>(
    im: &Im,
    app: &AppKey,
    key: &IdempotencyKey,
    hash: [u8; 32],
    work: impl FnOnce() -> F,
) -> Result<(Rendered, bool), Fault>
where
    F: Future<Output = Result<Rendered, Fault>>,
{
    if let Some(first) = im.backend(app).kept_answer(key.as_str(), hash).await? {
        return Ok((
            Rendered { status: first.status, body: first.body.into(), location: first.location, file: None },
            true,
        ));
    }
    let done = work().await?;
    let answered = Answered { status: done.status, body: done.body.to_vec(), location: done.location.clone() };
    // It is done: saying otherwise would only have it done again.
    if let Err(fault) = im.backend(app).keep_answer(key.as_str(), hash, answered).await {
        tracing::warn!(app.key = %app, code = fault.code.name(), "An answer could not be kept for a retry");
    }
    Ok((done, false))
}

/// What makes two requests the same.
pub(super) fn hash(method: &str, path: &str, query: &str, body: &[u8]) -> [u8; 32] {
    let mut sha = Sha256::new();
    for part in [method.as_bytes(), path.as_bytes(), query.as_bytes(), body] {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    sha.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_a_form() {
        assert!(IdempotencyKey::read("order-17").is_ok());
        for text in ["", "with space", "ü", &"x".repeat(65)] {
            assert!(IdempotencyKey::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_part_makes_a_request_another() {
        let first = hash("POST", "/v1/a", "b", b"c");
        assert_eq!(first, hash("POST", "/v1/a", "b", b"c"));
        for other in
            [hash("PUT", "/v1/a", "b", b"c"), hash("POST", "/v1/ab", "", b"c"), hash("POST", "/v1/a", "", b"bc")]
        {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn one_of_two_at_once_has_the_place_and_leaves_it() {
        let (running, app) = (Running::default(), "appkey".parse().unwrap());
        let key = IdempotencyKey::read("one").unwrap();
        let place = running.take(&app, &key).map_err(|fault| fault.code);
        assert_eq!(running.take(&app, &key).err().map(|fault| fault.code), Some(Code::InProgress));
        drop(place);
        assert!(running.take(&app, &key).is_ok());
        assert!(running.0.is_empty());
    }
}
