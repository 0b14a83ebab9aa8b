//! `parlor doctor`: looks everything over and says what to do.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    time::Duration,
};

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::{Output, Settings, print};
use crate::{
    app::{self, FilesError},
    bus::nats::{self, NatsOptions},
    config::{Config, Loaded},
    media::blobs::NoBucket,
    store::{
        postgres::{self, PostgresOptions},
        sqlite,
    },
};

/// `parlor doctor`
#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    output: Output,
}

/// What one look found.
#[derive(Debug, Serialize)]
struct Finding {
    subject: &'static str,
    state: State,
    detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Good,
    Risky,
    Bad,
}

impl Finding {
    fn new(subject: &'static str, state: State, detail: impl Into<String>) -> Self {
        Self { subject, state, detail: detail.into() }
    }
}

impl Doctor {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let loaded = self.settings.load(None)?;
        let mut findings = settings(&loaded);
        findings.push(match loaded.config.store.url.reveal() {
            Some(url) => postgres(url)?,
            None => database(&loaded.config.data.dir),
        });
        if let Some(url) = loaded.config.bus.url.reveal() {
            findings.push(bus(url, &loaded.config)?);
        }
        findings.push(uploads(&loaded.config)?);
        findings.push(space(&loaded.config));
        findings.extend(listeners(&loaded.config));
        findings.push(open_files(&loaded.config));
        if self.output.json {
            print::json(&findings);
        } else {
            for Finding { subject, state, detail } in &findings {
                let mark = match state {
                    State::Good => "good ",
                    State::Risky => "risky",
                    State::Bad => "BAD  ",
                };
                print::line(&format!("{mark}  {subject:<10}  {detail}"));
            }
        }
        if findings.iter().any(|finding| finding.state == State::Bad) {
            bail!("something needs mending");
        }
        Ok(())
    }
}

fn settings(loaded: &Loaded) -> Vec<Finding> {
    let file = loaded.file.as_ref().map_or_else(|| "defaults".to_owned(), |file| file.display().to_string());
    let mut findings = vec![Finding::new("settings", State::Good, file)];
    findings.extend(loaded.warnings.iter().map(|warning| Finding::new("settings", State::Risky, warning.clone())));
    findings
}

fn database(folder: &Path) -> Finding {
    let file = sqlite::database_in(folder);
    if !file.exists() {
        return Finding::new(
            "database",
            State::Good,
            format!("none yet in {}; the first start makes it", folder.display()),
        );
    }
    match sqlite::inspect(&file) {
        Ok(found) if found.damaged_messages > 0 => {
            let detail = format!("{} messages are damaged and not served; restore a backup", found.damaged_messages);
            Finding::new("database", State::Bad, detail)
        }
        Ok(found) if found.problems.is_empty() => {
            let detail = format!("{}, schema {}, sound", print::size(found.bytes), found.schema);
            Finding::new("database", State::Good, detail)
        }
        Ok(found) => Finding::new("database", State::Bad, format!("damaged: {}", found.problems.join("; "))),
        Err(error) => Finding::new("database", State::Bad, error.to_string()),
    }
}

fn postgres(url: &str) -> anyhow::Result<Finding> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(match runtime.block_on(postgres::inspect(&PostgresOptions::at(url))) {
        Ok(found) if found.problems.is_empty() => {
            let schema = found.schema.map_or_else(|| "empty".to_owned(), |schema| format!("schema {schema}"));
            let detail = format!("PostgreSQL {} at {}, {schema}", found.server, found.place);
            Finding::new("database", State::Good, detail)
        }
        Ok(found) => Finding::new("database", State::Risky, found.problems.join("; ")),
        Err(error) => Finding::new("database", State::Bad, error.to_string()),
    })
}

fn bus(url: &str, config: &Config) -> anyhow::Result<Finding> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let credentials = config.bus.credentials();
    let options = NatsOptions { credentials, ..NatsOptions::at(url, 0) };
    Ok(match runtime.block_on(nats::inspect(&options)) {
        Ok(nats::Inspection { place, server: Ok(version) }) => {
            Finding::new("bus", State::Good, format!("NATS {version} at {place}"))
        }
        Ok(nats::Inspection { place, server: Err(cause) }) => {
            let detail = format!("NATS at {place} cannot be reached: {cause}; other servers would be heard late");
            Finding::new("bus", State::Risky, detail)
        }
        Err(error) => Finding::new("bus", State::Bad, error.to_string()),
    })
}

fn uploads(config: &Config) -> anyhow::Result<Finding> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(match runtime.block_on(app::look_at_files(config)) {
        Ok(place) => Finding::new("uploads", State::Good, format!("kept in {place}")),
        Err(error @ FilesError::Bucket(_, NoBucket::Away(_))) => {
            Finding::new("uploads", State::Risky, error.to_string())
        }
        Err(error) => Finding::new("uploads", State::Bad, error.to_string()),
    })
}

fn space(config: &Config) -> Finding {
    let existing = config.data.dir.ancestors().find(|folder| folder.exists());
    // The parent of a bare name is the empty path, which stands for the working folder.
    let folder = existing.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match fs4::available_space(folder) {
        Ok(free) if free > config.data.reserve_bytes => {
            Finding::new("disk", State::Good, format!("{} free", print::size(free)))
        }
        Ok(free) => {
            let (free, reserve) = (print::size(free), print::size(config.data.reserve_bytes));
            let detail = format!("{free} free, less than data.reserve_bytes ({reserve}): no new messages");
            Finding::new("disk", State::Bad, detail)
        }
        Err(error) => Finding::new("disk", State::Bad, error.to_string()),
    }
}

fn listeners(config: &Config) -> Vec<Finding> {
    let mut wanted = vec![("server", config.server.listen)];
    if config.demo.enabled {
        wanted.push(("demo", config.demo.listen));
    }
    if config.metrics.enabled {
        wanted.push(("metrics", config.metrics.listen));
    }
    wanted.into_iter().map(|(subject, address)| listener(subject, address)).collect()
}

fn listener(subject: &'static str, address: SocketAddr) -> Finding {
    if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
        return Finding::new(subject, State::Good, format!("{address} answers: a server runs there"));
    }
    match TcpListener::bind(address) {
        Ok(_) => Finding::new(subject, State::Good, format!("{address} is free")),
        Err(error) => Finding::new(subject, State::Bad, format!("{address}: {error}")),
    }
}

fn open_files(config: &Config) -> Finding {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    // Besides connections: listeners, database, logs.
    let wanted = config.limits.connections as u64 + 256;
    match limit {
        Some(limit) if limit < wanted => {
            let detail = format!("{limit} open files allowed; limits.connections needs {wanted}");
            Finding::new("files", State::Risky, detail)
        }
        _ => Finding::new("files", State::Good, "enough open files allowed"),
    }
}
