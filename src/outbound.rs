//! The only place that makes outgoing HTTP requests and opens outgoing sockets: to public addresses, with limits on
//! everything (N1, N2). The operator's own object store is the exception (`objects`).
//!
//! Floor 2. Redirects are never followed, proxies of the environment never used, TLS always verified. A host's name is
//! resolved once; when any of its addresses is not allowed nothing is asked, otherwise one of the checked ones is.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use url::{Host, Url};

use crate::{config, model::AppKey};

mod guard;
mod objects;
mod resolve;
mod socket;

pub use guard::{Guard, Refusal};
pub use objects::{NoAuthorities, authorities, bucket};
pub use resolve::{Lookup, SystemLookup};
pub use socket::Socket;

/// Most requests of one app under way at once (N2).
pub const MAX_IN_FLIGHT: usize = 20;
/// Most bytes of an answer that are read (N2).
const MAX_ANSWER: usize = 1 << 20;
/// Connections kept for the next request to the same host.
const IDLE_PER_HOST: usize = 4;
/// How long they are kept.
const IDLE: Duration = Duration::from_secs(30);

/// A request to make.
#[derive(Debug, Clone)]
pub struct Post<'p> {
    /// Whose place it takes among those under way.
    pub app: &'p AppKey,
    /// Where to.
    pub url: &'p str,
    /// Headers beside `content-type`.
    pub headers: Vec<(&'static str, String)>,
    /// What the body is.
    pub media: Media,
    /// A document of that kind.
    pub body: String,
    /// It must be over by then, where that is earlier than the operator's limit.
    pub within: Option<Duration>,
    /// How many bytes of the answer's body the caller wants. The others are read and thrown away.
    pub wanted: usize,
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// JSON.
    Json,
    /// Names and values.
    Form,
}

impl Media {
    /// The `content-type`.
    const fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }
}

/// What the other side said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status, 100–599.
    pub status: u16,
    /// Seconds to wait before the next request, when it said so in seconds.
    pub retry_after: Option<u32>,
    /// The beginning of the body, when it was wanted.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// Not asked: against the rules.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Not asked: too many requests of this app are under way.
    #[error("{MAX_IN_FLIGHT} requests of this app are under way")]
    Busy,
    /// Nothing, or not all, came in time.
    #[error("no answer in time")]
    Late,
    /// The host is unknown, or nobody listens there, or its certificate is not good.
    #[error("nobody answers there")]
    Unreachable,
    /// What came is not HTTP, or broke off.
    #[error("the answer broke off")]
    Broken,
}

/// The guarded client. One per process.
pub struct Outbound {
    client: reqwest::Client,
    guard: Arc<Guard>,
    lookup: Arc<dyn Lookup>,
    connect: Duration,
    total: Duration,
    /// For sockets; made at the first of them.
    tls: OnceLock<tokio_rustls::TlsConnector>,
    under_way: Mutex<HashMap<AppKey, usize>>,
}

impl Outbound {
    /// A client that asks the machine's resolver.
    pub fn new(settings: &config::Outbound) -> Self {
        Self::with_lookup(settings, Arc::new(SystemLookup))
    }

    /// A client with a look-up of its own.
    pub fn with_lookup(settings: &config::Outbound, lookup: Arc<dyn Lookup>) -> Self {
        let guard = Arc::new(Guard::new(settings));
        let connect = Duration::from_secs(settings.connect_secs);
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .dns_resolver(resolve::Resolver { lookup: lookup.clone(), guard: guard.clone() })
            .connect_timeout(connect)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("Parlor/", env!("CARGO_PKG_VERSION")))
            .build()
            .expect("a client with fixed settings can be made");
        let total = Duration::from_secs(settings.total_secs);
        Self { client, guard, lookup, connect, total, tls: OnceLock::new(), under_way: Mutex::default() }
    }

    /// Sends a document and waits for the answer.
    pub async fn post(&self, post: Post<'_>) -> Result<Answer, Unanswered> {
        self.request(post, true).await
    }

    /// Asks without a document and waits for the answer; `media` and `body` are not looked at.
    pub async fn get(&self, ask: Post<'_>) -> Result<Answer, Unanswered> {
        self.request(ask, false).await
    }

    async fn request(&self, post: Post<'_>, with_body: bool) -> Result<Answer, Unanswered> {
        let url = self.guard.url(post.url)?;
        self.check_literal(&url)?;
        let _place = self.take_place(post.app)?;
        let within = post.within.map_or(self.total, |within| within.min(self.total));
        tokio::time::timeout(within, self.ask(url, post, with_body)).await.map_err(|_| Unanswered::Late)?
    }

    async fn ask(&self, url: Url, post: Post<'_>, with_body: bool) -> Result<Answer, Unanswered> {
        let mut request = if with_body {
            self.client.post(url).header("content-type", post.media.name()).body(post.body)
        } else {
            self.client.get(url)
        };
        for (name, value) in post.headers {
            request = request.header(name, value);
        }
        let mut response = request.send().await.map_err(|error| why(&error))?;
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let mut answer = Answer { status: response.status().as_u16(), retry_after, body: Vec::new() };
        let mut read = 0;
        // Reading to the end lets the connection serve the next request.
        while let Some(chunk) = response.chunk().await.map_err(|error| why(&error))? {
            read += chunk.len();
            if read > MAX_ANSWER {
                break;
            }
            let wanted = post.wanted.saturating_sub(answer.body.len()).min(chunk.len());
            answer.body.extend_from_slice(chunk.get(..wanted).unwrap_or_default());
        }
        Ok(answer)
    }

    /// An address in the URL is never resolved, so it is checked here whether it is one of ours.
    fn check_literal(&self, url: &Url) -> Result<(), Refusal> {
        match url.host() {
            Some(Host::Ipv4(address)) => resolve::check_one(&self.guard, address.into()),
            Some(Host::Ipv6(address)) => resolve::check_one(&self.guard, address.into()),
            _ => Ok(()),
        }
    }

    fn take_place(&self, app: &AppKey) -> Result<Place<'_>, Unanswered> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let count = under_way.entry(app.clone()).or_default();
        if *count >= MAX_IN_FLIGHT {
            return Err(Unanswered::Busy);
        }
        *count += 1;
        Ok(Place { outbound: self, app: app.clone() })
    }
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound").field("guard", &self.guard).finish_non_exhaustive()
    }
}

/// A place among an app's requests under way.
struct Place<'o> {
    outbound: &'o Outbound,
    app: AppKey,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut under_way = self.outbound.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = under_way.get_mut(&self.app) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.app);
            }
        }
    }
}

/// TLS by ring, with Mozilla's roots inside the binary.
fn tls() -> rustls::ClientConfig {
    tls_trusting(rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
}

/// TLS by ring, with these roots.
fn tls_trusting(roots: rustls::RootCertStore) -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn why(error: &reqwest::Error) -> Unanswered {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(refusal) = inner.downcast_ref::<Refusal>() {
            return Unanswered::Refused(*refusal);
        }
        cause = inner.source();
    }
    match error {
        error if error.is_timeout() => Unanswered::Late,
        error if error.is_connect() => Unanswered::Unreachable,
        _ => Unanswered::Broken,
    }
}

#[cfg(test)]
mod tests;
