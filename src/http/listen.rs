//! Sockets that listen, and how connections are taken from them.
//!
//! Built on actix-http directly, not on `HttpServer`: sockets leave the HTTP dispatcher through its upgrade hook, so
//! that an idle one costs 2 KiB instead of 14. actix-http hands over every request that carries `Upgrade: websocket`
//! (and every CONNECT), whatever its method and address; `socket::upgrade` answers them all.

use std::{
    net::{Shutdown, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_http::{Extensions, HttpService};
use actix_rt::net::TcpStream;
use actix_server::{Server, ServerBuilder};
use actix_service::map_config;
use actix_web::dev::AppConfig;

use super::{Parts, crowd::Crowd, demo, metrics, socket};
use crate::model::SiteKey;

/// A head that takes longer is answered with 408 (W7).
const HEAD: Duration = Duration::from_secs(5);
/// How long an idle connection is kept for the next request.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a refused request's rest is read, so that the refusal arrives.
const LINGER: Duration = Duration::from_secs(1);
/// The kernel gives up on a peer that acknowledges nothing for this long (W4).
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Bound sockets, before anything is served on them.
#[derive(Debug)]
pub struct Listeners {
    /// The public one.
    pub public: TcpListener,
    /// The demo page's, and the site whose line is on it.
    pub demo: Option<(TcpListener, SiteKey)>,
    /// Prometheus reads here.
    pub metrics: Option<TcpListener>,
}

macro_rules! http_service {
    ($builder:expr, $crowd:expr) => {{
        let signal = $builder.graceful_shutdown_signal();
        let crowd = Arc::clone($crowd);
        move || {
            let (signal, crowd) = (signal.clone(), Arc::clone(&crowd));
            HttpService::build()
                .client_request_timeout(HEAD)
                .client_disconnect_timeout(LINGER)
                .keep_alive(KEEP_ALIVE)
                .on_connect_ext(move |stream, data| on_connect(stream, data, &crowd))
                .graceful_shutdown_signal(move || {
                    let signal = signal.clone();
                    async move { signal.notified().await }
                })
        }
    }};
}

/// Serves on the listeners. The returned server runs while it is polled.
pub fn serve(parts: &Parts, listeners: Listeners) -> std::io::Result<Server> {
    let builder =
        Server::build().workers(parts.config.server.worker_count()).shutdown_timeout(5).backlog(2048).disable_signals();
    let crowd = Arc::new(Crowd::new(&parts.config));
    let builder = public(builder, &crowd, parts.clone(), listeners.public)?;
    let builder = match listeners.demo {
        Some((listener, site)) => landing(builder, &crowd, parts, listener, &site)?,
        None => builder,
    };
    let builder = match listeners.metrics {
        Some(listener) => figures(builder, &crowd, parts, listener)?,
        None => builder,
    };
    Ok(builder.run())
}

fn public(
    builder: ServerBuilder,
    crowd: &Arc<Crowd>,
    parts: Parts,
    listener: TcpListener,
) -> std::io::Result<ServerBuilder> {
    let service = http_service!(builder, crowd);
    builder.listen("public", listener, move || {
        let app = super::app(&parts);
        service().upgrade(socket::upgrade(&parts)).finish(map_config(app, |()| AppConfig::default())).tcp()
    })
}

fn landing(
    builder: ServerBuilder,
    crowd: &Arc<Crowd>,
    parts: &Parts,
    listener: TcpListener,
    site: &SiteKey,
) -> std::io::Result<ServerBuilder> {
    let service = http_service!(builder, crowd);
    let page = demo::page(&parts.config.server, site);
    builder.listen("demo", listener, move || {
        let app = demo::app(page.clone());
        service().finish(map_config(app, |()| AppConfig::default())).tcp()
    })
}

fn figures(
    builder: ServerBuilder,
    crowd: &Arc<Crowd>,
    parts: &Parts,
    listener: TcpListener,
) -> std::io::Result<ServerBuilder> {
    let service = http_service!(builder, crowd);
    let parts = parts.clone();
    builder.listen("metrics", listener, move || {
        let app = metrics::app(parts.clone());
        service().finish(map_config(app, |()| AppConfig::default())).tcp()
    })
}

/// Small frames leave at once; a dead peer is noticed; a network that holds enough connections gets no more.
fn on_connect(stream: &TcpStream, data: &mut Extensions, crowd: &Arc<Crowd>) {
    let socket = socket2::SockRef::from(stream);
    match stream.peer_addr().ok().map(|peer| crowd.enter(peer)) {
        Some(Some(place)) => drop(data.insert(place)),
        Some(None) => drop(socket.shutdown(Shutdown::Both)),
        // It is gone already.
        None => {}
    }
    // Both can only fail on a connection that is gone already.
    let _ = socket.set_tcp_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
}
