//! What time alone decides about a connection, whatever it speaks.

use std::time::Duration;

use tokio::time::Instant;

use crate::{config::Limits, model::error::CloseCode};

/// A message that began must have come whole by then (W2).
const MESSAGE_TIME: Duration = Duration::from_secs(15);

/// How long is waited for what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// A client without a sign of life is gone after this.
    pub(super) idle: Duration,
    /// The server asks for a sign of life this often; never when the client does so by itself.
    pub(super) ping: Option<Duration>,
    /// A write that takes longer ends the connection (W4).
    pub(super) write: Duration,
    /// Whoever comes has said who they are by then (W1).
    pub(super) hello: Duration,
}

impl Times {
    /// Of clients that are asked for signs of life.
    pub(super) const fn of(limits: &Limits) -> Self {
        Self {
            idle: Duration::from_secs(limits.idle_secs),
            ping: Some(Duration::from_secs(limits.ping_secs)),
            write: Duration::from_secs(limits.write_secs),
            hello: Duration::from_secs(limits.hello_secs),
        }
    }

    /// Of clients that ping by themselves, and slowly while their page is hidden.
    pub(super) const fn of_compatible(limits: &Limits) -> Self {
        Self { idle: Duration::from_secs(limits.compatible_idle_secs), ping: None, ..Self::of(limits) }
    }
}

/// One connection's clocks.
#[derive(Debug)]
pub(super) struct Clocks {
    /// When the connection was made.
    began: Instant,
    /// When the client last gave a sign.
    heard: Instant,
    /// When it was last asked for one.
    pinged: Instant,
    /// Since when the client does not take what we write.
    blocked: Option<Instant>,
    /// Since when a message is on its way in.
    message: Option<Instant>,
}

/// What to do when a clock has gone off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing.
    Wait,
    /// Ask for a sign of life.
    Ask,
}

impl Clocks {
    /// Of a connection that was made now.
    pub(super) fn start() -> Self {
        let now = Instant::now();
        Self { began: now, heard: now, pinged: now, blocked: None, message: None }
    }

    /// The client gave a sign.
    pub(super) fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// Whether a message has begun to come in and its end has not.
    pub(super) fn mid_message(&mut self, begun: bool) {
        if !begun {
            self.message = None;
        } else if self.message.is_none() {
            self.message = Some(Instant::now());
        }
    }

    /// Whether the client does not take what we write.
    pub(super) fn blocked(&mut self, blocked: bool) {
        if !blocked {
            self.blocked = None;
        } else if self.blocked.is_none() {
            self.blocked = Some(Instant::now());
        }
    }

    /// The next instant at which time alone changes something. `stranger`: nobody knows yet who is there.
    pub(super) fn due(&self, times: &Times, stranger: bool) -> Instant {
        let mut due = self.heard + times.idle;
        if let Some(ping) = times.ping {
            due = due.min(self.pinged + ping);
        }
        if stranger {
            due = due.min(self.began + times.hello);
        }
        if let Some(since) = self.blocked {
            due = due.min(since + times.write);
        }
        if let Some(since) = self.message {
            due = due.min(since + MESSAGE_TIME);
        }
        due
    }

    /// Looks at every clock. The error is why the connection ends.
    pub(super) fn look(&mut self, times: &Times, stranger: bool) -> Result<Look, CloseCode> {
        let now = Instant::now();
        let over = |since: Instant, time: Duration| now >= since + time;
        if self.blocked.is_some_and(|since| over(since, times.write)) {
            return Err(CloseCode::Slow);
        }
        if over(self.heard, times.idle)
            || self.message.is_some_and(|since| over(since, MESSAGE_TIME))
            || (stranger && over(self.began, times.hello))
        {
            return Err(CloseCode::Timeout);
        }
        if times.ping.is_some_and(|ping| over(self.pinged, ping)) {
            self.pinged = now;
            if self.blocked.is_none() {
                return Ok(Look::Ask);
            }
        }
        Ok(Look::Wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[tokio::test(start_paused = true)]
    async fn check_15_who_pings_is_kept_and_who_is_silent_for_three_minutes_goes() {
        let times = Times::of_compatible(&Limits::default());
        let mut clocks = Clocks::start();
        for _ in 0..20 {
            tokio::time::advance(seconds(30)).await;
            clocks.heard();
            assert_eq!(clocks.look(&times, false), Ok(Look::Wait));
        }
        tokio::time::advance(seconds(179)).await;
        assert_eq!(clocks.look(&times, false), Ok(Look::Wait));
        tokio::time::advance(seconds(1)).await;
        assert_eq!(clocks.look(&times, false), Err(CloseCode::Timeout));
    }

    #[tokio::test(start_paused = true)]
    async fn w1_w2_w4_strangers_half_messages_and_slow_readers_have_their_time() {
        let times = Times::of(&Limits::default());
        tokio::time::advance(seconds(1)).await;
        let after = |secs: u64, change: fn(&mut Clocks), stranger: bool| {
            let (mut clocks, now) = (Clocks::start(), Instant::now());
            change(&mut clocks);
            async move {
                assert!(clocks.due(&times, stranger) <= now + seconds(secs));
                tokio::time::advance(seconds(secs)).await;
                clocks.heard();
                clocks.look(&times, stranger)
            }
        };
        assert_eq!(after(10, |_| {}, true).await, Err(CloseCode::Timeout));
        assert_eq!(after(15, |clocks| clocks.mid_message(true), false).await, Err(CloseCode::Timeout));
        assert_eq!(after(20, |clocks| clocks.blocked(true), false).await, Err(CloseCode::Slow));
        assert_eq!(after(25, |_| {}, false).await, Ok(Look::Ask));
    }
}
