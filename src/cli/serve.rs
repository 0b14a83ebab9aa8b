//! `parlor serve`: the server, and what it says when it is up.

use anyhow::Context;
use tracing::{error, info, warn};

use crate::{
    app::Parlor,
    config::{Config, Loaded},
    lifecycle, telemetry,
};

/// Runs the server until it is told to stop.
pub(super) fn serve(loaded: Loaded) -> anyhow::Result<()> {
    telemetry::log::start(&loaded.config.log).context("logs are set up already")?;
    for warning in &loaded.warnings {
        warn!("{warning}");
    }
    log_panics();
    actix_rt::System::new().block_on(async {
        let orders = lifecycle::signals()?;
        let parlor = Parlor::start(loaded.config).await?;
        greet(&parlor.config);
        info!("Serving on {}", parlor.config.server.listen);
        lifecycle::run(parlor, orders).await;
        Ok(())
    })
}

fn greet(config: &Config) {
    println!("Parlor {} on {}", env!("CARGO_PKG_VERSION"), config.server.origin());
}

/// Panics go to the log by their place only: their words may quote what people wrote (L1).
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        error!("Something panicked at {place}");
    }));
}
