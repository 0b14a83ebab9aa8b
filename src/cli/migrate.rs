//! `parlor migrate`: moves a product from the embedded store to PostgreSQL.

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Args;

use super::{Output, Settings, print};
use crate::{
    auth::vault::{KEY_FILE, Vault},
    config::check_store_address,
    store::moving::{MovedTable, Step, move_all},
};

/// `parlor migrate`
#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// What to move: `sqlite:` and the data folder, or the database's file
    #[arg(long, value_name = "sqlite:PLACE")]
    from: String,
    /// Where to: `postgres://user@host/database`, empty. Without it `store.url` of the settings, such as
    /// `PARLOR_STORE_URL`: a password belongs there, or into ~/.pgpass, where nobody else reads it
    #[arg(long, value_name = "postgres:URL")]
    to: Option<String>,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    output: Output,
}

impl Migrate {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let config = self.settings.load(None)?.config;
        let from = self.from.strip_prefix("sqlite:").context("write --from sqlite:FOLDER")?;
        let from = PathBuf::from(from.strip_prefix("//").unwrap_or(from));
        let to = match (&self.to, config.store.url.reveal()) {
            (Some(to), _) => to.clone(),
            (None, Some(url)) => url.to_owned(),
            (None, None) => bail!("write --to postgres://user@host/database, or set PARLOR_STORE_URL"),
        };
        if let Err(why) = check_store_address(&to) {
            bail!("--to: {why}");
        }
        let key = key_beside(&from)?.or(Vault::of_setting(&config.data)?).map(|vault| vault.fingerprint());
        let is_quiet = self.output.json;
        let is_terminal = std::io::stdout().is_terminal();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let moved = runtime.block_on(move_all(&from, &to, key, &mut |step| tell(step, is_quiet, is_terminal)))?;
        show(moved.as_deref(), &from, self.output);
        Ok(())
    }
}

/// The key in the folder of the data, if it is there.
fn key_beside(from: &Path) -> anyhow::Result<Option<Vault>> {
    let folder = if from.is_dir() { Some(from) } else { from.parent() };
    let folder = folder.map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    match folder {
        Some(folder) if folder.join(KEY_FILE).try_exists()? => Ok(Some(Vault::open(folder)?)),
        _ => Ok(None),
    }
}

fn tell(step: Step, is_quiet: bool, is_terminal: bool) {
    match step {
        _ if is_quiet => {}
        // Between a table's begin and end only who looks on wants to know.
        Step::Moved { rows, of, .. } if (rows < of && !is_terminal) || of == 0 => {}
        Step::Moved { table, rows, of } => print::line(&format!("moved     {table:<20} {rows} of {of}")),
        Step::Compared { rows: 0, .. } => {}
        Step::Compared { table, rows } => print::line(&format!("the same  {table:<20} {rows}")),
    }
}

fn show(moved: Option<&[MovedTable]>, from: &Path, output: Output) {
    if output.json {
        print::json(&serde_json::json!({ "before": moved.is_none(), "tables": moved.unwrap_or_default() }));
        return;
    }
    let Some(moved) = moved else {
        print::line("All of this was moved before; nothing was changed.");
        return;
    };
    let rows: u64 = moved.iter().map(|table| table.rows).sum();
    print::line(&format!("Everything is there: {rows} rows in {} tables, each compared.", moved.len()));
    print::line(&format!(
        "Start the server with store.url, and with the same data.dir: {} still holds files and {KEY_FILE}.",
        from.display()
    ));
    print::line("Never start it on the embedded store again: what is said there would not be here.");
}
