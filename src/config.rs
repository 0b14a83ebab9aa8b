//! Everything an operator may set, and where it comes from.
//!
//! Floor 1. One struct per concern; `widget.toml` at the root is the commented default. Order: defaults < file <
//! `PARLOR_*` environment < flags. What is wrong is refused at start by name, value and allowed range; nothing else
//! in the program reads the environment.

mod bus;
mod check;
mod compatible;
mod data;
mod demo;
mod desk;
pub mod files;
mod limits;
mod load;
mod log;
mod metrics;
mod network;
mod outbound;
mod secret;
mod server;
mod store;

use serde::{Deserialize, Serialize};

pub use self::{
    bus::Bus,
    compatible::Compatible,
    data::Data,
    demo::Demo,
    desk::Desk,
    files::Files,
    limits::Limits,
    load::{ConfigError, Flags, Loaded, load},
    log::{Log, LogFormat},
    metrics::Metrics,
    network::{InvalidNetwork, Network},
    outbound::Outbound,
    secret::Secret,
    server::Server,
    store::{Store, check_store_address},
};

/// The commented default file, as `parlor default-config` prints it.
pub const DEFAULT_FILE: &str = include_str!("../widget.toml");

/// All settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the server listens and how the world reaches it.
    pub server: Server,
    /// Where data is kept.
    pub data: Data,
    /// Which engine keeps the data.
    pub store: Store,
    /// Where the files are kept that people send.
    pub files: Files,
    /// How several servers on one database hear of each other.
    pub bus: Bus,
    /// The demo page.
    pub demo: Demo,
    /// Figures for Prometheus.
    pub metrics: Metrics,
    /// How much of everything (security §13).
    pub limits: Limits,
    /// Customer service.
    pub desk: Desk,
    /// Sites that ran on another chat before: check pages, and how often back ends may ask the compatible server API.
    pub compatible: Compatible,
    /// Requests to customers' systems.
    pub outbound: Outbound,
    /// Logs.
    pub log: Log,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_says_what_the_defaults_are() {
        assert_eq!(toml::from_str::<Config>(DEFAULT_FILE).unwrap(), Config::default());
    }

    #[test]
    fn the_default_file_names_every_setting() {
        let names = |config: &toml::Table| {
            let sections = config
                .iter()
                .flat_map(|(section, keys)| keys.as_table().unwrap().keys().map(move |key| format!("{section}.{key}")));
            sections.collect::<Vec<_>>()
        };
        let default = toml::Table::try_from(Config::default()).unwrap();
        assert_eq!(names(&DEFAULT_FILE.parse().unwrap()), names(&default));
    }

    #[test]
    fn the_environment_can_name_every_section() {
        // A name is split at its first underscore.
        let sections = toml::Table::try_from(Config::default()).unwrap();
        let split: Vec<_> = sections.keys().filter(|section| section.contains('_')).collect();
        assert!(split.is_empty(), "{split:?}");
    }

    #[test]
    fn the_defaults_are_legal_and_not_risky() {
        let report = check::check(&Config::default());
        assert_eq!((report.errors, report.warnings), (vec![], vec![]));
    }
}
