//! Reading a password from standard input, unseen when it is typed.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, ensure};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// The first line of standard input. At a terminal it asks, twice, and shows nothing.
pub(super) fn read() -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() {
        return line("password");
    }
    let password = unseen("Password (12 characters or more): ")?;
    ensure!(password == unseen("Again: ")?, "the two are not the same");
    Ok(password)
}

/// The first line of standard input, which holds something secret.
pub(super) fn line(what: &str) -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .with_context(|| format!("cannot read the {what} from standard input"))?;
    let secret = line.trim_end_matches(['\r', '\n']);
    ensure!(!secret.is_empty(), "no {what} came; write it to standard input");
    Ok(secret.to_owned())
}

fn unseen(question: &str) -> anyhow::Result<String> {
    eprint!("{question}");
    let terminal = std::io::stdin();
    let before = tcgetattr(&terminal)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
    let answer = line("password");
    tcsetattr(&terminal, OptionalActions::Flush, &before)?;
    eprintln!();
    answer
}
