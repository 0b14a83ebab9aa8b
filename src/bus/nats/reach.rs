//! Finding the NATS server, and saying clearly why it cannot be had.

use std::{
    error::Error,
    fmt::Display,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, Event, RequestErrorKind, ServerAddr};
use bytes::Bytes;
use tokio::sync::mpsc;
use url::Url;

use super::{Noise, subjects::Subjects};
use crate::model::NodeId;

/// How long a connection may take to stand.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often NATS is asked whether it is there. With two answers missing the connection is made anew.
const PING: Duration = Duration::from_secs(2);
/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_millis(1800);
/// Letters that may wait in one subscription.
const WAITING: usize = 8192;

/// How to reach NATS.
#[derive(Clone)]
pub struct NatsOptions {
    /// `nats://user:password@host:port`, several with commas between. Holds a password: it is never shown.
    pub url: String,
    /// A file of credentials, instead.
    pub credentials: Option<PathBuf>,
    /// Which database it is about: others on the same NATS are not heard.
    pub installation: u64,
    /// How often a node says that it lives. It is gone after five times as long.
    pub beat: Duration,
}

impl std::fmt::Debug for NatsOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NatsOptions").field("beat", &self.beat).finish_non_exhaustive()
    }
}

impl NatsOptions {
    /// The usual ones.
    pub fn at(url: &str, installation: u64) -> Self {
        Self { url: url.to_owned(), credentials: None, installation, beat: Duration::from_secs(1) }
    }
}

/// Why there is no bus.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// The address is none.
    #[error("the bus's address is not of the form nats://user:password@host:port")]
    BadUrl,
    /// NATS does not let us in.
    #[error("NATS at {0} refuses: wrong user, password or token in bus.url (or bus.credentials)")]
    Refused(String),
    /// NATS lets us in, and no word through.
    #[error("NATS at {0} gives this user no answer: it must be allowed to publish and subscribe to parlor.>")]
    NoRights(String),
    /// The file of credentials is none.
    #[error("bus.credentials cannot be read: {0}")]
    Credentials(std::io::Error),
    /// No secure connection.
    #[error("NATS at {place} gives no secure connection that can be trusted: {cause}")]
    Insecure {
        /// Host and port.
        place: String,
        /// What happened.
        cause: String,
    },
}

/// Where NATS is and who we are there.
struct Address {
    servers: Vec<ServerAddr>,
    user: String,
    password: Option<String>,
}

impl Address {
    /// Takes names and passwords out: what is left may be shown.
    fn of(text: &str) -> Option<Self> {
        let mut found = Self { servers: Vec::new(), user: String::new(), password: None };
        for part in text.split(',') {
            let mut url = Url::parse(part.trim()).ok()?;
            if found.user.is_empty() && !url.username().is_empty() {
                found.user = plain(url.username());
                found.password = url.password().map(plain);
            }
            url.set_username("").ok()?;
            url.set_password(None).ok()?;
            found.servers.push(ServerAddr::from_url(url).ok()?);
        }
        Some(found)
    }

    fn place(&self) -> String {
        let places: Vec<_> = self.servers.iter().map(|server| format!("{}:{}", server.host(), server.port())).collect();
        places.join(", ")
    }
}

/// Text without its percent signs.
fn plain(text: &str) -> String {
    // The form's decoder would read a plus as a space.
    let kept = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(kept.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

/// What NATS or the way there complains about: said once, and not at every try.
#[derive(Default)]
struct Complaints(Mutex<String>);

impl Complaints {
    fn log(&self, error: &dyn Display) {
        let (text, mut last) = (error.to_string(), self.last());
        if *last != text {
            tracing::warn!(error = text, "NATS refuses, or cannot be reached");
            *last = text;
        }
    }

    fn forget(&self) {
        self.last().clear();
    }

    fn last(&self) -> MutexGuard<'_, String> {
        // Nothing in here panics half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client, connected or about to be, whose news go into `noise`. Only what will not mend itself is an error.
pub(super) async fn reach(
    options: &NatsOptions,
    inbox: String,
    node: NodeId,
    noise: mpsc::Sender<Noise>,
) -> Result<Client, NatsError> {
    let address = Address::of(&options.url).ok_or(NatsError::BadUrl)?;
    let place = address.place();
    let connect = wishes(options, &address, inbox, node, noise).await?;
    let tried = connect.clone().connect(&address.servers[..]);
    let error = match tokio::time::timeout(PATIENCE * 2, tried).await {
        Ok(Ok(client)) => return Ok(client),
        Ok(Err(error)) => meant(place.clone(), &error)?,
        Err(_) => "it does not answer in time".to_owned(),
    };
    tracing::warn!(%place, error, "NATS cannot be reached; other servers are not heard of until it can");
    let later = connect.retry_on_initial_connect().connect(&address.servers[..]).await;
    later.map_err(|_| NatsError::BadUrl)
}

/// What an inspection finds.
#[derive(Debug)]
pub struct Inspection {
    /// Host and port.
    pub place: String,
    /// The version of NATS; why it cannot be reached otherwise.
    pub server: Result<String, String>,
}

/// Looks whether NATS is there, lets us in, and lets us say and hear what a server does. Nobody hears of it.
pub async fn inspect(options: &NatsOptions) -> Result<Inspection, NatsError> {
    let address = Address::of(&options.url).ok_or(NatsError::BadUrl)?;
    let (place, node) = (address.place(), NodeId(0));
    let (noise, _) = mpsc::channel(1);
    let connect = wishes(options, &address, "parlor.inspection".to_owned(), node, noise).await?;
    let server = match tokio::time::timeout(PATIENCE * 2, connect.connect(&address.servers[..])).await {
        Ok(Ok(client)) => {
            if !may_speak(&client).await {
                return Err(NatsError::NoRights(place));
            }
            Ok(client.server_info().version)
        }
        Ok(Err(error)) => Err(meant(place.clone(), &error)?),
        Err(_) => Err("it does not answer in time".to_owned()),
    };
    Ok(Inspection { place, server })
}

/// Whether this user may publish and subscribe. Nobody listens there, which NATS says to the inbox at once; when one of the
/// two is forbidden, nothing comes.
async fn may_speak(client: &Client) -> bool {
    let asked = client.request(Subjects::of(0).nobody(NodeId(0)), Bytes::new());
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Err(error)) => error.kind() == RequestErrorKind::NoResponders,
        answered => answered.is_ok(),
    }
}

async fn wishes(
    options: &NatsOptions,
    address: &Address,
    inbox: String,
    node: NodeId,
    noise: mpsc::Sender<Noise>,
) -> Result<ConnectOptions, NatsError> {
    let complaints = Arc::new(Complaints::default());
    let mut connect = ConnectOptions::new()
        .name(format!("parlor {:016x}", node.0))
        .no_echo()
        .custom_inbox_prefix(inbox)
        .connection_timeout(PATIENCE)
        .ping_interval(PING)
        .subscription_capacity(WAITING)
        .client_capacity(WAITING)
        .reconnect_delay_callback(pause)
        .event_callback(move |event| {
            let (noise, complaints) = (noise.clone(), complaints.clone());
            async move {
                let told = match event {
                    Event::Connected => Noise::Connected,
                    Event::Disconnected => Noise::Disconnected,
                    Event::SlowConsumer(_) => Noise::Lost,
                    Event::ServerError(error) => return complaints.log(&error),
                    Event::ClientError(error) => return complaints.log(&error),
                    _ => return,
                };
                if told == Noise::Connected {
                    complaints.forget();
                }
                // Full: what it would say is said often enough.
                let _ = noise.try_send(told);
            }
        });
    if let Some(password) = &address.password {
        connect = connect.user_and_password(address.user.clone(), password.clone());
    } else if !address.user.is_empty() {
        connect = connect.token(address.user.clone());
    }
    match &options.credentials {
        Some(file) => connect.credentials_file(file).await.map_err(NatsError::Credentials),
        None => Ok(connect),
    }
}

/// What a failed first connection means: an error when waiting does not help, otherwise words for the log.
fn meant(place: String, error: &ConnectError) -> Result<String, NatsError> {
    match error.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => Err(NatsError::Refused(place)),
        _ if is_about_tls(error) => Err(NatsError::Insecure { place, cause: error.to_string() }),
        ConnectErrorKind::Tls => Err(NatsError::Insecure { place, cause: error.to_string() }),
        ConnectErrorKind::ServerParse => Err(NatsError::BadUrl),
        ConnectErrorKind::Dns | ConnectErrorKind::TimedOut | ConnectErrorKind::Io | ConnectErrorKind::MaxReconnects => {
            Ok(error.to_string())
        }
    }
}

/// A certificate that nobody trusts, or no TLS where it was asked for, comes as an error of the connection.
fn is_about_tls(error: &ConnectError) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        let around = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if inner.is::<rustls::Error>() || around.is_some_and(<dyn Error + Send + Sync>::is::<rustls::Error>) {
            return true;
        }
        cause = inner.source();
    }
    false
}

/// The pause before a try: longer each time, and not the same for all nodes.
fn pause(tries: usize) -> Duration {
    let steps = u32::try_from(tries.min(5)).unwrap_or(5);
    let longest = (Duration::from_millis(50) * 2_u32.pow(steps)).min(LONGEST_PAUSE);
    longest.mul_f64(rand::random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_we_are_is_taken_out_of_the_address() {
        let address = Address::of("nats://a%40b:x+%3A%26y@one:1, tls://two").unwrap();
        assert_eq!((address.user.as_str(), address.password.as_deref()), ("a@b", Some("x+:&y")));
        assert_eq!(address.place(), "one:1, two:4222");
        let token = Address::of("nats://hunter2@one").unwrap();
        assert_eq!((token.user.as_str(), token.password), ("hunter2", None));
        assert!(Address::of("http://one").is_none() && Address::of("nats://a,b c").is_none());
    }

    #[test]
    fn a_pause_has_an_end_and_differs() {
        let longest = (0..200).map(pause).max().unwrap();
        assert!(longest <= Duration::from_secs(2) && longest > Duration::from_millis(900), "{longest:?}");
    }

    #[test]
    fn options_never_show_the_address() {
        assert!(!format!("{:?}", NatsOptions::at("nats://hunter2@one", 1)).contains("hunter2"));
    }
}
