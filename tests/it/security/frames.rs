//! Frames that break the WebSocket protocol, or the patience of the server.

use serde_json::json;

use super::raw::{PING, Raw, TEXT, frame};
use crate::harness::{People, TestServer};

const FRAGMENT: u8 = 0x01;
const MORE: u8 = 0x00;
const LAST: u8 = 0x80;

fn masked_head(first: u8, second: u8, length: &[u8]) -> Vec<u8> {
    [&[first, second | 0x80], length, &[0; 4]].concat()
}

#[tokio::test]
async fn w2_every_broken_frame_closes_with_its_code_on_the_real_server() {
    let server = TestServer::start();
    let hello = People::of(&server).await.visitor_hello().await;
    let unmasked = [&[TEXT, 2][..], b"hi"].concat();
    let close = |payload: &[u8]| frame(0x88, payload);
    for (what, bytes, code) in [
        ("unmasked", unmasked, 1002),
        ("first reserved bit, as compression would set", frame(0xC1, "{}"), 1002),
        ("second reserved bit", frame(0xA1, "{}"), 1002),
        ("third reserved bit", frame(0x91, "{}"), 1002),
        ("binary", frame(0x82, "{}"), 1002),
        ("unknown data opcode", frame(0x83, "{}"), 1002),
        ("unknown control opcode", frame(0x8F, ""), 1002),
        ("a fragment of nothing", frame(LAST, "{}"), 1002),
        ("a message within a message", [frame(FRAGMENT, "{"), frame(TEXT, "}")].concat(), 1002),
        ("a ping in fragments", frame(0x09, "x"), 1002),
        ("a ping of 126 bytes", frame(PING, [0; 126]), 1002),
        ("a close of one byte", close(&[3]), 1002),
        ("close code 1004", close(&1004_u16.to_be_bytes()), 1002),
        ("close code 1005", close(&1005_u16.to_be_bytes()), 1002),
        ("close code 1006", close(&1006_u16.to_be_bytes()), 1002),
        ("close code 999", close(&999_u16.to_be_bytes()), 1002),
        ("close code 5000", close(&5000_u16.to_be_bytes()), 1002),
        ("a close reason that is no text", close(&[3, 232, 0xFF]), 1007),
        ("a long form of a short length", masked_head(TEXT, 126, &[0, 5]), 1002),
        ("a longest form of a long length", masked_head(TEXT, 127, &[0, 0, 0, 0, 0, 0, 0xFF, 0xFF]), 1002),
        ("no UTF-8", frame(TEXT, [0xC3, 0x28]), 1007),
        ("an overlong form", frame(TEXT, [0xC0, 0x80]), 1007),
        ("a surrogate", frame(TEXT, [0xED, 0xA0, 0x80]), 1007),
        ("no UTF-8 over two fragments", [frame(FRAGMENT, [0xE2, 0x82]), frame(LAST, [0x28])].concat(), 1007),
    ] {
        let mut raw = Raw::welcomed(&server, &hello).await;
        raw.say(bytes).await;
        assert_eq!(raw.close_code().await, Some(code), "{what}");
    }
}

#[tokio::test]
async fn w2_a_declared_length_over_the_limit_closes_with_1009_before_the_body() {
    let server = TestServer::start();
    let hello = People::of(&server).await.visitor_hello().await;
    let long = |length: u64| masked_head(TEXT, 127, &length.to_be_bytes());
    for (bytes, code) in [
        (long(65_537), 1009),
        (long(1 << 32), 1009),
        (long((1 << 63) - 1), 1009),
        (long(1 << 63), 1002),
        (long(u64::MAX), 1002),
        // Each is small, together they are not.
        ([frame(FRAGMENT, vec![b' '; 60_000]), masked_head(LAST, 126, &6000_u16.to_be_bytes())].concat(), 1009),
    ] {
        let mut raw = Raw::welcomed(&server, &hello).await;
        raw.say(&bytes).await;
        assert_eq!(raw.close_code().await, Some(code), "{bytes:?}");
    }
    let mut silent = Raw::upgraded(&server).await;
    silent.say(long(65_537)).await;
    assert_eq!(silent.close_code().await, Some(1009), "also before anybody said hello");
}

#[tokio::test]
async fn w2_the_largest_allowed_message_and_64_fragments_are_taken() {
    let server = TestServer::start();
    let hello = People::of(&server).await.visitor_hello().await;
    let mut raw = Raw::welcomed(&server, &hello).await;
    let ping = r#"{"id":2,"cmd":"ping"}"#;
    raw.say(frame(TEXT, format!("{ping}{}", " ".repeat(65_536 - ping.len())))).await;
    assert_eq!(raw.json().await["id"], 2);
    let mut fragments = frame(FRAGMENT, ping);
    (0..62).for_each(|_| fragments.extend(frame(MORE, " ")));
    fragments.extend(frame(LAST, " "));
    raw.say(&fragments).await;
    assert_eq!(raw.json().await["id"], 2);
    let mut fragments = frame(FRAGMENT, ping);
    (0..64).for_each(|_| fragments.extend(frame(MORE, " ")));
    raw.say(&fragments).await;
    assert_eq!(raw.close_code().await, Some(1008));
}

#[tokio::test]
async fn w2_bytes_may_come_one_by_one() {
    let server = TestServer::start();
    let hello = People::of(&server).await.visitor_hello().await;
    let mut raw = Raw::welcomed(&server, &hello).await;
    for byte in frame(TEXT, r#"{"id":7,"cmd":"ping"}"#) {
        raw.say([byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(raw.json().await["id"], 7);
}

#[tokio::test]
async fn w3_a_flood_of_pings_ends_the_connection_and_costs_no_memory() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let mut raw = Raw::welcomed(&server, &people.visitor_hello().await).await;
    let flood = frame(PING, [b'x'; 125]).repeat(200);
    // Nobody reads the pongs.
    for _ in 0..50 {
        if !raw.tries_to_say(&flood).await {
            break;
        }
    }
    assert_eq!(raw.close_code().await, Some(4429));
    assert_eq!(people.visitor().await.ask("ping", json!({})).await, Ok(json!({})), "others go on");
}

#[tokio::test]
async fn w5_a_flood_of_unknown_commands_ends_the_connection() {
    let server = TestServer::start();
    let mut raw = Raw::welcomed(&server, &People::of(&server).await.visitor_hello().await).await;
    let flood: Vec<u8> = (0..600).flat_map(|id| frame(TEXT, format!(r#"{{"id":{},"cmd":"dance"}}"#, id + 2))).collect();
    raw.say(&flood).await;
    let answer = raw.json().await;
    assert_eq!(answer["error"]["code"], "unknown_command");
    assert_eq!(raw.close_code().await, Some(4429));
}

#[tokio::test]
async fn w5_bad_frames_are_answered_and_the_fifth_closes_with_1008() {
    let server = TestServer::start();
    let hello = People::of(&server).await.visitor_hello().await;
    let deep = format!(r#"{{"id":3,"cmd":"ping","body":{}1{}}}"#, "[".repeat(16), "]".repeat(16));
    let mut raw = Raw::welcomed(&server, &hello).await;
    for bad in [
        r#"{"id":3,"cmd":"ping"}{"id":4,"cmd":"ping"}"#,
        r#"{"id":3,"id":4,"cmd":"ping"}"#,
        r#"{"id":3,"cmd":"ping","push":"message"}"#,
        &deep,
    ] {
        raw.say(frame(TEXT, bad)).await;
        assert_eq!(raw.json().await["error"]["code"], "bad_request", "{bad}");
    }
    raw.say(frame(TEXT, "")).await;
    assert_eq!(raw.json().await["error"]["code"], "bad_request");
    assert_eq!(raw.close_code().await, Some(1008));
}
