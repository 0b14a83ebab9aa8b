//! Several servers on one database and one bus: what a message costs, and how late others hear it.

use std::time::Duration;

use anyhow::Context;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{
    LASTS, chatroom,
    hold::Holder,
    median,
    server::{Ground, People, Server},
    traffic::{Load, Pairs, Run},
};

const SENDERS: usize = 64;
const IN_FLIGHT: usize = 4;
const TIMES: usize = 3;
const MISSING: &str = "scripts/bench cluster starts a database and a bus, and says where they are";

/// Files of PostgreSQL's log that are there before it is measured: as many as it has by `max_wal_size`, 1 GB.
const LOG_FILES: usize = 64;

/// All of it. The environment says where database and bus are.
pub(crate) async fn print() -> anyhow::Result<()> {
    age().await?;
    traffic().await?;
    room(number("BENCH_ROOM", 10_000)?).await?;
    idle(number("BENCH_NODES", 6)?, number("BENCH_IDLE", 2_500)?).await
}

/// A database in the middle of its life uses its log's files again. A young one makes each anew, 16 MB of zeros while a commit waits.
async fn age() -> anyhow::Result<()> {
    let mut database = PgConnection::connect(&variable("CLUSTER_STORE_URL").context(MISSING)?).await?;
    for _ in 0..LOG_FILES {
        sqlx::raw_sql("select pg_logical_emit_message(false, 'bench', ''); select pg_switch_wal()")
            .execute(&mut database)
            .await?;
    }
    sqlx::raw_sql("checkpoint").execute(&mut database).await?;
    Ok(())
}

async fn traffic() -> anyhow::Result<()> {
    println!(
        "\nSenders x {IN_FLIGHT}, private messages of 300 bytes, acked after PostgreSQL's commit; the peers at other nodes"
    );
    println!(
        "| nodes | senders | messages/s | CPU µs each, all nodes | ack p50 ms | ack p99 ms | at half load: CPU µs each | heard p50 ms | heard p99 ms |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let rows = variable("BENCH_ROWS").unwrap_or_default();
    // As many people on more nodes, and as many people at each node.
    for (count, senders) in [(1, SENDERS), (2, SENDERS), (3, SENDERS), (2, 2 * SENDERS), (3, 3 * SENDERS)] {
        if !rows.is_empty() && !rows.split(',').any(|row| row == format!("{count}x{senders}")) {
            continue;
        }
        let servers = start(count).await?;
        let people = People::of(first(&servers)?).await?;
        let mut pairs = Pairs::connect(&servers, &people, senders).await?;
        let full = several(&mut pairs, &servers, None).await?;
        let of = |runs: &[Run], figure: fn(&Run) -> f64| median(runs.iter().map(figure).collect());
        let per_second = of(&full, |run| run.per_second);
        let pace = Duration::from_secs_f64(senders as f64 / (per_second / 2.0));
        let half = several(&mut pairs, &servers, Some(pace)).await?;
        println!(
            "| {count} | {senders} | {per_second:.0} | {:.1} | {:.2} | {:.2} | {:.1} | {:.2} | {:.2} |",
            of(&full, |run| run.cpu_micros),
            of(&full, |run| run.p50_millis),
            of(&full, |run| run.p99_millis),
            of(&half, |run| run.cpu_micros),
            of(&half, |run| run.heard_p50_millis),
            of(&half, |run| run.heard_p99_millis)
        );
    }
    Ok(())
}

async fn several(pairs: &mut Pairs, servers: &[Server], pace: Option<Duration>) -> anyhow::Result<Vec<Run>> {
    let mut runs = Vec::new();
    for _ in 0..TIMES {
        runs.push(pairs.run(servers, Load { in_flight: IN_FLIGHT, lasts: LASTS, pace }).await?);
    }
    Ok(runs)
}

async fn room(members: usize) -> anyhow::Result<()> {
    let servers = start(3).await?;
    let people = People::of(first(&servers)?).await?;
    let run = chatroom::measure(&servers, &people, members).await?;
    println!("\n| members of one chatroom, on three nodes | CPU µs per delivery | p50 ms | p99 ms |");
    println!("|--:|--:|--:|--:|");
    println!("| {members} | {:.1} | {:.1} | {:.1} |", run.cpu_micros, run.p50_millis, run.p99_millis);
    Ok(())
}

/// Visitors who say nothing, while others write. Those of each server are held by a process of their own: one process has
/// too few descriptors for all.
async fn idle(nodes: usize, each: usize) -> anyhow::Result<()> {
    let servers = start(nodes).await?;
    let people = People::of(first(&servers)?).await?;
    let before: f64 = resident(&servers)?;
    let mut holders = Vec::new();
    for server in &servers {
        holders.push(Holder::start(server.address, &people, each).await?);
    }
    let mut pairs = Pairs::connect(&servers, &people, nodes).await?;
    let load = Load { in_flight: 1, lasts: LASTS, pace: Some(Duration::from_millis(50)) };
    let run = pairs.run(&servers, load).await?;
    for holder in holders {
        holder.end()?;
    }
    println!("\n| nodes x idle visitors | KiB each (resident) | messages/s meanwhile | heard p99 ms |");
    println!("|--:|--:|--:|--:|");
    let each_kib = (resident(&servers)? - before) / (nodes * each) as f64;
    println!("| {nodes} x {each} | {each_kib:.1} | {:.0} | {:.2} |", run.per_second, run.heard_p99_millis);
    Ok(())
}

fn resident(servers: &[Server]) -> anyhow::Result<f64> {
    servers.iter().map(Server::resident_kib).sum()
}

fn first(servers: &[Server]) -> anyhow::Result<&Server> {
    servers.first().context("there is a server")
}

/// So many, on an empty schema.
async fn start(count: usize) -> anyhow::Result<Vec<Server>> {
    let store = variable("CLUSTER_STORE_URL").context(MISSING)?;
    let bus = variable("CLUSTER_BUS_URL").context(MISSING)?;
    let schema = format!("bench{}", rand::random::<u32>());
    let mut behind = PgConnection::connect(&store).await?;
    sqlx::raw_sql(AssertSqlSafe(format!("create schema {schema}"))).execute(&mut behind).await?;
    let ground = Ground { store: format!("{store}?options=-c%20search_path%3D{schema}"), bus };
    let mut servers = Vec::new();
    for number in 0..count {
        servers.push(Server::start_on(Some(&ground), number == 0).await?);
    }
    Ok(servers)
}

fn number(name: &str, usual: usize) -> anyhow::Result<usize> {
    variable(name).map_or(Ok(usual), |value| Ok(value.parse()?))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark's own switch")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
