//! A whole connection to another service: whatever it says, in whatever order, the line goes on or ends.
//! The input is a row of frames, each after its length in two bytes.
#![no_main]
use libfuzzer_sys::fuzz_target;
use parlor::{
    model::{
        Millis,
        upstream::{Peer, Seat},
    },
    wire::rong::upstream::Line,
};

fuzz_target!(|bytes: &[u8]| {
    let seat = Seat { received_at: Millis::new(0), sent_at: Millis::new(0), pending: None };
    let mut now = Millis::new(1_800_000_000_000);
    let mut line = Line::new(&Peer::User("desk".to_owned()), &seat, now);
    let mut rest = bytes;
    while let Some(([high, low], after)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(after.len());
        let (frame, after) = after.split_at(length);
        line.hear(frame, now);
        while line.frame().is_some() {}
        while line.told().is_some() {}
        now = now.plus_secs(1);
        line.tick(now);
        rest = after;
    }
});
