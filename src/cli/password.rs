//! Reading a password from standard input, unseen when it is typed.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, ensure};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// The first line of standard input. At a terminal it asks, twice, and shows nothing.
pub(super) fn read() -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() {
        return line();
    }
    let password = unseen("Password (12 characters or more): ")?;
    ensure!(password == unseen("Again: ")?, "the two are not the same");
    Ok(password)
}

fn line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("cannot read the password from standard input")?;
    let password = line.trim_end_matches(['\r', '\n']);
    ensure!(!password.is_empty(), "no password came; write it to standard input");
    Ok(password.to_owned())
}

fn unseen(question: &str) -> anyhow::Result<String> {
    eprint!("{question}");
    let terminal = std::io::stdin();
    let before = tcgetattr(&terminal)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
    let answer = line();
    tcsetattr(&terminal, OptionalActions::Flush, &before)?;
    eprintln!();
    answer
}
