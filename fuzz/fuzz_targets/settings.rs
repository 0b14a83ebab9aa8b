//! Settings: whatever a file says is taken or refused with reasons.
#![no_main]
use libfuzzer_sys::fuzz_target;
use parlor::config::{Flags, load};

fuzz_target!(|text: &str| {
    let variables = text.lines().filter_map(|line| line.split_once('='));
    let variables = variables.map(|(name, value)| (format!("PARLOR_{name}"), value.to_owned()));
    let variables = variables.filter(|(name, _)| name != "PARLOR_CONFIG");
    if let Err(refused) = load(&Flags::default(), variables) {
        assert!(!refused.0.is_empty());
    }
});
