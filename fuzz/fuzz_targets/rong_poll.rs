//! Requests of clients that poll: the head's byte, the topic, the other side and the JSON body, with a line end between.
#![no_main]
use libfuzzer_sys::fuzz_target;
use parlor::wire::rong::{
    ask,
    dialect::Dialect,
    frame::ClientFrame,
    poll::{self, Head},
};

fuzz_target!(|bytes: &[u8]| {
    let Some((&header, rest)) = bytes.split_first() else { return };
    let mut parts = rest.splitn(3, |byte| *byte == b'\n');
    let mut text = || std::str::from_utf8(parts.next().unwrap_or_default()).unwrap_or_default();
    let (topic, target) = (text(), text());
    let body = parts.next().unwrap_or_default();
    match poll::read(Head { header, id: 7, topic, target }, body) {
        Ok(ClientFrame::Publish(request)) => drop(ask::of_publish(&request, Dialect::of_poll())),
        Ok(ClientFrame::Query(request)) => drop(ask::of_query(&request, Dialect::of_poll())),
        _ => {}
    }
});
