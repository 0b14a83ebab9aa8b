//! Numbers by which a server refuses, as faults of ours.
//!
//! Source: compatible protocol, "Error numbers the SDK names".

use crate::model::{Code, Fault};

/// The message was sent, with some words replaced: no refusal at all.
pub const REPLACED: u16 = 21502;

/// What whoever sent a message hears of its refusal.
pub fn of_message(status: u16) -> Fault {
    let (code, message) = match status {
        405 => (Code::Blocked, "the other side does not take messages from here"),
        20406 | 22408 | 23408 => (Code::Silenced, "you may not write there now"),
        20604 => return Fault::new(Code::RateLimited, "too many messages; wait a moment").retry_after(5),
        21501 => (Code::RefusedWords, "the message has words that are not wanted there"),
        30016 => (Code::TooLarge, "the message is too large"),
        31009 => (Code::UserBlocked, "you are blocked there"),
        25101 | 25102 => (Code::TooLate, "the message cannot be taken back"),
        1000..=1999 | 30001..=30015 | 50000.. => return away(),
        _ => (Code::RefusedByApp, "the service does not take this message"),
    };
    Fault::new(code, message)
}

/// Not now: what waits is sent later.
pub fn away() -> Fault {
    let message = "the service that answers here cannot be reached now; what you wrote waits";
    Fault::new(Code::UpstreamAway, message).retry_after(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        let codes = [405, 20406, 20604, 21501, 30002, 99].map(|status| of_message(status).code);
        let wanted = [
            Code::Blocked,
            Code::Silenced,
            Code::RateLimited,
            Code::RefusedWords,
            Code::UpstreamAway,
            Code::RefusedByApp,
        ];
        assert_eq!(codes, wanted);
    }
}
