//! One chatroom with many members: what a delivery costs the server, and how late the last ones hear.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::Context;
use serde_json::{Value, json};
use tokio::{sync::Notify, task::LocalSet};

use super::{
    line::{self, Ears, Mouth},
    server::{People, Server},
    traffic::is_message,
};

const ROOM: &str = "hall";
const MESSAGES: usize = 20;

/// What one measurement yields.
pub(crate) struct Run {
    pub(crate) cpu_micros: f64,
    pub(crate) p50_millis: f64,
    pub(crate) p99_millis: f64,
}

/// What all members heard.
#[derive(Default)]
struct Tally {
    sent_at: Cell<Option<Instant>>,
    times: RefCell<Vec<Duration>>,
    heard: Notify,
}

/// Lets so many people into one room; one of them speaks.
pub(crate) async fn measure(servers: &[Server], people: &People, members: usize) -> anyhow::Result<Run> {
    let mut hall = Vec::with_capacity(members);
    for (at, server) in servers.iter().cycle().take(members).enumerate() {
        hall.push(join(server, &people.user(&format!("member{at}")).await?).await?);
    }
    let first = servers.first().context("there is a server")?;
    let (mut mouth, mut acks) = join(first, &people.user("speaker").await?).await?;
    let tally = Rc::new(Tally::default());
    let local = LocalSet::new();
    // The members say nothing, but their connections have two halves.
    let (mutes, ears): (Vec<Mouth>, Vec<Ears>) = hall.into_iter().unzip();
    for ears in ears {
        local.spawn_local(listen(ears, tally.clone()));
    }
    let talk = async {
        let before = Server::cpu_of(servers)?;
        for at in 1..=MESSAGES {
            let content = json!({ "content": "x".repeat(140) });
            let body =
                json!({ "chatroom": ROOM, "client_id": at.to_string(), "type": "RC:TxtMsg", "content": content });
            tally.sent_at.set(Some(Instant::now()));
            mouth.say(&json!({ "id": at + 2, "cmd": "send", "body": body }).to_string()).await?;
            while !acks.frame().await?.starts_with(b"{\"id\":") {}
            while tally.times.borrow().len() < at * members {
                tally.heard.notified().await;
            }
        }
        anyhow::Ok(Server::cpu_of(servers)?.saturating_sub(before))
    };
    let cpu = local.run_until(talk).await?;
    drop(mutes);
    let mut times = tally.times.take();
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0);
    let cpu_micros = cpu.as_secs_f64() * 1e6 / (MESSAGES * members) as f64;
    Ok(Run { cpu_micros, p50_millis: at(50), p99_millis: at(99) })
}

async fn join(server: &Server, hello: &Value) -> anyhow::Result<(Mouth, Ears)> {
    let (mut mouth, mut ears) = line::connect(server.address, hello).await?;
    let body = json!({ "chatroom": ROOM, "last": 0 });
    mouth.say(&json!({ "id": 2, "cmd": "chatroom_join", "body": body }).to_string()).await?;
    loop {
        let frame = ears.frame().await?;
        if frame.starts_with(b"{\"id\":2,") {
            let joined = frame.starts_with(b"{\"id\":2,\"ok\":");
            anyhow::ensure!(joined, "{}", String::from_utf8_lossy(frame));
            return Ok((mouth, ears));
        }
    }
}

/// Ends with the connection.
async fn listen(mut ears: Ears, tally: Rc<Tally>) {
    while let Ok(frame) = ears.frame().await {
        if is_message(frame) {
            let time = tally.sent_at.get().map(|sent| sent.elapsed());
            tally.times.borrow_mut().extend(time);
            tally.heard.notify_one();
        }
    }
}
