//! Frames of compatible clients: whatever comes is a frame or a refusal, written again it is the same frame, and what it
//! asks is a command or a refusal, whichever client it says to be.
#![no_main]
use libfuzzer_sys::fuzz_target;
use parlor::wire::rong::{
    ask::{self, Ask},
    dialect::Dialect,
    frame::ClientFrame,
};

fn asks(frame: &ClientFrame) {
    for dialect in [Dialect::of_socket("2.5.3"), Dialect::of_socket("4.6.4")] {
        let asked = match frame {
            ClientFrame::Publish(request) => ask::of_publish(request, dialect),
            ClientFrame::Query(request) => ask::of_query(request, dialect),
            _ => continue,
        };
        if let Ok(asked) = asked {
            command(&asked);
        }
    }
}

fn command(asked: &Ask) {
    let client_id = "fuzz-1".parse().expect("a client id");
    let _ = asked.command(None, &client_id);
    let _ = asked.place();
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(frame) = ClientFrame::decode(bytes) else { return };
    assert_eq!(ClientFrame::decode(&frame.encode()).as_ref(), Ok(&frame));
    asks(&frame);
});
