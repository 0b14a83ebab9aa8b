//! Putting the parts together: settings → store → domain → gateway → listeners.
//!
//! Floor 6. Only this file knows every part.

mod bus;
mod clock;
mod figures;
mod files;
mod first_start;
mod key;
mod room_figures;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    time::Duration,
};

use actix_server::ServerHandle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) use self::bus::Carrier;
use self::{
    clock::AgreedClock,
    figures::{FileFigures, PostgresFigures, StoreFigures, TallyFigures},
    first_start::welcome,
    room_figures::RoomFigures,
};
pub use self::{
    files::{FilesError, folder as files_folder, look as look_at_files},
    first_start::Welcome,
    key::{KEY_LABEL, KeyError, vault},
};
use crate::{
    auth::vault::Vault,
    bus::{Bus, LocalBus, nats::NatsError},
    config::{Config, Limits},
    gateway::Gateway,
    hooks::{self, Delivering, review::HttpReviewer},
    http::{self, Parts, health::Health, listen::Listeners, rong::api::ServerApi},
    im::{self, Im, files::FileLimits, upkeep},
    media::blobs::BlobStats,
    model::{Clock, Fault},
    outbound::{Guard, Outbound},
    store::{
        Store, StoreError,
        postgres::{self, Company, PostgresOptions, PostgresStore},
        sqlite::{self, SqliteOptions, SqliteStore},
    },
    telemetry::Figures,
    upstream,
};

/// A server that runs. [`crate::lifecycle::run`] stops it.
pub struct Parlor {
    /// The settings, with addresses as they were bound.
    pub config: Arc<Config>,
    /// What to tell the person who started it.
    pub welcome: Welcome,
    pub(crate) health: Arc<Health>,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Carrier,
    pub(crate) delivering: Delivering,
    pub(crate) upstream: upstream::Sessions,
    pub(crate) upkeep: CancellationToken,
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
    /// The data could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The secrets could not be opened.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Files cannot be kept.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// Other servers cannot be heard of.
    #[error(transparent)]
    Bus(#[from] NatsError),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The first words with the store went wrong.
    #[error("{0}")]
    Refused(#[from] Fault),
    /// Threads or sockets could not be set up.
    #[error("cannot serve: {0}")]
    Serve(#[from] io::Error),
}

impl Parlor {
    /// Starts everything. Must run inside an actix system.
    pub async fn start(mut config: Config) -> Result<Self, StartError> {
        let public = listen(&mut config.server.listen, "server.listen")?;
        config.server.bound_to(config.server.listen);
        let demo = config.demo.enabled.then(|| listen(&mut config.demo.listen, "demo.listen")).transpose()?;
        let metrics =
            config.metrics.enabled.then(|| listen(&mut config.metrics.listen, "metrics.listen")).transpose()?;

        let mut figures = Figures::default();
        let store = open_store(&config, &mut figures).await?;
        let agreed = Arc::new(AgreedClock::of(&*store).await?);
        let clock: Arc<dyn Clock> = agreed.clone();
        let bus = Carrier::open(&config, &*store, &mut figures).await?;
        let file_stats = Arc::<BlobStats>::default();
        figures.add(Box::new(FileFigures(Arc::clone(&file_stats))));
        let blobs = files::open(&config, file_stats).await?;
        let outbound = Arc::new(Outbound::new(&config.outbound));
        let vault = vault(&config, &*store).await?;
        let reviewer = HttpReviewer::new(outbound.clone(), vault.clone(), clock.clone());
        let upstream = upstream::Sessions::new(upstream::Parts {
            outbound: outbound.clone(),
            vault: vault.clone(),
            clock: clock.clone(),
            figures: figures.upstream.clone(),
        });
        let im = domain(&config, Arc::clone(&store), bus.bus(), clock.clone(), vault.clone())
            .with_reviewer(Arc::new(reviewer));
        let im = im.with_carrier(Arc::new(upstream.clone()));
        let im = Arc::new(im.keeping_files(blobs, file_limits(&config.limits)));
        upstream.connect(&im);
        let welcome = welcome(&im, &config).await?;
        let upkeep = CancellationToken::new();
        tokio::task::spawn_local(upkeep::run(Arc::clone(&im), upkeep.clone()));
        tokio::task::spawn_local(upkeep.clone().run_until_cancelled_owned(agreed.keep_right(Arc::clone(&store))));

        let delivering = Delivering::start(hooks::Parts {
            store: Arc::clone(&store),
            outbound,
            vault: vault.clone(),
            clock: clock.clone(),
            figures: figures.hooks.clone(),
            look_every: Duration::from_secs(5),
        });

        let config = Arc::new(config);
        let health = Arc::new(Health::default());
        figures.add(Box::new(RoomFigures(Arc::clone(&im))));
        figures.add(Box::new(TallyFigures(im.tallies().stats())));
        let figures = Arc::new(figures);
        let gateway = Gateway::new(Arc::clone(&im), config.limits.clone(), Arc::clone(&figures));
        bus.connect(&im, &gateway);
        let parts = Parts {
            config: Arc::clone(&config),
            figures,
            health: Arc::clone(&health),
            im,
            mints: Arc::default(),
            api: Arc::default(),
            server_api: Arc::new(ServerApi::new(&vault)),
            gateway: Arc::clone(&gateway),
        };
        let demo = demo.zip(welcome.demo.clone());
        let server = http::listen::serve(&parts, Listeners { public, demo, metrics })?;
        let handle = server.handle();
        let serving = tokio::task::spawn_local(server);
        Ok(Self { config, welcome, health, gateway, store, bus, delivering, upstream, upkeep, server: handle, serving })
    }
}

/// Takes the address, and writes down the port that port 0 became.
fn listen(address: &mut SocketAddr, setting: &'static str) -> Result<TcpListener, StartError> {
    let listener =
        TcpListener::bind(*address).map_err(|cause| StartError::Listen { address: *address, setting, cause })?;
    *address = listener.local_addr()?;
    Ok(listener)
}

/// Why the data could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The embedded engine says why.
    #[error(transparent)]
    Sqlite(#[from] sqlite::OpenError),
    /// The other one does.
    #[error(transparent)]
    Postgres(#[from] postgres::OpenError),
    /// The data folder cannot be made.
    #[error("the data folder failed: {0}")]
    Folder(#[from] io::Error),
}

/// Opens the data for a command, also while a server runs on it: both engines let a second process write, and a
/// server keeps nothing in memory about apps, sites, accounts and tokens.
pub async fn open_beside(config: &Config) -> Result<Arc<dyn Store>, OpenError> {
    if let Some(url) = config.store.url.reveal() {
        make_private(&config.data.dir)?;
        let options = PostgresOptions { connections: 2, ..PostgresOptions::at(url) };
        return Ok(Arc::new(Box::pin(PostgresStore::open(options)).await?));
    }
    let options = SqliteOptions { beside_a_server: true, readers: 1, ..SqliteOptions::default() };
    Ok(Arc::new(SqliteStore::open(&config.data.dir, options)?))
}

/// Files and secrets have their folder also when the database is elsewhere. Only this user may look into it.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

async fn open_store(config: &Config, figures: &mut Figures) -> Result<Arc<dyn Store>, OpenError> {
    if let Some(url) = config.store.url.reveal() {
        make_private(&config.data.dir)?;
        let company = if config.bus.url.reveal().is_some() { Company::Nodes } else { Company::Nobody };
        let options = PostgresOptions { company, ..PostgresOptions::at(url) };
        let store = Box::pin(PostgresStore::open(options)).await?;
        figures.add(Box::new(PostgresFigures(store.stats())));
        return Ok(Arc::new(store));
    }
    let options = SqliteOptions { reserve_bytes: Some(config.data.reserve_bytes), ..SqliteOptions::default() };
    let store = SqliteStore::open(&config.data.dir, options)?;
    figures.add(Box::new(StoreFigures(store.stats(), store.queue_depth())));
    Ok(Arc::new(store))
}

fn file_limits(limits: &Limits) -> FileLimits {
    FileLimits {
        image_bytes: limits.image_bytes,
        file_bytes: limits.file_bytes,
        voice_bytes: limits.voice_bytes,
        visitor_files: limits.visitor_files_day,
        visitor_bytes: limits.visitor_file_bytes_day,
        app_bytes: limits.app_file_bytes_day,
    }
}

/// The domain for whoever works beside a server, or without one: a command, which ends soon. Nobody hears of what it does.
pub async fn domain_beside(config: &Config, store: Arc<dyn Store>) -> Result<Im, StartError> {
    let vault = vault(config, &*store).await?;
    let clock = Arc::new(AgreedClock::of(&*store).await?);
    Ok(domain(config, store, Arc::new(LocalBus::default()), clock, vault))
}

/// The domain on top of a store and a [`vault`], as the settings want it.
fn domain(config: &Config, store: Arc<dyn Store>, bus: Arc<dyn Bus>, clock: Arc<dyn Clock>, vault: Vault) -> Im {
    let settings = im::Settings {
        idle_end_secs: config.desk.idle_end_secs,
        recall_secs: config.desk.recall_secs,
        setup_code_secs: i64::from(config.desk.setup_code_secs),
        max_text_chars: config.limits.text_chars,
        logins_per_account: config.limits.logins_per_account,
        logins_per_network: config.limits.logins_per_network,
        outgoing: Guard::new(&config.outbound),
        ..im::Settings::default()
    };
    Im::new(store, bus, clock, settings).with_vault(vault)
}
