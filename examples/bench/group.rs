//! One writer in a large group: what keeping a message costs when few of the many are connected.

use std::time::Instant;

use serde_json::{Value, json};

use super::{
    line,
    server::{People, Server},
    traffic::is_message,
};

const MESSAGES: usize = 500;

/// What one measurement yields.
pub(crate) struct Run {
    pub(crate) cpu_micros: f64,
    pub(crate) p50_millis: f64,
    pub(crate) p99_millis: f64,
}

/// A group of so many; one of them writes, one after the other, and one more is connected and hears everything.
pub(crate) async fn measure(server: &Server, people: &People, members: usize) -> anyhow::Result<Run> {
    let name = format!("group{members}");
    let (writer, reader) = (format!("writer{members}"), format!("reader{members}"));
    let (mut mouth, mut acks) = line::connect(server.address, &people.user(&writer).await?).await?;
    let (_mute, mut ears) = line::connect(server.address, &people.user(&reader).await?).await?;
    let mut users = vec![writer, reader];
    for at in 2..members {
        users.push(format!("member{members}-{at}"));
        people.user(users.last().map_or("", String::as_str)).await?;
    }
    people.group(&name, &users).await?;
    let mut times = Vec::with_capacity(MESSAGES);
    let mut before = server.cpu()?;
    // The first ones fill what is remembered of the group.
    for at in 1..=MESSAGES + 20 {
        if at == 21 {
            (before, times) = (server.cpu()?, Vec::with_capacity(MESSAGES));
        }
        let content = json!({ "content": "x".repeat(140) });
        let body = json!({ "group": name, "client_id": at.to_string(), "type": "RC:TxtMsg", "content": content });
        let began = Instant::now();
        mouth.say(&json!({ "id": at + 1, "cmd": "send", "body": body }).to_string()).await?;
        loop {
            let frame = acks.frame().await?;
            if frame.starts_with(b"{\"id\":") {
                let answer: Value = serde_json::from_slice(frame)?;
                anyhow::ensure!(answer.get("ok").is_some(), "{answer}");
                break;
            }
        }
        times.push(began.elapsed());
        while !is_message(ears.frame().await?) {}
    }
    let cpu_micros = server.cpu()?.saturating_sub(before).as_secs_f64() * 1e6 / MESSAGES as f64;
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0);
    Ok(Run { cpu_micros, p50_millis: at(50), p99_millis: at(99) })
}
