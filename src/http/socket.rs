//! Requests that ask to become a WebSocket leave HTTP here.
//!
//! actix-http hands over the raw request; router and middleware never see it. What it asks is checked, the 101 is
//! written, and the stream goes to the gateway: the dispatcher and its buffers are freed.

use std::{net::SocketAddr, rc::Rc};

use actix_codec::Framed;
use actix_http::{
    Request, RequestHead, Response, StatusCode, Version,
    body::BodySize,
    error::Error as HttpError,
    h1,
    ws::{self, HandshakeError},
};
use actix_rt::net::TcpStream;
use actix_service::{ServiceFactory, fn_service};
use actix_web::{
    HttpResponse,
    http::header::{self, HeaderMap},
};
use bytes::BytesMut;
use futures_util::SinkExt;

use super::{
    Parts,
    error::{self, from_status},
    extract::Client,
    guard, rong,
};
use crate::{
    auth::Token,
    config::Server,
    gateway::{
        hello::{Opening, Origin},
        limits::Admission,
        rong::{MAX_FRAME_BYTES, Ticket},
        tcp::TcpSocket,
    },
    model::{Code, Fault, SiteKey},
};

/// Name of a visitor's cookie before its site's key, without the `__Host-` it has under https.
const VISITOR_COOKIE: &str = "parlor-v-";
/// Most visitors' cookies looked at: one per site that embeds us under this address.
const MOST_COOKIES: usize = 50;

/// The service behind actix-http's upgrade hook; one per worker.
pub fn upgrade(
    parts: &Parts,
) -> impl ServiceFactory<
    (Request, Framed<TcpStream, h1::Codec>),
    Config = (),
    Response = (),
    Error = HttpError,
    InitError = (),
    Future: 'static,
    Service: 'static,
> + use<> {
    let parts = Rc::new(parts.clone());
    fn_service(move |(request, framed): (Request, Framed<TcpStream, h1::Codec>)| {
        let parts = Rc::clone(&parts);
        async move {
            match check(&parts, &request) {
                Ok((answer, entry, admission)) => take_over(&parts, framed, answer, entry, admission).await,
                Err(fault) => {
                    parts.figures.count_request("socket", fault.code.status());
                    refuse(framed, &fault, parts.config.server.is_https()).await;
                }
            }
            Ok(())
        }
    })
}

/// `GET /ws` without an upgrade.
pub async fn plain() -> HttpResponse {
    let fault = Fault::new(Code::BadRequest, "this address speaks WebSocket only");
    HttpResponse::build(StatusCode::UPGRADE_REQUIRED)
        .insert_header((header::UPGRADE, "websocket"))
        .json(serde_json::json!({ "error": fault }))
}

/// Which wire the client is going to speak, and what is known of it.
enum Entry {
    /// Our own.
    Widget(Opening),
    /// The compatible one. Pages of any origin come, with a token and never with a cookie.
    Compatible(Ticket),
}

/// Everything that can be known before there is a socket (W1).
fn check(parts: &Parts, request: &Request) -> Result<(Response<()>, Entry, Admission), Fault> {
    let head = request.head();
    guard::check_size(&head.uri, &head.headers)?;
    let compatible = match head.uri.path() {
        "/ws" => false,
        rong::socket::PATH => true,
        _ => return Err(from_status(StatusCode::NOT_FOUND)),
    };
    let answer = handshake(head)?;
    let entry = if compatible {
        Entry::Compatible(rong::socket::ticket(&head.uri, &head.headers, &parts.config.server))
    } else {
        Entry::Widget(opening(&head.headers, &parts.config.server)?)
    };
    let peer: Option<SocketAddr> = request.peer_addr();
    let network = Client::of(peer, &head.headers, &parts.config.server).network;
    let admission = parts.gateway.admit(network)?;
    Ok((answer, entry, admission))
}

fn handshake(head: &RequestHead) -> Result<Response<()>, Fault> {
    if head.version != Version::HTTP_11 {
        return Err(Fault::new(Code::BadRequest, "a WebSocket begins with HTTP/1.1"));
    }
    let mut answer = ws::handshake(head).map_err(|error| match error {
        HandshakeError::GetMethodRequired => from_status(StatusCode::METHOD_NOT_ALLOWED),
        error => Fault::new(Code::BadRequest, format!("this is no WebSocket handshake: {error}")),
    })?;
    Ok(answer.finish().drop_body())
}

/// What the request tells of whoever opens the connection. At most one origin, and it must be readable (E3).
pub(super) fn opening(headers: &HeaderMap, server: &Server) -> Result<Opening, Fault> {
    let mut origins = headers.get_all(header::ORIGIN);
    let origin = match (origins.next(), origins.next()) {
        (None, _) => Origin::Unknown,
        (Some(origin), None) => match origin.to_str() {
            Ok("null") => Origin::Unknown,
            Ok(origin) if origin == server.origin() => Origin::Own,
            Ok(origin) if origin.len() <= 300 => Origin::Foreign(origin.to_owned()),
            _ => return Err(Fault::new(Code::OriginRefused, "the `Origin` header cannot be read")),
        },
        _ => return Err(Fault::new(Code::OriginRefused, "there is more than one `Origin` header")),
    };
    let mut opening = Opening { origin, visitors: Vec::new(), agent: None };
    // Elsewhere cookies count for nothing; they are not even read.
    if opening.origin == Origin::Own {
        let prefix = if server.is_https() { "__Host-" } else { "" };
        for (name, value) in cookies(headers) {
            keep_cookie(&mut opening, name.strip_prefix(prefix).unwrap_or_default(), value);
        }
    }
    Ok(opening)
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

fn keep_cookie(opening: &mut Opening, name: &str, value: &str) {
    let Some(token) = Token::presented(value.trim_matches('"')) else { return };
    if name == super::console::AGENT_COOKIE {
        opening.agent = Some(token);
    } else if let Some(Ok(site)) = name.strip_prefix(VISITOR_COOKIE).map(str::parse::<SiteKey>)
        && opening.visitors.len() < MOST_COOKIES
    {
        opening.visitors.push((site, token));
    }
}

/// Writes the 101 and lets the connection's own task go on.
async fn take_over(
    parts: &Parts,
    mut framed: Framed<TcpStream, h1::Codec>,
    answer: Response<()>,
    entry: Entry,
    admission: Admission,
) {
    if framed.send(h1::Message::Item((answer, BodySize::None))).await.is_err() {
        return;
    }
    parts.figures.count_request("socket", StatusCode::SWITCHING_PROTOCOLS.as_u16());
    let left = framed.into_parts();
    // What the client sent in one breath with the handshake. Copied, so that the dispatcher's buffer is freed.
    let already_read = BytesMut::from(left.read_buf.as_ref());
    match entry {
        Entry::Widget(opening) => {
            let socket = TcpSocket::new(left.io, already_read, parts.config.limits.visitor_frame_bytes);
            actix_rt::spawn(parts.gateway.serve(socket, opening, admission));
        }
        Entry::Compatible(ticket) => {
            let line = TcpSocket::binary(left.io, already_read, MAX_FRAME_BYTES);
            actix_rt::spawn(parts.gateway.serve_compatible(line, ticket, admission));
        }
    }
}

/// Answers with a fault and closes.
async fn refuse(mut framed: Framed<TcpStream, h1::Codec>, fault: &Fault, https: bool) {
    let (head, body): (Response<()>, _) = error::plain(fault, https);
    let size = BodySize::Sized(body.len() as u64);
    // The peer may be gone; there is nobody else to tell.
    let _ = framed.send(h1::Message::Item((head, size))).await;
    let _ = framed.send(h1::Message::Chunk(Some(body))).await;
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    const TOKEN: &str = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq";

    fn opened(list: &[(&'static str, &str)], public_url: &str) -> Result<Opening, Fault> {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        opening(&headers, &Server { public_url: public_url.to_owned(), ..Server::default() })
    }

    #[test]
    fn e3_origins_are_compared_whole() {
        let origin = |origin| opened(&[("origin", origin)], "https://chat.example").unwrap().origin;
        assert_eq!(origin("https://chat.example"), Origin::Own);
        assert_eq!(origin("null"), Origin::Unknown);
        for foreign in ["https://chat.example.evil", "http://chat.example", "https://chat.example:8443"] {
            assert_eq!(origin(foreign), Origin::Foreign(foreign.to_owned()));
        }
        assert_eq!(opened(&[], "").unwrap().origin, Origin::Unknown);
        let doubled = [("origin", "https://chat.example"), ("origin", "https://evil.example")];
        assert_eq!(opened(&doubled, "https://chat.example").unwrap_err().code, Code::OriginRefused);
    }

    #[test]
    fn e3_cookies_are_read_on_our_own_pages_only() {
        let cookie = format!("x=1; parlor-v-site1={TOKEN};parlor-a={TOKEN}; parlor-v-=y; parlor-v-site2=short");
        let server = Server::default().origin();
        let own = opened(&[("origin", &server), ("cookie", &cookie)], "").unwrap();
        assert_eq!((own.visitors.len(), own.agent.is_some()), (1, true));
        let foreign = opened(&[("origin", "https://evil.example"), ("cookie", &cookie)], "").unwrap();
        assert_eq!((foreign.visitors.len(), foreign.agent.is_some()), (0, false));
    }

    #[test]
    fn under_https_only_host_cookies_count() {
        let cookie = format!("parlor-a={TOKEN}; __Host-parlor-v-site1={TOKEN}");
        let opening = opened(&[("origin", "https://c.example"), ("cookie", &cookie)], "https://c.example").unwrap();
        assert_eq!((opening.visitors.len(), opening.agent.is_some()), (1, false));
    }
}
