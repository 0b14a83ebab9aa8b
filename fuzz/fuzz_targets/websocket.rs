//! WebSocket frames: any split of the bytes is heard the same way.
#![no_main]
use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use parlor::wire::websocket::{Heard, Reader};

fn hear(bytes: &[u8], step: usize) -> Vec<String> {
    let (mut reader, mut buffer, mut heard) = (Reader::new(4096), BytesMut::new(), Vec::new());
    for part in bytes.chunks(step) {
        buffer.extend_from_slice(part);
        loop {
            match reader.read(&mut buffer) {
                Ok(Some(frame)) => heard.push(format!("{frame:?}")),
                Ok(None) => break,
                Err(broken) => {
                    heard.push(format!("{:?}", broken.code));
                    return heard;
                }
            }
        }
    }
    heard
}

fuzz_target!(|bytes: &[u8]| {
    let _: fn(Heard) = drop;
    let whole = hear(bytes, bytes.len().max(1));
    assert_eq!(whole, hear(bytes, 1));
    assert_eq!(whole, hear(bytes, 7));
});
