//! Measures a release build from outside: durable and delivered messages, CPU per message, fan-out, memory per
//! visitor, start, and what a visitor downloads. `scripts/bench` runs it; figures of one machine compare only with
//! each other.
#![expect(clippy::print_stdout, reason = "a table of figures is what this makes")]
#![expect(clippy::cast_precision_loss, reason = "figures are shown with three digits")]

mod chatroom;
mod cluster;
mod codec;
mod compatible;
mod group;
mod hold;
mod line;
mod memory;
mod server;
mod traffic;
mod weight;

use std::{slice, time::Duration};

use server::{People, Server};

/// How long each load lasts, after a warm-up.
const LASTS: Duration = Duration::from_secs(4);
/// Senders, and what each has in flight. `scripts/bench 64x1` runs one of them.
const LOADS: [(usize, usize); 5] = [(1, 1), (64, 1), (512, 1), (64, 16), (512, 4)];
/// Each load is measured this often; the median is shown.
const TIMES: usize = 3;

fn main() -> anyhow::Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let [name, server] = wanted.as_slice()
        && name == hold::NAME
    {
        return runtime.block_on(hold::hold(server.parse()?));
    }
    runtime.block_on(async {
        if wants("start") {
            start().await?;
        }
        if wants("weight") {
            let server = Server::start().await?;
            weight::print(&server).await?;
        }
        if wants("codec") {
            println!("codec: {:.2} µs to decode a send of 300 bytes and encode its push", codec::micros()?);
        }
        if wants("traffic") {
            traffic(&LOADS).await?;
        }
        for name in &wanted {
            if let Some(load) = LOADS.iter().find(|(senders, in_flight)| *name == format!("{senders}x{in_flight}")) {
                traffic(&[*load]).await?;
            }
        }
        if wants("fanout") {
            fan_out().await?;
        }
        if wants("chatroom") {
            chatroom(10_000).await?;
        }
        if wanted.iter().any(|wanted| wanted == "chatroom500") {
            chatroom(500).await?;
        }
        if wants("group") {
            group().await?;
        }
        if wants("compatible") {
            compatible().await?;
        }
        // Needs a database and a bus: `scripts/bench cluster` starts both.
        if wanted.iter().any(|wanted| wanted == "cluster") {
            cluster::print().await?;
        }
        if wants("memory") {
            memory().await?;
        }
        Ok(())
    })
}

async fn start() -> anyhow::Result<()> {
    let mut starts = Vec::new();
    let mut idle = Vec::new();
    for _ in 0..5 {
        let server = Server::start().await?;
        starts.push(server.started_in.as_secs_f64() * 1000.0);
        tokio::time::sleep(Duration::from_millis(300)).await;
        idle.push(server.resident_kib()? / 1024.0);
    }
    println!("start: {:.0} ms from an empty folder to ready · {:.1} MiB resident", median(starts), median(idle));
    Ok(())
}

async fn traffic(loads: &[(usize, usize)]) -> anyhow::Result<()> {
    println!("\nprivate messages of 300 bytes, acked after fsync and delivered to the peer");
    println!("| senders | in flight each | messages/s | server CPU µs each | p50 ms | p99 ms |");
    println!("|--:|--:|--:|--:|--:|--:|");
    for &(senders, in_flight) in loads {
        let server = Server::start().await?;
        let people = People::of(&server).await?;
        let mut pairs = traffic::Pairs::connect(slice::from_ref(&server), &people, senders).await?;
        let mut runs = Vec::new();
        for _ in 0..TIMES {
            runs.push(
                pairs.run(slice::from_ref(&server), traffic::Load { in_flight, lasts: LASTS, pace: None }).await?,
            );
        }
        let of = |figure: fn(&traffic::Run) -> f64| median(runs.iter().map(figure).collect());
        println!(
            "| {senders} | {in_flight} | {:.0} | {:.1} | {:.2} | {:.2} |",
            of(|run| run.per_second),
            of(|run| run.cpu_micros),
            of(|run| run.p50_millis),
            of(|run| run.p99_millis)
        );
    }
    Ok(())
}

async fn fan_out() -> anyhow::Result<()> {
    let server = Server::start().await?;
    let people = People::of(&server).await?;
    let mut runs = Vec::new();
    for run in 0..TIMES {
        runs.push(traffic::fan_out(&server, &people, 1000, run).await?);
    }
    println!("\nfan-out: one message to 1,000 connections, {:.1} µs of server CPU per delivery", median(runs));
    Ok(())
}

async fn chatroom(members: usize) -> anyhow::Result<()> {
    let server = Server::start().await?;
    let people = People::of(&server).await?;
    let run = chatroom::measure(slice::from_ref(&server), &people, members).await?;
    println!("\n| members of one chatroom | server CPU µs per delivery | p50 ms | p99 ms |");
    println!("|--:|--:|--:|--:|");
    println!("| {members} | {:.1} | {:.1} | {:.1} |", run.cpu_micros, run.p50_millis, run.p99_millis);
    Ok(())
}

async fn group() -> anyhow::Result<()> {
    println!("\none writer in a group, one after the other, one other member connected");
    println!("| members | server CPU µs each | p50 ms | p99 ms |");
    println!("|--:|--:|--:|--:|");
    let server = Server::start().await?;
    let people = People::of(&server).await?;
    for members in [2, 100, 3000] {
        let run = group::measure(&server, &people, members).await?;
        println!("| {members} | {:.0} | {:.2} | {:.2} |", run.cpu_micros, run.p50_millis, run.p99_millis);
    }
    Ok(())
}

async fn compatible() -> anyhow::Result<()> {
    println!("\nclients of the compatible protocol, one message in flight each, acked after fsync and delivered");
    println!("| senders | messages/s | server CPU µs each | p50 ms | p99 ms |");
    println!("|--:|--:|--:|--:|--:|");
    for senders in [1, 64] {
        let mut runs = Vec::new();
        for _ in 0..TIMES {
            let server = Server::start().await?;
            let people = People::of(&server).await?;
            runs.push(compatible::traffic(&server, &people, senders, LASTS).await?);
        }
        let of = |figure: fn(&traffic::Run) -> f64| median(runs.iter().map(figure).collect());
        println!(
            "| {senders} | {:.0} | {:.1} | {:.2} | {:.2} |",
            of(|run| run.per_second),
            of(|run| run.cpu_micros),
            of(|run| run.p50_millis),
            of(|run| run.p99_millis)
        );
    }
    let server = Server::start().await?;
    let people = People::of(&server).await?;
    println!(
        "{:.1} KiB resident for each of 1,000 idle clients",
        compatible::per_client(&server, &people, 1000).await?
    );
    Ok(())
}

async fn memory() -> anyhow::Result<()> {
    println!("\n| idle visitors | KiB each (resident) |");
    println!("|--:|--:|");
    for visitors in [1000, 10_000] {
        let server = Server::start().await?;
        let people = People::of(&server).await?;
        println!("| {visitors} | {:.1} |", memory::per_visitor(&server, &people, visitors).await?);
    }
    Ok(())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
