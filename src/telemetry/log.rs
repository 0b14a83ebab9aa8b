//! Log lines: a message for people, fields for queries.

use std::io::IsTerminal;

use tracing::{Subscriber, subscriber::SetGlobalDefaultError};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter, layer::SubscriberExt};

use crate::config::{Log, LogFormat};

/// Chatty parts that say nothing an operator can use, unless `log.level` names them.
const QUIET: &str = "actix_server=warn,actix_http=warn,mio=warn,async_nats=off";

/// Sends every log line of this process to standard error.
pub fn start(settings: &Log) -> Result<(), SetGlobalDefaultError> {
    install(subscriber(settings, std::io::stderr))
}

/// Makes these the lines of this process. Works once.
pub fn install(subscriber: Box<dyn Subscriber + Send + Sync>) -> Result<(), SetGlobalDefaultError> {
    tracing::subscriber::set_global_default(subscriber)
}

/// Log lines to any writer.
pub fn subscriber<W>(settings: &Log, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::new(format!("{QUIET},{}", settings.level));
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let terminal = std::io::stderr().is_terminal();
    let registry = tracing_subscriber::registry().with(filter);
    match settings.format {
        LogFormat::Json => Box::new(registry.with(lines.json())),
        LogFormat::Auto if !terminal => Box::new(registry.with(lines.json())),
        LogFormat::Auto | LogFormat::Text => Box::new(registry.with(lines.with_ansi(terminal))),
    }
}
