//! The messages of an hour, as a file.

use std::io::Read;

use flate2::read::DeflateDecoder;
use parlor::{
    app::open_beside,
    model::{Content, ConversationId, Kind, Millis, Source, calendar::Hour, content::Mentions},
    store::{Demand, NewMessage},
};
use serde_json::{Value, json};

use super::house;

/// The one file of a ZIP archive, read by its directory as every tool does.
fn unzip(archive: &[u8]) -> (String, String) {
    let number = |at: usize, width: usize| {
        archive[at..at + width].iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    };
    let end = archive.len() - 22;
    assert_eq!(&archive[end..end + 4], b"PK\x05\x06");
    assert_eq!((number(end + 8, 2), number(end + 10, 2)), (1, 1), "one file");
    let directory = number(end + 16, 4);
    assert_eq!((&archive[directory..directory + 4], directory + number(end + 12, 4)), (&b"PK\x01\x02"[..], end));
    let (crc, packed, plain) = (number(directory + 16, 4), number(directory + 20, 4), number(directory + 24, 4));
    let name = &archive[directory + 46..directory + 46 + number(directory + 28, 2)];
    let head = number(directory + 42, 4);
    assert_eq!(&archive[head..head + 4], b"PK\x03\x04");
    let data = head + 30 + number(head + 26, 2) + number(head + 28, 2);
    let mut text = String::new();
    DeflateDecoder::new(&archive[data..data + packed]).read_to_string(&mut text).unwrap();
    assert_eq!((text.len(), crc32fast::hash(text.as_bytes()) as usize), (plain, crc));
    assert_eq!(&archive[data + packed..data + packed + 4], b"PK\x07\x08");
    (String::from_utf8(name.to_vec()).unwrap(), text)
}

#[tokio::test]
async fn an_hour_that_is_over_comes_as_lines_under_the_original_names() {
    let (server, _people, back_end) = house().await;
    back_end.ask("group/create", &[("groupId", "lamps"), ("userId", "nora"), ("userId", "olaf")]).await;
    let asked = back_end.ask("user/getToken", &[("userId", "nora")]).await;
    assert_eq!(asked["userId"], "nora");
    let store = open_beside(server.config()).await.unwrap();
    let app = &back_end.app;
    let user = |name: &str| name.parse().unwrap();
    // 2026-01-01 12:00:00.007 UTC.
    let at = Millis::new(1_767_268_800_007);
    let pair = store
        .pair_conversation(app, Kind::Private, &user("nora"), &user("olaf"), ConversationId::from_u128(7), at)
        .await
        .unwrap()
        .id;
    let group = store.conversation_by_handle(app, Kind::Group, &"lamps".parse().unwrap()).await.unwrap().unwrap().id;
    for (conversation, words) in [(pair, "in private"), (group, "to all")] {
        let message = NewMessage {
            conversation,
            from: store.user(app, &user("nora")).await.unwrap().unwrap(),
            client_id: None,
            content: Content::text(words),
            counted: true,
            mentions: Mentions::Nobody,
            only: Vec::new(),
            at,
            demand: Demand::Nothing,
            source: Source::Client,
            original: None,
        };
        store.append(app, message).await.unwrap();
    }
    let found = back_end.ask("message/history", &[("date", "2026010112")]).await;
    let url = found["url"].as_str().unwrap();
    assert!(url.starts_with(&server.url("/message/history/")) && url.ends_with("/2026010112.zip"), "{url}");
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/zip");
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains("2026010112.zip"));
    let (name, text) = unzip(&answer.bytes().await.unwrap());
    assert_eq!(name, format!("{app}-2026010112.txt"));
    let lines: Vec<(&str, Value)> = text
        .lines()
        .map(|line| line.split_at(24))
        .map(|(time, json)| (time, serde_json::from_str(json).unwrap()))
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0].0, "2026-01-01 12:00:00.007 ");
    let uid = lines[0].1["msgUID"].clone();
    assert_eq!(uid.as_str().unwrap().len(), 19);
    assert_eq!(
        lines[0].1,
        json!({
            "appId": app, "fromUserId": "nora", "targetId": "olaf", "targetType": 1, "GroupId": "", "classname": "RC:TxtMsg",
            "content": { "content": "in private" }, "dateTime": "2026-01-01 12:00:00.007", "msgUID": uid,
        })
    );
    let of_group = &lines[1].1;
    assert_eq!(
        (&of_group["targetType"], &of_group["targetId"], &of_group["GroupId"]),
        (&json!(3), &json!("lamps"), &json!("lamps"))
    );
}

#[tokio::test]
async fn hours_are_over_and_may_be_empty() {
    let (_server, _people, back_end) = house().await;
    let now = Millis::new(i64::try_from(super::now_secs()).unwrap() * 1000);
    let early = back_end.refused("message/history", &[("date", &Hour::of(now).to_string())]).await;
    assert!(early.1 == 1002 && early.2.contains("is not over yet"), "{early:?}");
    let empty = back_end.ask("message/history", &[("date", "2020010100")]).await;
    assert_eq!((&empty["url"], &empty["date"]), (&json!(""), &json!("2020010100")));
    for path in ["message/history", "message/history/delete"] {
        assert_eq!(back_end.refused(path, &[("date", "yesterday")]).await.1, 1002);
    }
    back_end.ask("message/history/delete", &[("date", "2020010100")]).await;
}

#[tokio::test]
async fn f4_a_file_is_shown_to_nobody_without_its_slip() {
    let (server, _people, _back_end) = house().await;
    for slip in ["x", &"A".repeat(80)] {
        let answer = reqwest::get(server.url(&format!("/message/history/{slip}/2020010100.zip"))).await.unwrap();
        assert_eq!(answer.status(), 404);
    }
}
