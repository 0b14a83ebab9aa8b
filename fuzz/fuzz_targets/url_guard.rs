//! Addresses of outgoing requests: whatever is taken leads to no address of our own networks.
#![no_main]
use libfuzzer_sys::fuzz_target;
use parlor::outbound::Guard;

fuzz_target!(|text: &str| {
    let Ok(url) = Guard::default().url(text) else { return };
    assert_eq!(url.scheme(), "https");
    assert!(url.username().is_empty() && url.password().is_none());
    let host = url.host_str().expect("a host").to_owned();
    if let Ok(address) = host.trim_matches(['[', ']']).parse() {
        assert!(Guard::default().address(address).is_ok(), "{host}");
    }
});
