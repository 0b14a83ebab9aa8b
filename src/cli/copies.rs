//! Copies of the database: taking one, putting one back.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{Output, Settings, print};
use crate::{
    model::{Clock, clock::SystemClock},
    store::sqlite::{self, Inspection, OpenError},
};

/// `parlor backup`
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to make; never overwritten
    file: PathBuf,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    output: Output,
}

/// `parlor restore`
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The copy
    file: PathBuf,
    /// Replace the database that is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    output: Output,
}

impl Backup {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let config = self.settings.load(None)?.config;
        let found = sqlite::backup(&sqlite::database_in(&config.data.dir), &self.file)?;
        tell("Copied and checked.", &found, self.output);
        Ok(())
    }
}

impl Restore {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let config = self.settings.load(None)?.config;
        let restored = sqlite::restore(&self.file, &config.data.dir, self.force, SystemClock.now());
        let found = match restored {
            Err(error @ OpenError::Exists(_)) => Err(error).context("nothing was changed; --force replaces it"),
            other => Ok(other?),
        }?;
        tell("Restored and checked. Clients fetch everything anew.", &found, self.output);
        Ok(())
    }
}

fn tell(done: &str, found: &Inspection, output: Output) {
    if output.json {
        print::json(found);
        return;
    }
    print::line(done);
    let counts: Vec<_> = found.counts.iter().map(|count| format!("{} {}", count.rows, count.table)).collect();
    print::rows(&[("Size", &print::size(found.bytes)), ("Holds", &counts.join(", "))]);
}
