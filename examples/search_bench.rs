//! How fast messages are found: `cargo run --release --example search_bench [MESSAGES]`, a million by default.
//!
//! Half of the messages are Latin, half Chinese, in 5,000 private conversations; words are as unevenly frequent as
//! those of a language. A probe, not a test.
#![expect(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a program that prints figures from lists of a known length"
)]

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::future::join_all;
use parlor::{
    model::{
        App, AppKey, Content, ConversationId, Features, Kind, Millis, Person, Role, Source, UserId,
        content::Mentions,
        search::{Search, words_of},
    },
    store::{
        Demand, NewMessage, Store,
        search::{Searcher, Searches},
        sqlite::{SqliteOptions, SqliteStore},
    },
};
use rand::{Rng, SeedableRng, rngs::StdRng};

const NOON: Millis = Millis::new(1_790_000_000_000);
const USERS: usize = 200;
const CONVERSATIONS: usize = 5_000;
const ROUNDS: usize = 40;

#[tokio::main]
async fn main() -> Result<()> {
    let count = std::env::args().nth(1).map_or(Ok(1_000_000), |count| count.parse()).context("MESSAGES is a number")?;
    let folder = tempfile::tempdir_in(std::env::current_exe()?.parent().context("a program lies in a folder")?)?;
    let store = SqliteStore::open(folder.path(), SqliteOptions::default())?;
    let app: AppKey = "bench".parse()?;
    let features = Features::default();
    store.create_app(App { key: app.clone(), name: "bench".to_owned(), features, created_at: NOON }).await?;
    let begun = Instant::now();
    let places = prepare(&store, &app).await?;
    fill(&store, &app, &places, count).await?;
    println!("{count} messages kept in {:.1} s", begun.elapsed().as_secs_f64());
    let common = Search::of("订单");
    while store.search(&app, Searcher::BackEnd, words_of(&common.query), common.clone()).await?.partial {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let bytes = |name: &str| std::fs::metadata(folder.path().join(name)).map_or(0, |file| file.len());
    let per = |bytes: u64| bytes / u64::try_from(count).unwrap_or(1).max(1);
    println!(
        "indexed after {:.1} s; per message {} bytes kept, {} bytes of index",
        begun.elapsed().as_secs_f64(),
        per(bytes("parlor.db") + bytes("parlor.db-wal")),
        per(bytes("search.db") + bytes("search.db-wal"))
    );
    println!("{:>28} {:>10} {:>9} {:>9} {:>6}", "query", "by", "p50 ms", "p95 ms", "hits");
    for (name, query) in [
        ("3 letters, frequent", "the"),
        ("3 letters, inside words", "ing"),
        ("2 characters, frequent", "订单"),
        ("2 characters, rare", "鸢尾"),
        ("1 character", "单"),
        ("a rare word", "zyxomma"),
        ("two words", "wording 7"),
        ("a word that is not there", "xylophon"),
        ("letters that never meet", "theing singthe"),
    ] {
        for (by, searcher) in [("app", Searcher::BackEnd), ("user", Searcher::User(user(7)))] {
            measure(&store, &app, (name, query), (by, searcher)).await?;
        }
    }
    store.close().await;
    Ok(())
}

fn user(number: usize) -> UserId {
    format!("u{number}").parse().expect("a user id")
}

async fn prepare(store: &SqliteStore, app: &AppKey) -> Result<Vec<(ConversationId, Person)>> {
    let person = |number| Person { id: user(number), name: String::new(), role: Role::User, portrait: None };
    for number in 0..USERS {
        store.save_user(app, person(number), NOON).await?;
    }
    let mut random = StdRng::seed_from_u64(1);
    let mut places = Vec::new();
    for number in 0..CONVERSATIONS {
        let (a, step) = (number % USERS, random.random_range(1..USERS));
        let id = ConversationId::from_u128(number as u128 + 1);
        let made = store.pair_conversation(app, Kind::Private, &user(a), &user((a + step) % USERS), id, NOON).await?;
        places.push((made.id, person(a)));
    }
    Ok(places)
}

async fn fill(store: &SqliteStore, app: &AppKey, places: &[(ConversationId, Person)], count: usize) -> Result<()> {
    let mut random = StdRng::seed_from_u64(2);
    let mut done = 0;
    while done < count {
        let batch = 1000.min(count - done);
        let new: Vec<NewMessage> = (done..done + batch)
            .map(|number| {
                let (conversation, from) = places[random.random_range(0..places.len())].clone();
                NewMessage {
                    conversation,
                    from,
                    client_id: None,
                    content: Content::text(&words(number, &mut random)),
                    counted: true,
                    mentions: Mentions::Nobody,
                    only: Vec::new(),
                    at: NOON.plus_secs(i64::try_from(number / 100).unwrap_or(0)),
                    demand: Demand::Inside,
                    source: Source::Client,
                    original: None,
                }
            })
            .collect();
        for kept in join_all(new.into_iter().map(|new| store.append(app, new))).await {
            kept?;
        }
        done += batch;
    }
    Ok(())
}

/// About sixty characters of Latin, or twenty of Chinese.
fn words(number: usize, random: &mut StdRng) -> String {
    let rare = if number % 50_000 == 7 { " zyxomma 鸢尾" } else { "" };
    // The lower of two draws: low numbers are frequent.
    let mut draw = |most: u32| random.random_range(0..most).min(random.random_range(0..most));
    if number.is_multiple_of(2) {
        let some: Vec<String> = (0..9).map(|_| latin(draw(4000))).collect();
        return some.join(" ") + rare;
    }
    let some: String = (0..20).map(|_| han(draw(800))).collect();
    let order = if number % 10 == 1 { "我的订单" } else { "" };
    format!("{order}{some}{rare}")
}

fn latin(number: u32) -> String {
    let part = |number: u32| ["the", "wor", "ding", "sing", "lam", "ber", "ton", "ka"][number as usize % 8];
    format!("{}{}{}", part(number), part(number / 8), number / 64)
}

fn han(number: u32) -> char {
    char::from_u32(0x4e00 + number * 7).unwrap_or('一')
}

async fn measure(
    store: &SqliteStore,
    app: &AppKey,
    (name, query): (&str, &str),
    (by, searcher): (&str, Searcher),
) -> Result<()> {
    let (mut times, mut hits, mut partial) = (Vec::new(), 0, "");
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let found = store.search(app, searcher.clone(), words_of(query), Search::of(query)).await?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        hits = found.messages.len();
        partial = if found.partial { " partial" } else { "" };
    }
    times.sort_by(f64::total_cmp);
    println!("{name:>28} {by:>10} {:>9.1} {:>9.1} {hits:>6}{partial}", times[ROUNDS / 2], times[ROUNDS * 95 / 100]);
    Ok(())
}
