//! How this server hears of others.

use std::{sync::Arc, time::Duration};

use super::StartError;
use crate::{
    app::figures::BusFigures,
    bus::{
        Bus, LocalBus,
        nats::{NatsBus, NatsOptions},
    },
    config::Config,
    gateway::Gateway,
    im::{Im, relay::Relay},
    store::{Store, StoreError},
    telemetry::Figures,
};

/// A store that just opened answers soon.
const PATIENCE: Duration = Duration::from_secs(10);

/// The bus that the settings want.
pub(crate) enum Carrier {
    /// This server is the only one on its database.
    Alone(Arc<LocalBus>),
    /// There may be others.
    Among(Arc<NatsBus>),
}

impl Carrier {
    /// A bus for a store that is open.
    pub(super) async fn open(config: &Config, store: &dyn Store, figures: &mut Figures) -> Result<Self, StartError> {
        let Some(url) = config.bus.url.reveal() else { return Ok(Self::Alone(Arc::default())) };
        let late = |_| StoreError::Unavailable("it does not answer in time".to_owned());
        let installation = tokio::time::timeout(PATIENCE, store.installation()).await.map_err(late)??;
        let credentials = config.bus.credentials();
        let bus = NatsBus::open(NatsOptions { credentials, ..NatsOptions::at(url, installation) }).await?;
        figures.add(Box::new(BusFigures(bus.stats())));
        Ok(Self::Among(Arc::new(bus)))
    }

    /// The bus, for the domain.
    pub(super) fn bus(&self) -> Arc<dyn Bus> {
        match self {
            Self::Alone(bus) => bus.clone(),
            Self::Among(bus) => bus.clone(),
        }
    }

    /// Lets this server's connections hear, and the domain what other servers tell.
    pub(super) fn connect(&self, im: &Arc<Im>, gateway: &Gateway) {
        match self {
            Self::Alone(bus) => bus.connect(gateway.bridge()),
            Self::Among(bus) => {
                let relay = Relay::new(im, gateway.bridge());
                bus.connect(relay.clone(), relay);
            }
        }
    }

    /// Says good-bye to other servers.
    pub(crate) async fn close(&self) {
        if let Self::Among(bus) = self {
            bus.close().await;
        }
    }
}
