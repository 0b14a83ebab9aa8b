//! Who asks, and through which door.

use std::{net::IpAddr, sync::Arc};

use actix_web::HttpRequest;
use data_encoding::HEXLOWER;

use super::{answer::Rendered, idempotency::IdempotencyKey};
use crate::{
    config::Config,
    http::guard::RequestId,
    im::{
        Im,
        backend::{Backend, record::Done},
    },
    model::{ApiKey, AppKey, ClientId, Fault},
};

/// One request of a back end that has proved for which app it speaks.
#[derive(Clone)]
pub(in crate::http) struct Call {
    pub(super) im: Arc<Im>,
    pub(super) config: Arc<Config>,
    pub(super) key: ApiKey,
    pub(super) idempotency: Option<IdempotencyKey>,
    pub(super) address: IpAddr,
    pub(super) request: HttpRequest,
}

impl Call {
    /// What the app's back end may do.
    pub(in crate::http) fn backend(&self) -> Backend<'_> {
        self.im.backend(&self.key.app)
    }

    /// The settings.
    pub(in crate::http) fn config(&self) -> &Config {
        &self.config
    }

    /// The app.
    pub(in crate::http) fn app(&self) -> &AppKey {
        &self.key.app
    }

    /// The key that was used.
    pub(in crate::http) fn key(&self) -> &ApiKey {
        &self.key
    }

    /// The client id of a message that this request sends: the idempotency key, or else one that was never used.
    pub(in crate::http) fn client_id(&self) -> ClientId {
        let given = self.idempotency.as_ref().map(|key| key.as_str().to_owned());
        let id = given.unwrap_or_else(|| format!("rest-{}", HEXLOWER.encode(&rand::random::<[u8; 16]>())));
        id.parse().expect("both are 1 to 64 visible ASCII characters")
    }

    /// Does the work of this request and writes down that it was done.
    pub(super) async fn recorded(
        &self,
        what: &str,
        target: &str,
        work: impl Future<Output = Result<Rendered, Fault>>,
    ) -> Result<Rendered, Fault> {
        let request_id = RequestId::of(&self.request);
        let who = format!("key:{}", self.key.id);
        let address = self.address.to_string();
        let request_id = request_id.as_ref().map_or("", RequestId::as_str);
        let done = Done { who: &who, what, target, address: &address, request_id };
        self.backend().recorded(done, work, |rendered| rendered.location.clone()).await
    }
}
