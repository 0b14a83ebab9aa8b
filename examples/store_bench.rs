//! How many durable messages the embedded store takes: `cargo run --release --example store_bench [SECONDS]`.
//!
//! Each producer sends one message after the other and waits for each acknowledgement, as a client does.
//! A probe, not a test: figures depend on the disk.
#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "a program that prints rounded figures")]

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use parlor::{
    model::{
        App, AppKey, ClientId, Content, ConversationId, Features, Millis, Person, Role, Seq, Site, SiteKey, Stage,
        UserId, conversation::Context, site::Look,
    },
    store::{
        Demand, NewMessage, NewService, Store,
        sqlite::{SqliteOptions, SqliteStore},
    },
};

const NOON: Millis = Millis::new(1_790_000_000_000);

#[tokio::main]
async fn main() -> Result<()> {
    let secs = std::env::args().nth(1).map_or(Ok(5), |secs| secs.parse()).context("SECONDS must be a number")?;
    // Beside the build, not in /tmp, which may live in memory.
    let folder = tempfile::tempdir_in(std::env::current_exe()?.parent().context("a program lies in a folder")?)?;
    let store = Arc::new(SqliteStore::open(folder.path(), SqliteOptions::default())?);
    let app: AppKey = "bench".parse()?;
    let site: SiteKey = "benchsite".parse()?;
    store
        .create_app(App { key: app.clone(), name: "bench".to_owned(), features: Features::default(), created_at: NOON })
        .await?;
    let look = Look::default();
    let row =
        Site { key: site.clone(), app: app.clone(), name: "b".to_owned(), origins: vec![], look, created_at: NOON };
    store.create_site(row).await?;
    println!(
        "{:>9} {:>9} {:>10} {:>10} {:>8} {:>9} {:>9}",
        "producers", "msg/s", "µs/msg all", "µs/msg wr", "batch", "p50 ms", "p99 ms"
    );
    for (producers, marks) in [(1, false), (64, false), (512, false), (512, true)] {
        let ids = prepare(&store, &app, &site, producers).await?;
        measure(&store, &app, ids, Duration::from_secs(secs), marks).await?;
    }
    let page = Instant::now();
    let newest = parlor::model::command::History::newest(ConversationId::from_u128(512), 20);
    for _ in 0..1000 {
        store.page(&app, &newest).await?;
    }
    println!("newest 20 of a conversation: {:.1} µs", page.elapsed().as_secs_f64() * 1000.0);
    store.close().await;
    Ok(())
}

/// One service conversation for each producer, taken by an agent.
async fn prepare(
    store: &SqliteStore,
    app: &AppKey,
    site: &SiteKey,
    producers: usize,
) -> Result<Vec<(ConversationId, Person)>> {
    store.save_user(app, person("agent", Role::Agent)?, NOON).await?;
    let mut ids = Vec::new();
    for number in 1..=producers {
        let visitor = person(&format!("visitor{number}"), Role::Visitor)?;
        store.save_user(app, visitor.clone(), NOON).await?;
        let new = NewService {
            id: ConversationId::from_u128(u128::try_from(number)?),
            site: site.clone(),
            visitor: visitor.id.clone(),
            stage: Stage::Human { agent: "agent".parse()?, since: NOON },
            context: Context::default(),
            at: NOON,
        };
        ids.push((store.begin_service(app, new).await?.id, visitor));
    }
    Ok(ids)
}

fn person(id: &str, role: Role) -> Result<Person> {
    Ok(Person { id: id.parse::<UserId>()?, name: id.to_owned(), role, portrait: None })
}

async fn measure(
    store: &Arc<SqliteStore>,
    app: &AppKey,
    ids: Vec<(ConversationId, Person)>,
    time: Duration,
    marks: bool,
) -> Result<()> {
    let (stop, run) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(store.stats().commits())));
    let before = (cpu("")?, cpu("store-writer")?, store.stats().commit_micros.figures(), store.stats().batch.figures());
    let begun = Instant::now();
    let producers = ids.len();
    let tasks: Vec<_> = ids
        .into_iter()
        .map(|(id, from)| tokio::spawn(produce(store.clone(), app.clone(), id, from, stop.clone(), marks, run.clone())))
        .collect();
    tokio::time::sleep(time).await;
    stop.store(true, Ordering::Relaxed);
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await??);
    }
    let took = begun.elapsed();
    let after = (cpu("")?, cpu("store-writer")?, store.stats().batch.figures());
    waits.sort_unstable();
    let count = waits.len();
    let each = |nanos: u64| nanos as f64 / 1000.0 / count as f64;
    let at = |share: usize| waits.get(count * share / 100).map_or(0.0, |wait| wait.as_secs_f64() * 1000.0);
    let commits = (after.2.count - before.3.count).max(1);
    println!(
        "{:>9} {:>9.0} {:>10.1} {:>10.1} {:>8.1} {:>9.2} {:>9.2}{}",
        producers,
        count as f64 / took.as_secs_f64(),
        each(after.0 - before.0),
        each(after.1 - before.1),
        (after.2.sum - before.3.sum) as f64 / commits as f64,
        at(50),
        at(99),
        if marks { "  with a receipt for each" } else { "" }
    );
    Ok(())
}

/// Sends until told to stop; how long each acknowledgement took.
async fn produce(
    store: Arc<SqliteStore>,
    app: AppKey,
    conversation: ConversationId,
    from: Person,
    stop: Arc<AtomicBool>,
    marks: bool,
    run: Arc<AtomicU64>,
) -> Result<Vec<Duration>> {
    let mut waits = Vec::new();
    let content = Content::text(&"a message of three hundred bytes or so ".repeat(7));
    let agent: UserId = "agent".parse()?;
    while !stop.load(Ordering::Relaxed) {
        let number = run.fetch_add(1, Ordering::Relaxed);
        let new = NewMessage {
            conversation,
            from: from.clone(),
            client_id: Some(format!("c{}-{number}", from.id).parse::<ClientId>()?),
            content: content.clone(),
            counted: true,
            mentions: parlor::model::content::Mentions::Nobody,
            at: NOON.plus_secs(i64::try_from(number / 1000)?),
            only: Vec::new(),
            demand: Demand::Inside,
            source: parlor::model::Source::Client,
            original: None,
        };
        let begun = Instant::now();
        let seq: Option<Seq> = store.append(&app, new).await?.message.seq;
        waits.push(begun.elapsed());
        if marks {
            store.mark(&app, conversation, &agent, seq, seq, NOON).await?;
        }
    }
    Ok(waits)
}

/// Nanoseconds of CPU that the threads with this name (or all) have used.
fn cpu(name: &str) -> Result<u64> {
    let mut nanos = 0;
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        let comm = fs::read_to_string(task.join("comm"))?;
        if name.is_empty() || comm.trim() == name {
            let spent = fs::read_to_string(task.join("schedstat"))?;
            nanos += spent.split_whitespace().next().map_or(Ok(0), str::parse::<u64>)?;
        }
    }
    Ok(nanos)
}
