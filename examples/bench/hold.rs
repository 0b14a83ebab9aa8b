//! Connections that do nothing, held by a process of their own.

use std::{
    io::{BufRead, BufReader, Write, stdin},
    net::SocketAddr,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use tokio::task::spawn_blocking;

use super::{line, server::People};

/// The first argument of such a process; the second is the server's address.
pub(crate) const NAME: &str = "hold";
/// What it prints when all are connected, and again when it was told to end and all still were.
const HELD: &str = "held";
/// Visitors made and connected at once.
const AT_ONCE: usize = 32;

/// A process that holds visitors' connections. Killed when dropped.
pub(crate) struct Holder {
    process: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Holder {
    /// Makes so many visitors and has them connected to a server.
    pub(crate) async fn start(server: SocketAddr, people: &People, visitors: usize) -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args([NAME, &server.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let ask = process.stdin.take().context("stdin is piped")?;
        let answers = BufReader::new(process.stdout.take().context("stdout is piped")?);
        let mut holder = Self { process, ask, answers };
        let site = people.site().await?;
        let mut hellos = stream::iter(0..visitors).map(|_| people.visitor(&site)).buffer_unordered(AT_ONCE);
        while let Some(hello) = hellos.try_next().await? {
            writeln!(holder.ask, "{hello}")?;
        }
        holder.waits_until_all_are_held()?;
        Ok(holder)
    }

    /// Ends it; an error when a connection was lost meanwhile.
    pub(crate) fn end(mut self) -> anyhow::Result<()> {
        self.waits_until_all_are_held()
    }

    fn waits_until_all_are_held(&mut self) -> anyhow::Result<()> {
        writeln!(self.ask)?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        ensure!(answer.trim_end() == HELD, "visitors lost their connections: {answer}");
        Ok(())
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// That process: takes hellos line by line to an empty one, connects them, and holds them to the next line.
pub(crate) async fn hold(server: SocketAddr) -> anyhow::Result<()> {
    let mut hellos = Vec::<Value>::new();
    for line in stdin().lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        hellos.push(serde_json::from_str(&line)?);
    }
    let connect = async |hello: Value| {
        let (mouth, ears) = line::connect(server, &hello).await?;
        anyhow::Ok(tokio::spawn(ears.rest(mouth)))
    };
    let held: Vec<_> = stream::iter(hellos).map(connect).buffer_unordered(AT_ONCE).try_collect().await?;
    println!("{HELD}");
    spawn_blocking(|| stdin().read_line(&mut String::new())).await??;
    let lost = held.iter().filter(|line| line.is_finished()).count();
    let answer = if lost == 0 { HELD.to_owned() } else { format!("{lost} of {} are gone", held.len()) };
    println!("{answer}");
    Ok(())
}
