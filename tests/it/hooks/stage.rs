//! A domain, a store and a worker that delivers, with a clock that the test owns.

use std::{sync::Arc, time::Duration};

use parlor::{
    auth::vault::Vault,
    bus::{Bus, LocalBus},
    config,
    hooks::{Delivering, Parts, review::HttpReviewer},
    im::{Im, Settings},
    model::{
        AppKey, Caller, ConnectionId, Content, Fault, Millis, Topic, UserId, WebhookId,
        clock::FixedClock,
        command::{Send, Sent, Target},
        webhook::{Delivery, DeliveryList, Form},
    },
    outbound::{Guard, Outbound},
    store::{
        outbox::WebhookWish,
        sqlite::{SqliteOptions, SqliteStore},
    },
    telemetry::HookFigures,
};

use super::receiver::Receiver;

/// The worker looks so often, because the clock moves without telling.
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub(crate) struct Stage {
    pub(crate) im: Arc<Im>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) app: AppKey,
    pub(crate) figures: HookFigures,
    store: Arc<SqliteStore>,
    vault: Vault,
    settings: config::Outbound,
    delivering: Option<Delivering>,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// A stage whose server may ask these receivers.
    pub(crate) async fn with(receivers: &[&Receiver]) -> Self {
        let settings = config::Outbound {
            allow_http: true,
            ports: receivers.iter().map(|receiver| receiver.port()).collect(),
            networks: vec!["127.0.0.1".parse().unwrap()],
            total_secs: 2,
            ..config::Outbound::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions { reserve_bytes: Some(0), ..SqliteOptions::default() };
        let store = Arc::new(SqliteStore::open(folder.path(), options).unwrap());
        let clock = Arc::new(FixedClock::at(Millis::new(1_790_000_000_000)));
        let vault = Vault::passing();
        let bus: Arc<dyn Bus> = Arc::new(LocalBus::default());
        let domain = Settings { outgoing: Guard::new(&settings), ..Settings::default() };
        let outbound = Arc::new(Outbound::new(&settings));
        let reviewer = Arc::new(HttpReviewer::new(outbound, vault.clone(), clock.clone()));
        let im = Im::new(store.clone(), bus, clock.clone(), domain).with_vault(vault.clone()).with_reviewer(reviewer);
        let im = Arc::new(im);
        let app = im.create_app("Halden").await.unwrap().key;
        let figures = HookFigures::default();
        let mut stage = Self { im, clock, app, figures, store, vault, settings, delivering: None, _folder: folder };
        stage.deliver();
        stage
    }

    /// The worker starts.
    pub(crate) fn deliver(&mut self) {
        self.delivering = Some(Delivering::start(Parts {
            store: self.store.clone(),
            outbound: Arc::new(Outbound::new(&self.settings)),
            vault: self.vault.clone(),
            clock: self.clock.clone(),
            figures: self.figures.clone(),
            look_every: LOOK_EVERY,
        }));
    }

    /// The worker stops in order.
    pub(crate) async fn stop(&mut self) {
        if let Some(delivering) = self.delivering.take() {
            delivering.stop().await;
        }
    }

    /// From now on the server may ask nobody inside.
    pub(crate) async fn close_the_guard(&mut self) {
        self.stop().await;
        self.settings.networks.clear();
        self.deliver();
    }

    /// A webhook that leads to this receiver, and its secret.
    pub(crate) async fn webhook(&self, receiver: &Receiver, topics: &[Topic]) -> (WebhookId, String) {
        let wish = WebhookWish {
            url: receiver.url(),
            description: String::new(),
            topics: topics.to_vec(),
            form: Form::Standard,
            enabled: true,
        };
        let (made, secret) = self.im.backend(&self.app).create_webhook(wish).await.unwrap();
        (made.id, secret.reveal())
    }

    pub(crate) async fn user(&self, id: &str) -> Caller {
        let token = self.im.issue_user_token(&self.app, id.parse().unwrap(), id, None).await.unwrap();
        self.im.authenticate(&token).await.unwrap().unwrap().caller
    }

    /// Somebody says something to somebody, who is made when missing.
    pub(crate) async fn says(&self, from: &str, to: &str, text: &str) -> Sent {
        self.user(to).await;
        self.sends(from, Target::User(to.parse::<UserId>().unwrap()), Content::text(text)).await
    }

    pub(crate) async fn sends(&self, from: &str, to: Target, content: Content) -> Sent {
        self.tries(from, to, content, &crate::domain::world::fresh()).await.unwrap()
    }

    pub(crate) async fn tries(&self, from: &str, to: Target, content: Content, client_id: &str) -> Result<Sent, Fault> {
        let caller = self.user(from).await;
        let send = Send { to, client_id: client_id.parse().unwrap(), content, only: Vec::new() };
        self.im.send(&caller, Some(ConnectionId(1)), send).await
    }

    pub(crate) fn backend(&self) -> parlor::im::backend::Backend<'_> {
        self.im.backend(&self.app)
    }

    /// The deliveries of a webhook, oldest first.
    pub(crate) async fn deliveries(&self, id: &WebhookId) -> Vec<Delivery> {
        let list = DeliveryList { limit: 100, ..DeliveryList::default() };
        let mut deliveries = self.backend().deliveries(id, list).await.unwrap().deliveries;
        deliveries.reverse();
        deliveries
    }

    /// Waits until a webhook's deliveries are so.
    pub(crate) async fn until(&self, id: &WebhookId, enough: impl Fn(&[Delivery]) -> bool) -> Vec<Delivery> {
        let asking = async {
            let mut pause = tokio::time::interval(Duration::from_millis(10));
            loop {
                pause.tick().await;
                let deliveries = self.deliveries(id).await;
                if enough(&deliveries) {
                    return deliveries;
                }
            }
        };
        let Ok(deliveries) = tokio::time::timeout(Duration::from_secs(20), asking).await else {
            panic!("it never came; this is how it stands: {:#?}", self.deliveries(id).await);
        };
        deliveries
    }

    pub(crate) fn passes(&self, secs: i64) {
        self.clock.advance_secs(secs);
    }
}
