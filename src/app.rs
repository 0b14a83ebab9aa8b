//! Putting the parts together: settings → store → domain → gateway → listeners.
//!
//! Floor 6. Only this file knows every part.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use actix_server::ServerHandle;
use tokio::task::JoinHandle;

use crate::{
    config::Config,
    http::{self, Parts, health::Health, listen::Listeners},
    telemetry::Figures,
};

/// A server that runs. Dropping it does not stop it; [`crate::lifecycle::run`] does.
#[derive(Debug)]
pub struct Parlor {
    /// The settings, with addresses as they were bound.
    pub config: Arc<Config>,
    pub(crate) health: Arc<Health>,
    pub(crate) server: ServerHandle,
    pub(crate) serving: JoinHandle<io::Result<()>>,
}

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address} ({setting}): {cause}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Which setting says so.
        setting: &'static str,
        /// What the system says.
        cause: io::Error,
    },
    /// Threads or sockets could not be set up.
    #[error("cannot serve: {0}")]
    Serve(#[from] io::Error),
}

impl Parlor {
    /// Starts everything. Must run inside an actix system.
    #[expect(clippy::unused_async, reason = "the store is opened here")]
    pub async fn start(mut config: Config) -> Result<Self, StartError> {
        let public = listen(config.server.listen, "server.listen")?;
        config.server.bound_to(public.local_addr()?);
        let metrics = config.metrics.enabled.then(|| listen(config.metrics.listen, "metrics.listen")).transpose()?;
        if let Some(listener) = &metrics {
            config.metrics.listen = listener.local_addr()?;
        }

        let config = Arc::new(config);
        let health = Arc::new(Health::default());
        let parts =
            Parts { config: Arc::clone(&config), figures: Arc::new(Figures::default()), health: Arc::clone(&health) };
        let server = http::listen::serve(&parts, Listeners { public, metrics })?;
        let handle = server.handle();
        Ok(Self { config, health, server: handle, serving: tokio::task::spawn_local(server) })
    }
}

fn listen(address: SocketAddr, setting: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).map_err(|cause| StartError::Listen { address, setting, cause })
}
