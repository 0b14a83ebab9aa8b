//! How much of everything. Defaults are security §13; every one has a hard ceiling.

use serde::{Deserialize, Serialize};

use super::check::Report;

/// `[limits]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections at once; at most a tenth of them may still be unauthenticated (W1).
    pub connections: usize,
    /// Connections of one person.
    pub connections_per_person: usize,
    /// Connections of one network (IPv4 /32, IPv6 /64).
    pub connections_per_network: usize,
    /// Largest frame of a visitor or user.
    pub visitor_frame_bytes: usize,
    /// Largest frame of an agent.
    pub agent_frame_bytes: usize,
    /// Frames waiting for one slow client before it is disconnected.
    pub queue_frames: usize,
    /// Bytes waiting for one slow client before it is disconnected.
    pub queue_bytes: usize,
    /// A write that takes longer ends the connection.
    pub write_secs: u64,
    /// The first frame must have come by then.
    pub hello_secs: u64,
    /// The server pings this often.
    pub ping_secs: u64,
    /// A connection without a sign of life for this long is closed.
    pub idle_secs: u64,
    /// The same for clients of the compatible protocol, which ping by themselves and slowly while their page is hidden.
    pub compatible_idle_secs: u64,
    /// Messages a visitor may send per second, in the long run.
    pub visitor_sends_per_sec: u32,
    /// Messages a visitor may send at once.
    pub visitor_send_burst: u32,
    /// Messages an agent may send per second, in the long run.
    pub agent_sends_per_sec: u32,
    /// Messages an agent may send at once.
    pub agent_send_burst: u32,
    /// Messages everybody of an app together may send per second.
    pub app_sends_per_sec: u32,
    /// New visitors of one network per minute.
    pub visitors_per_network_minute: u32,
    /// New visitors of one network per day.
    pub visitors_per_network_day: u32,
    /// Wrong logins of one account in 15 minutes.
    pub logins_per_account: u32,
    /// Wrong logins of one network in 15 minutes.
    pub logins_per_network: u32,
    /// Requests of all back ends of an app together per second.
    pub api_per_app_sec: u32,
    /// Requests of one key of a back end per second.
    pub api_per_key_sec: u32,
    /// Largest body of an HTTP request.
    pub body_bytes: usize,
    /// Characters of one message's text.
    pub text_chars: usize,
    /// Largest picture that can be sent.
    pub image_bytes: u64,
    /// Largest file that can be sent.
    pub file_bytes: u64,
    /// Largest sound that is played in place; a larger one is a file.
    pub voice_bytes: u64,
    /// Files of one visitor in 24 hours.
    pub visitor_files_day: u64,
    /// Bytes of one visitor's files in 24 hours.
    pub visitor_file_bytes_day: u64,
    /// Bytes of all files of an app in 24 hours.
    pub app_file_bytes_day: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 50_000,
            connections_per_person: 10,
            connections_per_network: 200,
            visitor_frame_bytes: 64 << 10,
            agent_frame_bytes: 256 << 10,
            queue_frames: 256,
            queue_bytes: 1 << 20,
            write_secs: 20,
            hello_secs: 10,
            ping_secs: 25,
            idle_secs: 60,
            compatible_idle_secs: 180,
            visitor_sends_per_sec: 5,
            visitor_send_burst: 20,
            agent_sends_per_sec: 20,
            agent_send_burst: 60,
            app_sends_per_sec: 100,
            visitors_per_network_minute: 20,
            visitors_per_network_day: 300,
            logins_per_account: 10,
            logins_per_network: 50,
            api_per_app_sec: 100,
            api_per_key_sec: 100,
            body_bytes: 256 << 10,
            text_chars: 8000,
            image_bytes: 10 << 20,
            file_bytes: 25 << 20,
            voice_bytes: 5 << 20,
            visitor_files_day: 20,
            visitor_file_bytes_day: 100 << 20,
            app_file_bytes_day: 20 << 30,
        }
    }
}

impl Limits {
    pub(super) fn check(&self, report: &mut Report) {
        report.range("limits.connections", self.connections, 10, 1_000_000);
        report.range("limits.connections_per_person", self.connections_per_person, 1, 1000);
        report.range("limits.connections_per_network", self.connections_per_network, 1, 1_000_000);
        report.range("limits.visitor_frame_bytes", self.visitor_frame_bytes, 1 << 10, 1 << 20);
        report.range("limits.agent_frame_bytes", self.agent_frame_bytes, 1 << 10, 1 << 20);
        report.range("limits.queue_frames", self.queue_frames, 16, 4096);
        report.range("limits.queue_bytes", self.queue_bytes, 64 << 10, 16 << 20);
        report.range("limits.write_secs", self.write_secs, 1, 120);
        report.range("limits.hello_secs", self.hello_secs, 1, 60);
        report.range("limits.ping_secs", self.ping_secs, 5, 300);
        report.range("limits.idle_secs", self.idle_secs, 10, 900);
        report.range("limits.compatible_idle_secs", self.compatible_idle_secs, 1, 900);
        report.range("limits.visitor_sends_per_sec", self.visitor_sends_per_sec, 1, 1_000_000);
        report.range("limits.visitor_send_burst", self.visitor_send_burst, 1, 1_000_000);
        report.range("limits.agent_sends_per_sec", self.agent_sends_per_sec, 1, 1_000_000);
        report.range("limits.agent_send_burst", self.agent_send_burst, 1, 1_000_000);
        report.range("limits.app_sends_per_sec", self.app_sends_per_sec, 1, 10_000_000);
        report.range("limits.visitors_per_network_minute", self.visitors_per_network_minute, 1, 1_000_000);
        report.range("limits.visitors_per_network_day", self.visitors_per_network_day, 1, 100_000_000);
        report.range("limits.logins_per_account", self.logins_per_account, 3, 1000);
        report.range("limits.logins_per_network", self.logins_per_network, 3, 100_000);
        report.range("limits.api_per_app_sec", self.api_per_app_sec, 1, 1_000_000);
        report.range("limits.api_per_key_sec", self.api_per_key_sec, 1, 1_000_000);
        report.range("limits.body_bytes", self.body_bytes, 64 << 10, 4 << 20);
        report.range("limits.text_chars", self.text_chars, 100, 32_000);
        report.range("limits.image_bytes", self.image_bytes, 1 << 10, 50 << 20);
        report.range("limits.file_bytes", self.file_bytes, 1 << 10, 1 << 30);
        report.range("limits.voice_bytes", self.voice_bytes, 1 << 10, 50 << 20);
        report.range("limits.visitor_files_day", self.visitor_files_day, 1, 10_000);
        report.range("limits.visitor_file_bytes_day", self.visitor_file_bytes_day, 1 << 10, 1 << 40);
        report.range("limits.app_file_bytes_day", self.app_file_bytes_day, 1 << 20, 1 << 50);
        if self.idle_secs <= self.ping_secs {
            report.refuse(
                "limits.idle_secs",
                self.idle_secs,
                "must be longer than limits.ping_secs, or every connection is closed",
            );
        }
    }
}
