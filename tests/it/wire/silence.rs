//! Lines that died, and rooms in which nobody speaks, on a server whose clocks are quick.

use std::time::Duration;

use parlor::model::Features;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::{
    client::Client,
    harness::{BackEnd, People, TestServer},
    security::raw::{PING, Raw, TEXT, frame},
};

const PONG: u8 = 0x8A;
const CLOSE: u8 = 0x88;
const DEADLINE: Duration = Duration::from_secs(30);

/// What a socket that nobody answers for hears of the server's own accord: how many pings, then code and reason.
async fn heard_until_closed(line: &mut Raw) -> (usize, u16, String) {
    let mut pings = 0;
    while let Some(frame) = line.frame().await {
        match frame.first {
            PING => pings += 1,
            CLOSE => {
                let (code, reason) = frame.payload.split_at(2);
                let code = u16::from_be_bytes([code[0], code[1]]);
                return (pings, code, String::from_utf8(reason.to_vec()).unwrap());
            }
            _ => {}
        }
    }
    panic!("the line broke without a word")
}

#[tokio::test]
async fn req_1_9_a_dead_line_is_noticed_says_why_and_what_was_missed_is_made_up_for() {
    let server = TestServer::start_with(|config| (config.limits.ping_secs, config.limits.idle_secs) = (1, 3));
    let people = People::of(&server).await;
    let mut bob = people.user_hello("bob").await;
    let (mut dead, mut living) =
        (Raw::welcomed(&server, &bob).await, Raw::welcomed(&server, &people.user_hello("carol").await).await);
    let dying = tokio::spawn(async move { heard_until_closed(&mut dead).await });
    // Whoever answers pings stays, however long they say nothing.
    let mut answered = 0;
    while answered < 5 {
        if living.frame().await.expect("the line stands").first == PING {
            living.say(frame(PONG, "")).await;
            answered += 1;
        }
    }
    living.say(frame(TEXT, json!({ "id": 2, "cmd": "ping", "body": {} }).to_string())).await;
    assert_eq!(living.json().await, json!({ "id": 2, "ok": {} }));
    let (pings, code, reason) = timeout(DEADLINE, dying).await.expect("a dead line is noticed").unwrap();
    assert_eq!((code, reason.as_str()), (4408, "nothing was heard for too long"));
    assert!((1..=3).contains(&pings), "{pings} pings before");
    let sent = people.user("alice").await.sends(json!({ "user": "bob" }), "a1", "are you there?").await.unwrap();
    bob["since"] = json!([{ "conversation": sent["conversation"], "epoch": 1, "seq": 0 }]);
    let (_, welcome) = Client::connect(server.address(), bob).await;
    assert_eq!(welcome["gaps"][0]["messages"][0]["content"]["content"], "are you there?");
}

#[tokio::test]
async fn req_5_13_a_back_end_keeps_a_room_alive_by_speaking_in_it_on_the_real_server() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let back_end = BackEnd::of(&server, &people.im, &people.app()).await;
    let quick = Features { chatroom_idle_secs: 5, ..Features::default() };
    people.im.backend(&people.app()).set_features(quick).await.unwrap();
    let mut alice = people.user("alice").await;
    for room in ["silent", "spoken", "ruled"] {
        alice.ask("chatroom_join", json!({ "chatroom": room })).await.unwrap();
    }
    let rule = json!({ "rule": "kept_alive", "chatrooms": ["ruled"], "on": true });
    back_end.post("/v1/chatroom-rules", &rule).await.ok();
    let sign = json!({ "from": "alice", "chatrooms": ["spoken"], "type": "RC:CmdMsg",
        "content": { "name": "still here", "data": "" } });
    // A job of the back end's own, far more often than the room needs it.
    let speaking = async {
        let mut regularly = interval(Duration::from_secs(1));
        regularly.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            regularly.tick().await;
            assert_eq!(back_end.post("/v1/chatroom-messages", &sign).await.ok()["count"], 1);
        }
    };
    let first = tokio::select! {
        () = speaking => unreachable!("the job has no end"),
        ended = ends(&mut alice) => ended,
    };
    assert_eq!(first, "silent", "the one in which nobody speaks");
    let room = |handle: &str| format!("/v1/chatrooms/{handle}");
    assert_eq!(back_end.get(&room("silent")).await.code(), "no_chatroom");
    assert_eq!(back_end.get(&room("spoken")).await.ok()["count"], 1);
    // The job has stopped: now this room goes the same way, and the other one is kept by a rule.
    assert_eq!(ends(&mut alice).await, "spoken");
    assert_eq!(back_end.get(&room("ruled")).await.ok()["count"], 1);
    alice.sends(json!({ "chatroom": "ruled" }), "a1", "still here").await.unwrap();
}

/// The next room that ends.
async fn ends(client: &mut Client) -> String {
    let told = timeout(DEADLINE, client.push_where("chatroom", |told| told["state"] == "ended")).await;
    told.expect("a room ends in time")["chatroom"].as_str().unwrap().to_owned()
}
