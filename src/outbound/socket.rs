//! Outgoing sockets: under the same rules as requests, and connected to the very address that was checked.

use std::net::{IpAddr, SocketAddr};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Error, Message, client::IntoClientRequest, protocol::WebSocketConfig},
};
use url::{Host, Url};

use super::{Outbound, Refusal, Unanswered, resolve, tls};
use crate::model::AppKey;

/// Largest message that is taken, in bytes.
const MAX_MESSAGE: usize = 256 << 10;
/// Most bytes that wait to be written.
const MAX_WAITING: usize = 1 << 20;

/// What a connection runs over.
trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// A WebSocket to another server. Only binary messages are spoken.
pub struct Socket(WebSocketStream<Box<dyn Transport>>);

impl Socket {
    /// The next message; `None` when the other side ended it. May be dropped while it waits: nothing is lost.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>, Unanswered>> {
        loop {
            return match self.0.next().await? {
                Ok(Message::Binary(bytes)) => Some(Ok(bytes.into())),
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => continue,
                Ok(Message::Close(_)) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => None,
                Ok(Message::Text(_)) | Err(_) => Some(Err(Unanswered::Broken)),
            };
        }
    }

    /// Sends a message.
    pub async fn send(&mut self, bytes: Vec<u8>) -> Result<(), Unanswered> {
        self.0.send(Message::Binary(bytes.into())).await.map_err(|_| Unanswered::Broken)
    }

    /// Says goodbye. Nobody waits for the other side's.
    pub async fn close(mut self) {
        // It may be gone already.
        let _ = self.0.close(None).await;
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Socket")
    }
}

impl Outbound {
    /// Opens a WebSocket at an `http` or `https` URL.
    pub async fn dial(&self, app: &AppKey, url: &str) -> Result<Socket, Unanswered> {
        let url = self.guard.url(url)?;
        self.check_literal(&url)?;
        let _place = self.take_place(app)?;
        let until = Instant::now() + self.total;
        timeout_at(until, self.open(url)).await.map_err(|_| Unanswered::Late)?
    }

    async fn open(&self, mut url: Url) -> Result<Socket, Unanswered> {
        let secure = url.scheme() == "https";
        let tcp = self.connect(&url).await?;
        let stream: Box<dyn Transport> = if secure {
            let name = server_name(&url).ok_or(Refusal::NoUrl)?;
            let tls = self.tls.get_or_init(|| TlsConnector::from(std::sync::Arc::new(tls())));
            Box::new(tls.connect(name, tcp).await.map_err(|_| Unanswered::Unreachable)?)
        } else {
            Box::new(tcp)
        };
        url.set_scheme(if secure { "wss" } else { "ws" }).map_err(|()| Refusal::NoUrl)?;
        let request = url.as_str().into_client_request().map_err(|_| Refusal::NoUrl)?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE))
            .max_write_buffer_size(MAX_WAITING);
        let (socket, _) =
            client_async_with_config(request, stream, Some(config)).await.map_err(|error| match error {
                Error::Io(_) => Unanswered::Unreachable,
                _ => Unanswered::Broken,
            })?;
        Ok(Socket(socket))
    }

    /// Connects to the first address that answers, after all of them were checked.
    async fn connect(&self, url: &Url) -> Result<TcpStream, Unanswered> {
        let port = url.port_or_known_default().ok_or(Refusal::NoUrl)?;
        let addresses: Vec<IpAddr> = match url.host().ok_or(Refusal::NoUrl)? {
            Host::Ipv4(address) => vec![address.into()],
            Host::Ipv6(address) => vec![address.into()],
            Host::Domain(name) => self.lookup.addresses(name).await.map_err(|_| Unanswered::Unreachable)?,
        };
        resolve::check_all(&self.guard, &addresses)?;
        for address in addresses {
            let connecting = TcpStream::connect(SocketAddr::new(address, port));
            if let Ok(Ok(stream)) = tokio::time::timeout(self.connect, connecting).await {
                // Frames are small and must not wait for one another.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
        }
        Err(Unanswered::Unreachable)
    }
}

fn server_name(url: &Url) -> Option<ServerName<'static>> {
    match url.host()? {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).ok(),
        Host::Ipv4(address) => Some(IpAddr::from(address).into()),
        Host::Ipv6(address) => Some(IpAddr::from(address).into()),
    }
}
