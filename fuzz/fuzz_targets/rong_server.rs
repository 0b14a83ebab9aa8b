//! Frames of another service, as the bridge reads them: a frame or a refusal, and written twice it is the same.
#![no_main]
use libfuzzer_sys::fuzz_target;
use parlor::wire::rong::frame::ServerFrame;

fuzz_target!(|bytes: &[u8]| {
    let Ok(frame) = ServerFrame::decode(bytes) else { return };
    let once = frame.encode();
    let again = ServerFrame::decode(&once).expect("what was written can be read");
    assert_eq!(again.encode(), once);
});
