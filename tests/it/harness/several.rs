//! One database and one bus for all servers of this process that stand on several nodes.

use parlor::config::Config;
use tokio::sync::OnceCell;

use crate::{cluster::Nats, postgres::database::Database};

static BUS: OnceCell<Nats> = OnceCell::const_new();

/// On how many nodes a test's server stands.
#[expect(clippy::disallowed_methods, reason = "a test's own switch")]
pub(super) fn count() -> usize {
    std::env::var("PARLOR_TEST_NODES").map_or(1, |count| count.parse().expect("a number of nodes"))
}

/// The same settings, on a database of its own and the bus. What the test itself has set stays.
pub(super) async fn on_a_cluster(mut config: Config) -> Config {
    if config.store.url.reveal().is_none() {
        config.store.url = Database::make().await.url().as_str().into();
    }
    let bus = BUS.get_or_init(Nats::start).await;
    config.bus.url = format!("nats://127.0.0.1:{}", bus.port()).as_str().into();
    config
}
