//! Origins: what is taken can stand in a header, reads back as itself, and matches itself unless it is a wildcard.
#![no_main]
use libfuzzer_sys::fuzz_target;
use parlor::model::site::Origin;

fuzz_target!(|text: &str| {
    let Ok(origin) = Origin::parse(text) else { return };
    let written = origin.to_string();
    assert!(written.is_ascii() && !written.contains([' ', ';', ',', '\r', '\n', '\'', '"']), "{written:?}");
    let again = Origin::parse(&written).expect("what we wrote can be read");
    assert_eq!(again, origin);
    assert!(written.contains('*') || origin.matches(&written));
});
