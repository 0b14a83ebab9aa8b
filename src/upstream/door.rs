//! Getting in: a token from the server API, a server from navigation, a socket to it.

use rand::Rng;

use super::Shared;
use crate::{
    im::{backend::upstream::open_secret, upstream::Led},
    model::{Caller, Code, Fault},
    outbound::{Answer, Media, Post, Socket, Unanswered},
    wire::rong::upstream::{
        End,
        door::{self, Form, Shut},
        refusal::away,
    },
};

/// Largest answer that is read.
const MAX_ANSWER: usize = 64 << 10;

/// Why a session has no line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Without {
    /// Nobody answers there.
    Away,
    /// The rules for outgoing requests forbid it.
    Rules,
    /// Somebody answers, and does not let us in.
    Shut(Shut),
    /// The line ended.
    Ended(End),
    /// Our own store does not take what comes.
    Store,
}

impl Without {
    /// Its name in figures and logs: one of a closed set.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Rules => "rules",
            Self::Shut(Shut::Secret) => "secret",
            Self::Shut(Shut::App) | Self::Ended(End::App) => "app",
            Self::Shut(Shut::Token) | Self::Ended(End::Token) => "token",
            Self::Shut(Shut::Busy) => "busy",
            Self::Shut(Shut::Unreadable) => "unreadable",
            Self::Ended(end) => end.name(),
            Self::Store => "store",
        }
    }

    /// What a visitor hears who wants to say something meanwhile. Only what time may heal is temporary.
    pub(super) fn fault(self) -> Fault {
        match self {
            Self::Shut(Shut::Secret | Shut::App | Shut::Token) | Self::Ended(End::Token | End::App) | Self::Rules => {
                Fault::new(Code::UpstreamRefused, "the service that answers here does not let this chat in")
            }
            Self::Ended(End::Kicked) => {
                Fault::new(Code::UpstreamRefused, "another client took your place at the service that answers here")
            }
            Self::Ended(End::Blocked) => Fault::new(Code::UserBlocked, "the service that answers here has blocked you"),
            Self::Away | Self::Shut(Shut::Busy | Shut::Unreadable) | Self::Ended(_) | Self::Store => away(),
        }
    }

    /// Whether it says something about the whole service, and not about one visitor.
    pub(super) const fn is_about_the_service(self) -> bool {
        !matches!(self, Self::Ended(End::Kicked | End::Blocked | End::Moved) | Self::Store)
    }
}

impl From<Unanswered> for Without {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Refused(refusal) => {
                tracing::warn!(%refusal, "An upstream may not be asked");
                Self::Rules
            }
            _ => Self::Away,
        }
    }
}

/// Opens a socket for a visitor. `token`: the one that was used before; a new one is put there when it is missing.
pub(super) async fn enter(
    shared: &Shared,
    visitor: &Caller,
    led: &Led,
    token: &mut Option<String>,
) -> Result<Socket, Without> {
    let known = match token {
        Some(known) => known.clone(),
        None => token.insert(new_token(shared, visitor, led).await?).clone(),
    };
    let servers = match navigate(shared, visitor, led, &known).await {
        Err(Without::Shut(Shut::Token)) => {
            // It may have been revoked since; a new one tells.
            *token = None;
            return Err(Without::Shut(Shut::Token));
        }
        other => other?,
    };
    let mut outcome = Err(Without::Away);
    for server in servers {
        let url = door::socket_url(&led.upstream, &server, &known);
        outcome = shared.parts.outbound.dial(&visitor.app, &url).await.map_err(Without::from);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

async fn new_token(shared: &Shared, visitor: &Caller, led: &Led) -> Result<String, Without> {
    let secret = open_secret(&shared.parts.vault, &visitor.app, &led.secret).ok_or(Without::Shut(Shut::Secret))?;
    let (nonce, now) = (rand::rng().random(), shared.parts.clock.now());
    let name = if visitor.person.name.is_empty() { "Visitor" } else { visitor.person.name.as_str() };
    let Form { url, headers, body } = door::ask_token(&led.upstream, &secret, visitor.id().as_str(), name, nonce, now);
    let post =
        Post { app: &visitor.app, url: &url, headers, media: Media::Form, body, within: None, wanted: MAX_ANSWER };
    let Answer { status, body, .. } = shared.parts.outbound.post(post).await?;
    door::read_token(status, &body).map_err(Without::Shut)
}

async fn navigate(shared: &Shared, visitor: &Caller, led: &Led, token: &str) -> Result<Vec<String>, Without> {
    let url = door::navigation_url(&led.upstream, token, shared.parts.clock.now());
    let (headers, body) = (Vec::new(), String::new());
    let ask =
        Post { app: &visitor.app, url: &url, headers, media: Media::Form, body, within: None, wanted: MAX_ANSWER };
    let Answer { status, body, .. } = shared.parts.outbound.get(ask).await?;
    door::read_navigation(status, &body).map_err(Without::Shut)
}
