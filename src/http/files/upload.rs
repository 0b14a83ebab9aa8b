//! `POST /files`: one file as the body of one request.
//!
//! Headers say the rest: `Content-Type` what its sender takes it for, `X-File-Name` its name (percent-encoded UTF-8),
//! `X-Conversation` where to (an id, or `desk`). Who: `Authorization: Bearer` with a token, or the cookie of our own
//! pages – visitors with `X-Site`, agents with `X-CSRF-Token`. Visitors with a token name their site, too.

use std::time::Duration;

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    http::header::{self, HeaderMap},
    web::{Data, Payload},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::time::{Instant, timeout_at};

use crate::{
    auth::Token,
    config::Config,
    gateway::hello::Origin,
    http::{
        console::{Agent, Inside},
        extract::SameOrigin,
        page::widget::visitor_token,
        socket::opening,
    },
    im::{
        Im,
        files::{Place, Upload},
    },
    model::{Caller, Code, Fault, Role, SiteKey, file::percent_decoded},
};

/// Slowest body that is waited for (W7), after a first while.
const BYTES_PER_SEC: u64 = 10 << 10;
const FIRST_WHILE: Duration = Duration::from_secs(5);
/// Longest pause within a body.
const PAUSE: Duration = Duration::from_secs(30);

/// `POST /files`
pub(in crate::http) async fn upload(
    request: HttpRequest,
    body: Payload,
    im: Data<Im>,
    config: Data<Config>,
) -> Result<HttpResponse, Fault> {
    let caller = caller(&request, &im, &config).await?;
    let headers = request.headers();
    let place = place(headers)?;
    let name = text(headers, "x-file-name").and_then(percent_decoded);
    let name = name.ok_or_else(|| bad("give the file's name as percent-encoded UTF-8 in `X-File-Name`"))?;
    let declared = text(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let size = text(headers, header::CONTENT_LENGTH.as_str()).and_then(|length| length.parse().ok());
    let upload = im.begin_upload(&caller, place, &name, declared, size).await?;
    let upload = take_in(upload, body, size).await?;
    let uploaded = im.finish_upload(&caller, upload).await?;
    Ok(HttpResponse::Created().json(uploaded))
}

/// Takes the bytes in, in time and as many as were promised.
pub(in crate::http) async fn take_in<E>(
    mut upload: Upload,
    mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    size: Option<u64>,
) -> Result<Upload, Fault> {
    let began = Instant::now();
    let (mut taken, promised) = (0_u64, size.unwrap_or(u64::MAX));
    loop {
        // What came so far earns time for the rest.
        let earned = Duration::from_secs(taken / BYTES_PER_SEC);
        let end = (began + FIRST_WHILE + earned).min(Instant::now() + PAUSE);
        let piece = timeout_at(end, body.next()).await.map_err(|_| bad("the body came too slowly"))?;
        let Some(piece) = piece else { break };
        let piece = piece.map_err(|_| bad("the body is broken"))?;
        taken += piece.len() as u64;
        upload.add(piece).await?;
    }
    if size.is_some() && taken != promised {
        return Err(bad("the body is shorter than its Content-Length"));
    }
    Ok(upload)
}

fn place(headers: &HeaderMap) -> Result<Place, Fault> {
    match text(headers, "x-conversation") {
        Some("desk") => Ok(Place::Desk),
        Some(id) => id.parse().map(Place::Conversation).map_err(|_| bad("`X-Conversation` is no conversation's id")),
        None => Err(bad("name where the file goes in `X-Conversation`: a conversation's id or `desk`")),
    }
}

/// Who sends the file, by the rules of the socket (E3, O4).
async fn caller(request: &HttpRequest, im: &Im, config: &Config) -> Result<Caller, Fault> {
    let headers = request.headers();
    let site: Option<SiteKey> = text(headers, "x-site").and_then(|key| key.parse().ok());
    if let Some(token) = text(headers, header::AUTHORIZATION.as_str()) {
        let token = token.strip_prefix("Bearer ").and_then(Token::presented).ok_or_else(unauthorized)?;
        return by_token(im, &opening(headers, &config.server)?.origin, &token, site.as_ref()).await;
    }
    if let Some(site) = site {
        SameOrigin::check(headers, &config.server)?;
        let token = visitor_token(request, &config.server, &site).ok_or_else(unauthorized)?;
        return Ok(im.authenticate_visitor(&token, &site).await?.ok_or_else(unauthorized)?.caller);
    }
    let agent = Agent::extract(request).await?;
    Inside::extract(request).await?;
    Ok(agent.caller().clone())
}

async fn by_token(im: &Im, origin: &Origin, token: &Token, site: Option<&SiteKey>) -> Result<Caller, Fault> {
    let found = match site {
        Some(site) => im.authenticate_visitor(token, site).await?,
        None => im.authenticate(token).await?.filter(|found| found.caller.person.role != Role::Visitor),
    };
    let caller = found.ok_or_else(unauthorized)?.caller;
    if let Origin::Foreign(origin) = origin
        && !im.app_allows_origin(&caller.app, origin).await?
    {
        return Err(Fault::new(Code::OriginRefused, "no site of this app lists the page's origin"));
    }
    Ok(caller)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn unauthorized() -> Fault {
    Fault::new(Code::Unauthorized, "no valid credentials came with the file")
}

fn bad(message: &'static str) -> Fault {
    Fault::new(Code::BadRequest, message)
}
