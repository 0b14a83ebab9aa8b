//! The store's own figures, by their Prometheus names.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Unit,
};

use crate::{
    bus::nats::NatsStats,
    im::tallies::TallyStats,
    media::blobs::BlobStats,
    store::{
        histogram::Histogram,
        postgres::PostgresStats,
        sqlite::{QueueDepth, SqliteStats},
    },
};

/// Reads the figures when Prometheus asks.
#[derive(Debug)]
pub(super) struct StoreFigures(pub(super) Arc<SqliteStats>, pub(super) QueueDepth);

impl Collector for StoreFigures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        spread(&mut encoder, &self.0.commit_micros, &self.0.batch)?;
        count(
            &mut encoder,
            &[
                ("store_messages", "New messages kept", &self.0.messages),
                ("store_failed_commits", "Commits that failed", &self.0.failed_commits),
                ("store_checkpoints", "Checkpoints that ran", &self.0.checkpoints),
                ("store_damaged_records", "Damaged records met while reading", &self.0.damaged),
            ],
        )?;
        let pages = gauge(self.0.wal_pages.load(Ordering::Relaxed));
        let low = gauge(self.0.low_on_space.load(Ordering::Relaxed));
        measure(
            &mut encoder,
            &[
                ("store_log_pages", "Pages in the write-ahead log", pages),
                ("store_low_on_space", "Whether the disk's reserve is used up", low),
                ("store_queue_jobs", "Jobs that wait for the writer", gauge(self.1.now())),
            ],
        )
    }
}

/// The same of the other engine, as far as it has them: the disk is another machine's.
#[derive(Debug)]
pub(super) struct PostgresFigures(pub(super) Arc<PostgresStats>);

impl Collector for PostgresFigures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        spread(&mut encoder, &self.0.commit_micros, &self.0.batch)?;
        count(
            &mut encoder,
            &[
                ("store_commits", "Commits of messages and receipts", &self.0.commits),
                ("store_jobs", "Messages and receipts in them", &self.0.jobs),
                ("store_messages", "New messages kept", &self.0.messages),
                ("store_failed_commits", "Commits that failed", &self.0.failed_commits),
                ("store_retries", "Transactions that were tried again", &self.0.retries),
                ("store_work", "Reads, writes and batches", &self.0.work),
                ("store_damaged_records", "Damaged records met while reading", &self.0.damaged),
            ],
        )
    }
}

/// What travels between servers.
#[derive(Debug)]
pub(super) struct BusFigures(pub(super) Arc<NatsStats>);

impl Collector for BusFigures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let connected = i64::from(self.0.connected.load(Ordering::Relaxed));
        let nodes = gauge(self.0.nodes.load(Ordering::Relaxed));
        measure(
            &mut encoder,
            &[
                ("bus_connected", "Whether NATS is heard now", connected),
                ("bus_nodes", "Other servers on this database that are known now", nodes),
            ],
        )?;
        count(
            &mut encoder,
            &[
                ("bus_sent", "What was given to NATS for other servers", &self.0.sent),
                ("bus_bundles", "Letters in which hints were given to NATS, several in each", &self.0.bundles),
                ("bus_heard", "What came from other servers", &self.0.heard),
                ("bus_dropped", "What was not sent: NATS is away or too slow, or it was too large", &self.0.dropped),
                ("bus_unknown", "What came and this version does not know", &self.0.unknown),
                ("bus_missed", "How often something of another server was lost", &self.0.missed),
            ],
        )
    }
}

/// What the place for files could not do.
#[derive(Debug)]
pub(super) struct FileFigures(pub(super) Arc<BlobStats>);

impl Collector for FileFigures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        count(
            &mut encoder,
            &[
                ("files_failed_writes", "Files that could not be kept", &self.0.writes),
                ("files_failed_reads", "Files that could not be read", &self.0.reads),
                ("files_failed_removals", "Files that could not be removed", &self.0.removals),
                ("files_failed_looks", "Looks for old files that broke off", &self.0.looks),
            ],
        )
    }
}

/// How servers ask each other how much was used of what is limited in time.
#[derive(Debug)]
pub(super) struct TallyFigures(pub(super) Arc<TallyStats>);

impl Collector for TallyFigures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        count(
            &mut encoder,
            &[
                ("tallies_asked", "Questions how much of a limit all servers have used", &self.0.asked),
                ("tallies_answered", "Such questions that were answered in time", &self.0.answered),
                (
                    "tallies_given_up",
                    "Such questions that were given up: limits held for each server alone",
                    &self.0.given_up,
                ),
            ],
        )
    }
}

/// Writes how long commits take and how many jobs are in one.
fn spread(encoder: &mut DescriptorEncoder<'_>, commits: &Histogram, batches: &Histogram) -> std::fmt::Result {
    let commits = commits.figures();
    let buckets: Vec<_> = commits.buckets.iter().map(|(bound, count)| (seconds(*bound), *count)).collect();
    let unit = Some(&Unit::Seconds);
    encoder
        .encode_descriptor("store_commit", "One commit, fsync included", unit, MetricType::Histogram)?
        .encode_histogram::<[(&str, &str); 0]>(seconds(commits.sum), commits.count, &buckets, None)?;
    let batches = batches.figures();
    let buckets: Vec<_> = batches.buckets.iter().map(|(bound, count)| (whole(*bound), *count)).collect();
    encoder
        .encode_descriptor("store_batch", "Jobs in one commit", None, MetricType::Histogram)?
        .encode_histogram::<[(&str, &str); 0]>(whole(batches.sum), batches.count, &buckets, None)
}

/// Writes what only grows: names, what they mean, and how far each is.
fn count(encoder: &mut DescriptorEncoder<'_>, counters: &[(&str, &str, &AtomicU64)]) -> std::fmt::Result {
    for (name, help, value) in counters {
        let counter = ConstCounter::new(value.load(Ordering::Relaxed));
        counter.encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
    }
    Ok(())
}

/// Writes what goes up and down: names, what they mean, and how much it is now.
fn measure(encoder: &mut DescriptorEncoder<'_>, gauges: &[(&str, &str, i64)]) -> std::fmt::Result {
    for (name, help, value) in gauges {
        ConstGauge::new(*value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
    }
    Ok(())
}

/// A number as gauges have it.
fn gauge<N>(number: N) -> i64
where
    i64: TryFrom<N>,
{
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count as Prometheus writes it; the bucket for everything has no end.
fn whole(count: u64) -> f64 {
    let half = |bits: u64| f64::from(u32::try_from(bits & 0xFFFF_FFFF).expect("32 bits"));
    if count == u64::MAX { f64::MAX } else { half(count >> 32) * 4_294_967_296.0 + half(count) }
}

/// Microseconds as seconds; the bucket for everything has no end.
fn seconds(micros: u64) -> f64 {
    if micros == u64::MAX { f64::MAX } else { std::time::Duration::from_micros(micros).as_secs_f64() }
}
