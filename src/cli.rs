//! The command line.
//!
//! Floor 7. Parses, calls, prints. Nothing secret is ever an argument: other users of the machine can read those.
#![expect(clippy::print_stdout, reason = "printing is this module's work")]

mod serve;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::config::{self, Flags, Loaded};

/// Live chat for any website: one pasted line, one binary behind it.
#[derive(Debug, Parser)]
#[command(name = "parlor", version, max_term_width = 100, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server (also without a command)
    Serve(Serve),
    /// Check the settings and say what is wrong or risky
    CheckConfig(Settings),
    /// Print the commented default settings
    DefaultConfig,
}

/// Where settings come from.
#[derive(Debug, Clone, Default, Args)]
struct Settings {
    /// Settings file; without it `PARLOR_CONFIG`, then `widget.toml` in this folder
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the database
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Debug, Clone, Default, Args)]
struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// Address and port to listen on, such as 0.0.0.0:8080
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

impl Settings {
    fn load(self, listen: Option<SocketAddr>) -> anyhow::Result<Loaded> {
        let flags = Flags { file: self.config, listen, data: self.data };
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
        Ok(config::load(&flags, environment)?)
    }
}

/// Does what the command line says. 0: done, 1: failed, 2: not understood.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match execute(cli.command.unwrap_or(Command::Serve(cli.serve))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("parlor: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(Serve { settings, listen }) => serve::serve(settings.load(listen)?),
        Command::CheckConfig(settings) => {
            check_config(&settings.load(None)?);
            Ok(())
        }
        Command::DefaultConfig => {
            print!("{}", config::DEFAULT_FILE);
            Ok(())
        }
    }
}

fn check_config(loaded: &Loaded) {
    for warning in &loaded.warnings {
        println!("risky: {warning}");
    }
    match &loaded.file {
        Some(file) => println!("{} and the environment are fine.", file.display()),
        None => println!("The defaults and the environment are fine."),
    }
}
