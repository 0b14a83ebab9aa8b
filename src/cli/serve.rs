//! `parlor serve`: the server, and what it says when it is up.

use std::{fmt::Write as _, io::IsTerminal, time::Duration};

use anyhow::Context;
use tracing::{error, info, warn};

use super::print;
use crate::{
    app::{Parlor, Welcome},
    config::{Config, Loaded},
    http::demo::pasted_line,
    lifecycle, telemetry,
};

/// Runs the server until it is told to stop.
pub(super) fn serve(loaded: Loaded) -> anyhow::Result<()> {
    telemetry::log::start(&loaded.config.log).context("logs are set up already")?;
    for warning in &loaded.warnings {
        warn!("{warning}");
    }
    log_panics();
    allow_many_files();
    actix_rt::System::new().block_on(async {
        let orders = lifecycle::signals()?;
        let parlor = Parlor::start(loaded.config).await?;
        info!("Serving on {}", parlor.config.server.listen);
        let bold = std::io::stdout().is_terminal();
        print::text(&greeting(&parlor.config, &parlor.welcome, bold));
        lifecycle::run(parlor, orders).await;
        Ok(())
    })
}

/// What the person at the terminal needs next.
fn greeting(config: &Config, welcome: &Welcome, bold: bool) -> String {
    let (on, off) = if bold { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    let mut text = format!("\n  {on}Parlor is running.{off}\n\n");
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<12}{value}");
    };
    if welcome.demo.is_some() {
        row("Demo page", &format!("{on}http://{}{off}", config.demo.listen));
    }
    row("Console", &format!("{on}{}/console{off}", config.server.origin()));
    if let Some(code) = &welcome.setup_code {
        let valid = spoken(Duration::from_secs(config.desk.setup_code_secs.into()));
        row("Set-up code", &format!("{on}{code}{off}  makes the first agent, once, within {valid}"));
    }
    let here = if config.data.dir.is_absolute() { "" } else { "./" };
    row("Data", &format!("{here}{}", config.data.dir.display()));
    if let Some(site) = &welcome.demo {
        let line = pasted_line(&config.server, site);
        let _ = write!(text, "\n  The one line to paste:\n\n  {on}{line}{off}\n");
    }
    text.push('\n');
    text
}

fn spoken(duration: Duration) -> String {
    let minutes = duration.as_secs().div_ceil(60);
    if minutes.is_multiple_of(60) && minutes > 60 {
        format!("{} hours", minutes / 60)
    } else {
        format!("{minutes} minutes")
    }
}

/// Every connection is an open file: takes as many as the system allows.
fn allow_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_err() {
        warn!("The limit of open files could not be raised");
    }
}

/// Panics go to the log by their place only: their words may quote what people wrote (L1).
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        error!("Something panicked at {place}");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_tells_the_four_things_a_newcomer_needs() {
        let welcome = Welcome { demo: Some("k3v9abcd".parse().unwrap()), setup_code: Some("K7QM-3FWX".to_owned()) };
        let text = greeting(&Config::default(), &welcome, false);
        let expected = r#"
  Parlor is running.

  Demo page   http://127.0.0.1:8081
  Console     http://127.0.0.1:8080/console
  Set-up code K7QM-3FWX  makes the first agent, once, within 60 minutes
  Data        ./data

  The one line to paste:

  <script async src="http://127.0.0.1:8080/w/k3v9abcd.js"></script>

"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn a_server_that_was_set_up_shows_no_code() {
        let text = greeting(&Config::default(), &Welcome::default(), false);
        assert!(!text.contains("code") && !text.contains("paste"), "{text}");
    }
}
