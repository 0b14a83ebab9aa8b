//! The operator's own object store. It is named in the settings, so the guard of addresses does not apply: it may stand on
//! this machine or in the operator's network.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use http_body_util::BodyExt;
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig,
    aws::AmazonS3Builder,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
    },
};
use reqwest::Method;
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::config::Files;

/// A connection must stand by then.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest time in which nothing of an answer comes.
const SILENCE: Duration = Duration::from_mins(1);
/// A request that changes something must be over by then.
const CHANGE: Duration = Duration::from_mins(2);
/// People wait meanwhile, and clients try again by themselves.
const RETRIES: usize = 3;
const RETRY_WITHIN: Duration = Duration::from_secs(10);

/// Why a file names no authorities.
#[derive(Debug, thiserror::Error)]
pub enum NoAuthorities {
    /// There is no certificate in it.
    #[error("no certificate is in it; it is a PEM file with -----BEGIN CERTIFICATE-----")]
    None,
    /// Something in it is no certificate.
    #[error("a certificate in it is damaged")]
    Damaged,
}

/// The authorities whose certificates stand in a PEM file.
pub fn authorities(pem: &[u8]) -> Result<RootCertStore, NoAuthorities> {
    let mut trusted = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| NoAuthorities::Damaged)?;
        trusted.add(certificate).map_err(|_| NoAuthorities::Damaged)?;
    }
    if trusted.is_empty() { Err(NoAuthorities::None) } else { Ok(trusted) }
}

/// The bucket `name` at the S3-compatible store that the settings name.
/// `trusted` are the authorities that may sign its certificate; without them the public ones.
pub fn bucket(
    settings: &Files,
    name: &str,
    secret: &str,
    trusted: Option<RootCertStore>,
) -> object_store::Result<Arc<dyn ObjectStore>> {
    let backoff = BackoffConfig { max_backoff: Duration::from_secs(2), ..BackoffConfig::default() };
    let retry = RetryConfig { backoff, max_retries: RETRIES, retry_timeout: RETRY_WITHIN };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(name)
        .with_region(&settings.region)
        .with_access_key_id(&settings.key_id)
        .with_secret_access_key(secret)
        .with_virtual_hosted_style_request(!settings.path_style)
        .with_allow_http(settings.allow_http)
        // One request per object: not every store knows how to delete many at once.
        .with_disable_bulk_delete(true)
        .with_retry(retry)
        .with_http_connector(Connector { https_only: !settings.allow_http, trusted });
    if let Some(endpoint) = settings.endpoint_of(name) {
        builder = builder.with_endpoint(endpoint);
    }
    Ok(Arc::new(builder.build()?))
}

#[derive(Debug)]
struct Connector {
    https_only: bool,
    trusted: Option<RootCertStore>,
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let tls = self.trusted.clone().map_or_else(super::tls, super::tls_trusting);
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(self.https_only)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .user_agent(concat!("Parlor/", env!("CARGO_PKG_VERSION")))
            .build()
            .expect("a client with fixed settings can be made");
        Ok(HttpClient::new(Requests(client)))
    }
}

/// Lends our client.
#[derive(Debug)]
struct Requests(reqwest::Client);

#[async_trait]
impl HttpService for Requests {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let unknown = |error: url::ParseError| HttpError::new(HttpErrorKind::Unknown, error);
        let mut asked = reqwest::Request::new(parts.method, parts.uri.to_string().parse().map_err(unknown)?);
        *asked.headers_mut() = parts.headers;
        // What is read may take as long as the reader needs.
        if asked.method() != Method::GET {
            *asked.timeout_mut() = Some(CHANGE);
        }
        *asked.body_mut() = Some(reqwest::Body::wrap(body));
        let mut answer = self.0.execute(asked).await.map_err(failed)?;
        let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
        let mut given = HttpResponse::new(HttpResponseBody::new(reqwest::Body::from(answer).map_err(failed)));
        (*given.status_mut(), *given.headers_mut()) = (status, headers);
        Ok(given)
    }
}

/// Says what may be tried again. Addresses stay out of it.
fn failed(error: reqwest::Error) -> HttpError {
    let kind = match &error {
        error if error.is_timeout() => HttpErrorKind::Timeout,
        error if error.is_connect() => HttpErrorKind::Connect,
        error if error.is_decode() => HttpErrorKind::Decode,
        _ => HttpErrorKind::Interrupted,
    };
    HttpError::new(kind, error.without_url())
}
