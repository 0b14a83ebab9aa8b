//! The bytes of every frame, and that no bytes do harm.

use proptest::prelude::*;

use super::{
    client::{ClientFrame, Request},
    server::{Answer, ConnAck, Push, ServerFrame},
    *,
};
use crate::proto::rong;

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.chars().filter(|sign| !sign.is_whitespace()).collect();
    data_encoding::HEXLOWER.decode(digits.as_bytes()).unwrap()
}

const AT: Millis = Millis::new(1_795_383_033_398);
const AT_SECONDS: Millis = Millis::new(1_795_383_033_000);

fn request(topic: &str, target: &str, id: u16, wants_answer: bool, body: &str) -> Request {
    Request { topic: topic.into(), target: target.into(), id, wants_answer, body: hex(body) }
}

fn client_table() -> Vec<(&'static str, ClientFrame)> {
    vec![
        ("32 0006 70704d736750 0003 626f62 0002 0803", ClientFrame::Publish(request("ppMsgP", "bob", 2, true, "0803"))),
        ("30 0000 0001 62 0003", ClientFrame::Publish(request("", "b", 3, false, ""))),
        (
            "50 0008 6a6f696e4368726d 0002 7231 0004 0801",
            ClientFrame::Query(request("joinChrm", "r1", 4, false, "0801")),
        ),
        (
            "52 0007 70756c6c4d7367 0003 626f62 ffff 08001000",
            ClientFrame::Query(request("pullMsg", "bob", 65535, true, "08001000")),
        ),
        ("40 0002", ClientFrame::PubAck { id: 2 }),
        ("70 0102", ClientFrame::QueryCon { id: 258 }),
        ("c0", ClientFrame::Ping),
    ]
}

fn server_table() -> Vec<(&'static str, ServerFrame)> {
    let push = |wants_answer, synced| Push {
        topic: "s_ntf".into(),
        target: "bob".into(),
        id: 2,
        wants_answer,
        synced,
        at: AT_SECONDS,
        body: hex("0801"),
    };
    let answer = |status, wants_answer, body| Answer { id: 2, status, at: AT_SECONDS, wants_answer, body: hex(body) };
    vec![
        (
            "20 00 00 0003 626f62 0002 7331 000001a2052afe36",
            ServerFrame::ConnAck(ConnAck::Accepted { user: "bob".into(), session: "s1".into(), at: AT }),
        ),
        ("20 00 04", ServerFrame::ConnAck(ConnAck::Refused(4))),
        ("32 6b035ef9 0005 735f6e7466 0003 626f62 0002 0801", ServerFrame::Publish(push(true, false))),
        ("30 6b035ef9 0005 735f6e7466 0003 626f62 0002 0801", ServerFrame::Publish(push(false, false))),
        ("3a 6b035ef9 0005 735f6e7466 0003 626f62 0002 0801", ServerFrame::Publish(push(true, true))),
        (
            "40 0002 6b035ef9 0000 018e 0007 423030332d4142",
            ServerFrame::PubAck { id: 2, status: 0, at: AT, uid: "B003-AB".into() },
        ),
        ("40 0002 6b035ef9 0195 018e 0000", ServerFrame::PubAck { id: 2, status: 405, at: AT, uid: String::new() }),
        ("60 0002 6b035ef9 0000 0800", ServerFrame::QueryAck(answer(0, false, "0800"))),
        ("62 0002 6b035ef9 5b72", ServerFrame::QueryAck(answer(23410, true, ""))),
        ("d0", ServerFrame::Pong),
        ("e0 00 01", ServerFrame::Disconnect(1)),
    ]
}

#[test]
fn every_frame_of_a_client_has_its_bytes() {
    for (bytes, frame) in client_table() {
        assert_eq!(frame.encode(), hex(bytes), "{frame:?}");
        assert_eq!(ClientFrame::decode(&hex(bytes)), Ok(frame));
    }
}

#[test]
fn every_frame_of_a_server_has_its_bytes() {
    for (bytes, frame) in server_table() {
        assert_eq!(frame.encode(), hex(bytes), "{frame:?}");
        assert_eq!(ServerFrame::decode(&hex(bytes)), Ok(frame));
    }
}

#[test]
fn check_12_a_refusal_of_the_connection_is_three_bytes() {
    for status in 1..=12 {
        assert_eq!(ServerFrame::ConnAck(ConnAck::Refused(status)).encode(), [0x20, 0x00, status]);
    }
}

/// Where a body begins any cut gives a shorter body, and two bytes of CONNACK are a refusal: those are whole frames.
#[test]
fn a_frame_that_was_cut_is_refused_wherever_it_was_cut() {
    for (bytes, frame) in client_table() {
        let whole = hex(bytes);
        for cut in 0..whole.len() {
            let read = ClientFrame::decode(&whole[..cut]);
            let is_whole = matches!(read, Ok(ClientFrame::Publish(_) | ClientFrame::Query(_)));
            assert!(read == Err(BadFrame::Short) || is_whole, "{frame:?} cut at {cut}: {read:?}");
        }
    }
    for (bytes, frame) in server_table() {
        let whole = hex(bytes);
        for cut in 0..whole.len() {
            let read = ServerFrame::decode(&whole[..cut]);
            let is_whole = matches!(
                read,
                Ok(ServerFrame::Publish(_) | ServerFrame::QueryAck(_) | ServerFrame::ConnAck(ConnAck::Refused(_)))
            );
            assert!(read == Err(BadFrame::Short) || is_whole, "{frame:?} cut at {cut}: {read:?}");
        }
    }
}

#[test]
fn the_other_sides_frames_are_refused() {
    for first in [0x10, 0x20, 0x60, 0x80, 0xA0, 0xD0, 0xE0, 0xF0, 0x00] {
        let refused = ClientFrame::decode(&[first, 0, 1, 0, 0, 0, 0]);
        assert_eq!(refused, Err(BadFrame::Operation(first >> 4)));
    }
    assert_eq!(ServerFrame::decode(&[0xC0]), Err(BadFrame::Operation(12)));
    assert_eq!(ServerFrame::decode(&[0x90]), Ok(ServerFrame::Pong), "an old name of PINGRESP");
}

#[test]
fn a_client_that_adds_bytes_is_still_understood() {
    assert_eq!(ClientFrame::decode(&hex("40 0002 ff")), Ok(ClientFrame::PubAck { id: 2 }));
    assert_eq!(ClientFrame::decode(&hex("c0 00")), Ok(ClientFrame::Ping));
}

#[test]
fn a_length_beyond_the_frame_is_refused_before_it_is_used() {
    assert_eq!(ClientFrame::decode(&hex("32 ffff 61")), Err(BadFrame::Short));
    assert_eq!(ClientFrame::decode(&vec![0x32; MAX_BYTES + 1]), Err(BadFrame::TooLarge));
}

#[test]
fn w5_a_body_of_many_empty_elements_is_refused_before_it_takes_room() {
    let many = |count: usize| [0x0A, 0x00].repeat(count);
    assert!(read_body::<rong::SubUserStatusInput>(&many(MAX_FIELDS)).is_ok());
    let refused = read_body::<rong::SubUserStatusInput>(&many(MAX_FIELDS + 1));
    assert_eq!(refused.unwrap_err(), BadFrame::TooManyFields);
}

#[test]
fn bodies_that_lie_about_their_lengths_are_refused() {
    for body in ["0aff", "0affffffffff7f", "0b", "0a02ff", "0900", "ffffffffffffffffffffff"] {
        assert!(read_body::<rong::Add2BlackListInput>(&hex(body)).is_err(), "{body}");
    }
}

fn any_request() -> impl Strategy<Value = Request> {
    (any::<String>(), any::<String>(), any::<u16>(), any::<bool>(), any::<Vec<u8>>())
        .prop_map(|(topic, target, id, wants_answer, body)| Request { topic, target, id, wants_answer, body })
}

fn any_client_frame() -> impl Strategy<Value = ClientFrame> {
    prop_oneof![
        any_request().prop_map(ClientFrame::Publish),
        any_request().prop_map(ClientFrame::Query),
        any::<u16>().prop_map(|id| ClientFrame::PubAck { id }),
        any::<u16>().prop_map(|id| ClientFrame::QueryCon { id }),
        Just(ClientFrame::Ping),
    ]
}

fn any_second() -> impl Strategy<Value = Millis> {
    any::<u32>().prop_map(|secs| Millis::new(i64::from(secs) * 1000))
}

fn any_push() -> impl Strategy<Value = Push> {
    (any_request(), any::<bool>(), any_second()).prop_map(|(request, synced, at)| Push {
        topic: request.topic,
        target: request.target,
        id: request.id,
        wants_answer: request.wants_answer,
        synced,
        at,
        body: request.body,
    })
}

fn any_answer() -> impl Strategy<Value = Answer> {
    (any::<u16>(), any::<u16>(), any_second(), any::<bool>(), any::<Vec<u8>>())
        .prop_map(|(id, status, at, wants_answer, body)| Answer { id, status, at, wants_answer, body })
}

fn any_server_frame() -> impl Strategy<Value = ServerFrame> {
    let accepted = |(user, session, at)| ConnAck::Accepted { user, session, at: Millis::new(at) };
    let millis = (0..i64::from(u32::MAX) * 1000).prop_map(Millis::new);
    prop_oneof![
        (any::<String>(), any::<String>(), any::<i64>()).prop_map(accepted).prop_map(ServerFrame::ConnAck),
        any::<u8>().prop_map(|status| ServerFrame::ConnAck(ConnAck::Refused(status))),
        any_push().prop_map(ServerFrame::Publish),
        (any::<u16>(), any::<u16>(), millis, any::<String>()).prop_map(|(id, status, at, uid)| ServerFrame::PubAck {
            id,
            status,
            at,
            uid
        }),
        any_answer().prop_map(ServerFrame::QueryAck),
        Just(ServerFrame::Pong),
        any::<u8>().prop_map(ServerFrame::Disconnect),
    ]
}

proptest! {
    #[test]
    fn what_a_client_writes_is_read_as_it_was(frame in any_client_frame()) {
        prop_assert_eq!(ClientFrame::decode(&frame.encode()), Ok(frame));
    }

    #[test]
    fn what_a_server_writes_is_read_as_it_was(frame in any_server_frame()) {
        prop_assert_eq!(ServerFrame::decode(&frame.encode()), Ok(frame));
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        let _ = ClientFrame::decode(&bytes);
        let _ = ServerFrame::decode(&bytes);
        let _ = read_body::<rong::SetChrmKv>(&bytes);
        let _ = read_body::<rong::DeleteMsgInput>(&bytes);
        let _ = read_body::<rong::UpStreamMessage>(&bytes);
    }

    #[test]
    fn no_frame_with_a_byte_exchanged_panics(frame in any_client_frame(), at: prop::sample::Index, byte: u8) {
        let mut bytes = frame.encode();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = ClientFrame::decode(&bytes);
    }
}
