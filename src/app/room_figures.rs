//! Figures of chatrooms, by their Prometheus names.

use std::{fmt, sync::Arc};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use crate::im::Im;

/// Reads the figures when Prometheus asks.
pub(super) struct RoomFigures(pub(super) Arc<Im>);

impl fmt::Debug for RoomFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RoomFigures").finish_non_exhaustive()
    }
}

impl Collector for RoomFigures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let figures = self.0.chatroom_figures();
        for (name, help, value) in [
            ("chatrooms", "Chatrooms in memory", figures.rooms),
            ("chatroom_members", "People in chatrooms", figures.members),
        ] {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        let refused = ConstCounter::new(figures.refused);
        let help = "Messages refused because too much was said in a chatroom";
        refused.encode(encoder.encode_descriptor("chatroom_refused_messages", help, None, MetricType::Counter)?)
    }
}
