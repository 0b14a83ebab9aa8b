//! Copies of the data: taking one, putting one back. The database is one file; what people sent lies in a folder
//! beside it.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;

use super::{Output, Settings, print};
use crate::{
    app::{self, FilesError},
    config::Config,
    media::blobs::{Copied, copy_files},
    model::{Clock, clock::SystemClock},
    store::sqlite::{self, Inspection, OpenError},
};

/// `parlor backup`
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to make; never overwritten. Files that people sent go to FILE.files, which is added to
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
        only_embedded(&config)?;
        let found = sqlite::backup(&sqlite::database_in(&config.data.dir), &self.file)?;
        // After the database: then the copy has every file that it names.
        let files = match app::files_folder(&config) {
            Err(FilesError::NoFolder) => None,
            folder => Some(copy_files(&folder?, &files_beside(&self.file))),
        };
        let files = files.transpose().context("the database was copied, the files were not")?;
        tell("Copied and checked.", &found, files, self.output);
        Ok(())
    }
}

impl Restore {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let config = self.settings.load(None)?.config;
        only_embedded(&config)?;
        let restored = sqlite::restore(&self.file, &config.data.dir, self.force, SystemClock.now());
        let found = match restored {
            Err(error @ OpenError::Exists(_)) => Err(error).context("nothing was changed; --force replaces it"),
            other => Ok(other?),
        }?;
        let files = match app::files_folder(&config) {
            Err(FilesError::NoFolder) => None,
            folder => Some(copy_files(&files_beside(&self.file), &folder?)),
        };
        let files = files.transpose().context("the database was restored, the files were not")?;
        tell("Restored and checked. Clients fetch everything anew.", &found, files, self.output);
        Ok(())
    }
}

/// PostgreSQL has its own tools, which copy while it is written.
fn only_embedded(config: &Config) -> anyhow::Result<()> {
    let is_embedded = config.store.url.reveal().is_none();
    ensure!(
        is_embedded,
        "the data is in PostgreSQL; copy it with pg_dump, see \"Backup and restore\" in docs/OPERATING.md"
    );
    Ok(())
}

fn files_beside(copy: &Path) -> PathBuf {
    let mut name = copy.as_os_str().to_owned();
    name.push(".files");
    name.into()
}

/// What a copy holds, for programs.
#[derive(serde::Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    database: &'a Inspection,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Copied>,
}

fn tell(done: &str, found: &Inspection, files: Option<Copied>, output: Output) {
    if output.json {
        print::json(&Told { database: found, files });
        return;
    }
    print::line(done);
    let counts: Vec<_> = found.counts.iter().map(|count| format!("{} {}", count.rows, count.table)).collect();
    let files = files.map_or_else(
        || "not copied: they lie in a bucket".to_owned(),
        |files| format!("{} new, {}", files.files, print::size(files.bytes)),
    );
    print::rows(&[("Size", &print::size(found.bytes)), ("Holds", &counts.join(", ")), ("Files", &files)]);
}
