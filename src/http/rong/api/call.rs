//! Who asks, and what the handlers share.

use std::{net::IpAddr, sync::Arc};

use actix_web::{HttpRequest, web::Bytes};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    ServerApi,
    operation::Outcome,
    rates::{Limit, Pace},
    refusal::Refusal,
};
use crate::{
    config::Config,
    http::guard::RequestId,
    im::{
        Im,
        backend::{Backend, record::Done},
    },
    model::{App, AppKey, ClientId, Fault},
};

/// One request of a back end that has proved for which app it speaks.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) im: Arc<Im>,
    pub(super) config: Arc<Config>,
    pub(super) api: Arc<ServerApi>,
    pub(super) app: Arc<App>,
    pub(super) address: IpAddr,
    pub(super) request: HttpRequest,
    /// What came, byte for byte; empty until it was read.
    pub(super) body: Bytes,
}

impl Call {
    /// What the app's back end may do.
    pub(super) fn backend(&self) -> Backend<'_> {
        self.im.backend(&self.app.key)
    }

    /// The app.
    pub(super) fn key(&self) -> &AppKey {
        &self.app.key
    }

    /// Takes so many of what may be asked for.
    pub(super) async fn take(&self, limit: Limit, count: usize) -> Result<(), Refusal> {
        self.api.rates.take(self.im.tallies(), self.key(), limit, count, &self.config.compatible).await
    }

    /// Takes one of what may be asked for on a path.
    pub(super) async fn take_one(&self, path: &'static str, pace: Pace) -> Result<(), Refusal> {
        match pace {
            Pace::Usual => self.take(Limit::Path(path), 1).await,
            Pace::Own => Ok(()),
        }
    }

    /// The sender's own id of a message of this request: made of `X-Request-ID`, when one came, and of what was asked, so
    /// that repeating a request is harmless, and several requests may carry the same id.
    pub(super) fn client_id(&self) -> Option<ClientId> {
        let given = self.request.headers().get("x-request-id")?;
        let mut made = Sha256::new();
        for part in [given.as_bytes(), self.request.path().as_bytes(), &self.body] {
            made.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            made.update(part);
        }
        HEXLOWER.encode(&made.finalize()).parse().ok()
    }

    /// Writes down that something was done.
    pub(super) async fn record(&self, what: &str, target: &str) -> Result<(), Fault> {
        let request_id = RequestId::of(&self.request);
        let request_id = request_id.as_ref().map_or("", RequestId::as_str);
        let address = self.address.to_string();
        self.backend().record(Done { who: "secret", what, target, address: &address, request_id }).await
    }
}

/// It worked, and there is nothing more to say.
#[expect(clippy::unnecessary_wraps, reason = "the last word of most handlers")]
pub(super) fn done() -> Outcome {
    Ok(json!({}))
}

/// The answer's body: `code` and what the handler says.
pub(super) fn body(mut answer: Value) -> String {
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("code".to_owned(), 200.into());
    }
    answer.to_string()
}
