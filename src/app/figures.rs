//! The store's own figures, by their Prometheus names.

use std::sync::{Arc, atomic::Ordering};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Unit,
};

use crate::store::sqlite::SqliteStats;

/// Reads the figures when Prometheus asks.
#[derive(Debug)]
pub(super) struct StoreFigures(pub(super) Arc<SqliteStats>);

impl Collector for StoreFigures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let commits = self.0.commit_micros.figures();
        let buckets: Vec<_> = commits.buckets.iter().map(|(bound, count)| (seconds(*bound), *count)).collect();
        let unit = Some(&Unit::Seconds);
        encoder
            .encode_descriptor("store_commit", "One commit, fsync included", unit, MetricType::Histogram)?
            .encode_histogram::<[(&str, &str); 0]>(seconds(commits.sum), commits.count, &buckets, None)?;
        for (name, help, value) in [
            ("store_messages", "New messages kept", &self.0.messages),
            ("store_failed_commits", "Commits that failed", &self.0.failed_commits),
            ("store_checkpoints", "Checkpoints that ran", &self.0.checkpoints),
            ("store_damaged_records", "Damaged records met while reading", &self.0.damaged),
        ] {
            let counter = ConstCounter::new(value.load(Ordering::Relaxed));
            counter.encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        for (name, help, value) in [
            ("store_log_pages", "Pages in the write-ahead log", &self.0.wal_pages),
            ("store_low_on_space", "Whether the disk's reserve is used up", &self.0.low_on_space),
        ] {
            let gauge = ConstGauge::new(i64::try_from(value.load(Ordering::Relaxed)).unwrap_or(i64::MAX));
            gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        Ok(())
    }
}

/// Microseconds as seconds; the bucket for everything has no end.
fn seconds(micros: u64) -> f64 {
    if micros == u64::MAX { f64::MAX } else { std::time::Duration::from_micros(micros).as_secs_f64() }
}
