//! The first frame: who the client is, by what proof, from which page (E3).

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    Gateway,
    limits::Bucket,
    outbox::Outbox,
    room::RoomSeats,
    sessions::{Membership, Most},
};
use crate::{
    auth::Token,
    im::{Im, accounts::SignedIn},
    model::{Caller, Code, Fault, Millis, Role, SiteKey, command::Welcome, error::CloseCode, presence::Transport},
    wire::{ClientKind, Hello, widget},
};

/// What is known of a connection before its first frame.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The page that opened it.
    pub origin: Origin,
    /// Visitors' cookies, by site.
    pub visitors: Vec<(SiteKey, Token)>,
    /// An agent's cookie.
    pub agent: Option<Token>,
}

/// Where a connection comes from, by its `Origin` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// No page, or one that hides its name.
    Unknown,
    /// A page of this server.
    Own,
    /// Another page.
    Foreign(String),
}

/// Somebody is here, on this connection. Dropping it tells that they went.
pub(super) struct Seat {
    pub(super) membership: Membership,
    pub(super) app: Arc<Bucket>,
    pub(super) token: Token,
    /// The chatrooms it is in.
    pub(super) rooms: RoomSeats,
    /// When the token is looked at again.
    pub(super) check_at: Instant,
    /// The server's time in the welcome: what was sent before is offline to this connection.
    pub(super) welcomed_at: Millis,
    presence: Presence,
}

impl Seat {
    /// Looks whether the credentials still count.
    pub(super) fn prove(&mut self) -> impl Future<Output = Result<Option<SignedIn>, Fault>> + Send + use<> {
        self.check_at = Instant::now() + Duration::from_hours(1);
        let (im, token) = (self.presence.im.clone(), self.token.clone());
        async move { im.authenticate(&token).await }
    }

    /// Takes what came of that; the reason to close when they count no more.
    pub(super) fn proved(&mut self, outcome: Result<Option<SignedIn>, Fault>) -> Result<(), CloseCode> {
        match outcome {
            Ok(Some(signed_in)) => self.check_at = check_at(&self.presence.im, &signed_in),
            Ok(None) => return Err(CloseCode::Token),
            Err(fault) if fault.code == Code::UserBlocked => return Err(CloseCode::Forbidden),
            // The store does not answer; ask again soon rather than throw everybody out.
            Err(_) => self.check_at = Instant::now() + Duration::from_mins(1),
        }
        Ok(())
    }
}

/// Tells the domain on drop that a connection went.
struct Presence {
    im: Arc<Im>,
    caller: Arc<Caller>,
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.im.disconnected(&self.caller);
    }
}

/// A hello that was not taken.
#[derive(Debug)]
pub(super) struct Rejected {
    pub(super) fault: Fault,
    pub(super) close: CloseCode,
}

impl From<Fault> for Rejected {
    fn from(fault: Fault) -> Self {
        let close = match fault.code {
            Code::Unauthorized => CloseCode::Token,
            Code::OriginRefused | Code::Forbidden | Code::UserBlocked => CloseCode::Forbidden,
            Code::UnsupportedVersion => CloseCode::Policy,
            _ => CloseCode::Overload,
        };
        Self { fault, close }
    }
}

/// Checks the proof, takes the seat, and tells the client where everything stands.
pub(super) async fn greet(
    gateway: Arc<Gateway>,
    outbox: Arc<Outbox>,
    opening: Opening,
    hello: Hello,
    transport: Transport,
) -> Result<(Seat, Welcome), Rejected> {
    if hello.version != widget::VERSION {
        let message = format!("version {} is not spoken here; `v` must be {}", hello.version, widget::VERSION);
        return Err(Fault::new(Code::UnsupportedVersion, message).into());
    }
    let proofs_asked = gateway.sessions.proofs_asked();
    let (signed_in, token) = authenticate(&gateway.im, &opening, &hello).await?;
    let mut seat = take_seat(gateway, outbox, (signed_in, token), proofs_asked, transport).await?;
    let welcome = seat.presence.im.welcome(&seat.membership.caller, &hello.since).await?;
    seat.welcomed_at = welcome.now;
    Ok((seat, welcome))
}

/// Gives somebody who has proved themselves their place. `proofs_asked`: the count when the proof began.
pub(super) async fn take_seat(
    gateway: Arc<Gateway>,
    outbox: Arc<Outbox>,
    (signed_in, token): (SignedIn, Token),
    proofs_asked: u64,
    transport: Transport,
) -> Result<Seat, Fault> {
    let check_at = check_at(&gateway.im, &signed_in);
    let caller = Arc::new(signed_in.caller);
    let alone = gateway.im.takes_over(&caller).await?;
    let most = if alone {
        Most { connections: 1, beyond: CloseCode::TakenOver }
    } else {
        Most { connections: gateway.limits.connections_per_person, beyond: CloseCode::Replaced }
    };
    // From here on pushes gather in the outbox; they leave after the welcome.
    let membership = gateway.sessions.join(caller.clone(), &outbox, most);
    if gateway.sessions.proofs_asked() != proofs_asked {
        // Credentials may have ended between the proof and the joining, when nobody could be told.
        outbox.ask_proof();
    }
    let app = gateway.rates.app(&caller.app);
    let presence = Presence { im: gateway.im.clone(), caller: caller.clone() };
    gateway.im.connected(&caller, transport, alone).await;
    let welcomed_at = gateway.im.now();
    Ok(Seat { membership, app, token, rooms: RoomSeats::default(), check_at, welcomed_at, presence })
}

async fn authenticate(im: &Im, opening: &Opening, hello: &Hello) -> Result<(SignedIn, Token), Fault> {
    let token = proof(opening, hello)?;
    let found = match &hello.site {
        Some(site) => im.authenticate_visitor(&token, site).await?,
        None => im.authenticate(&token).await?,
    };
    let wanted = match hello.kind {
        ClientKind::Visitor => Role::Visitor,
        ClientKind::Agent => Role::Agent,
        ClientKind::User => Role::User,
    };
    let signed_in = found.filter(|found| found.caller.person.role == wanted).ok_or_else(unauthorized)?;
    if let Origin::Foreign(origin) = &opening.origin
        && !im.app_allows_origin(&signed_in.caller.app, origin).await?
    {
        return Err(Fault::new(Code::OriginRefused, "no site of this app lists the page's origin"));
    }
    Ok((signed_in, token))
}

/// The token in the frame, or the cookie when the page is our own (E3).
fn proof(opening: &Opening, hello: &Hello) -> Result<Token, Fault> {
    if let Some(token) = &hello.token {
        return Token::presented(token).ok_or_else(unauthorized);
    }
    let cookie = match &hello.site {
        Some(site) => opening.visitors.iter().find(|(of, _)| of == site).map(|(_, token)| token),
        None if hello.kind == ClientKind::Agent => opening.agent.as_ref(),
        None => None,
    };
    let cookie = cookie.ok_or_else(unauthorized)?;
    if opening.origin != Origin::Own {
        return Err(Fault::new(Code::OriginRefused, "a cookie counts only on this server's own pages; give a `token`"));
    }
    Ok(cookie.clone())
}

/// Hourly at least, and when the token ends.
fn check_at(im: &Im, signed_in: &SignedIn) -> Instant {
    const HOUR_MS: i64 = 3_600_000;
    let left = signed_in.expires_at.since(im.now()).saturating_add(500).min(HOUR_MS);
    Instant::now() + Duration::from_millis(u64::try_from(left).unwrap_or(0))
}

fn unauthorized() -> Fault {
    Fault::new(Code::Unauthorized, "no valid credentials came with `hello`")
}
