//! Every rule of delivery, as a conversation with one connection.

use super::*;

fn message(uid: &str, at: i64) -> DownStreamMessage {
    DownStreamMessage {
        from_user_id: "ann".into(),
        r#type: 1,
        classname: "RC:TxtMsg".into(),
        content: b"{}".to_vec(),
        data_time: at,
        status: STORED,
        msg_id: Some(uid.into()),
        direction: Some(2),
        ..<_>::default()
    }
}

fn pull(sync_time: i64) -> SyncRequestMsg {
    SyncRequestMsg { sync_time, ..<_>::default() }
}

/// A connection whose first pull brought nothing.
fn flowing() -> Delivery {
    let mut delivery = Delivery::default();
    delivery.pulled(&pull(0), Vec::new(), false);
    delivery
}

fn uids(messages: &[DownStreamMessage]) -> Vec<&str> {
    messages.iter().filter_map(|message| message.msg_id.as_deref()).collect()
}

fn told(tells: &[Tell]) -> Vec<String> {
    let words = |tell: &Tell| match tell {
        Tell::Message(_, message) => message.msg_id.clone().unwrap_or_default(),
        Tell::Notice(_, notice) => format!("notice {} {}", notice.r#type, notice.time.unwrap_or(0)),
    };
    tells.iter().map(words).collect()
}

#[test]
fn check_34_nothing_is_pushed_before_the_first_pull_was_answered() {
    let mut delivery = Delivery::default();
    assert_eq!(delivery.message(message("a", 5)), None);
    let (answer, then) = delivery.pulled(&pull(0), Vec::new(), false);
    assert_eq!((answer.list.len(), told(&then)), (0, vec!["a".to_owned()]));
    assert!(matches!(delivery.message(message("b", 6)), Some(Tell::Message(2, _))));
}

#[test]
fn check_32_what_the_first_pull_lists_is_not_pushed_again() {
    let mut delivery = Delivery::default();
    delivery.message(message("a", 5));
    delivery.message(message("late", 4));
    let (answer, then) = delivery.pulled(&pull(0), vec![message("a", 5)], false);
    assert_eq!(uids(&answer.list), ["a"]);
    assert_eq!(told(&then), ["late"], "it was kept while the page was read");
}

#[test]
fn check_32_an_event_that_comes_after_the_page_that_lists_it_is_not_pushed_but_its_recall_is() {
    let mut delivery = Delivery::default();
    delivery.pulled(&pull(0), vec![message("a", 5)], false);
    assert_eq!(delivery.message(message("a", 5)), None);
    let recall = DownStreamMessage { classname: "RC:RcCmd".into(), ..message("a", 9) };
    assert!(matches!(delivery.message(recall), Some(Tell::Message(..))));
}

#[test]
fn news_that_come_twice_are_pushed_once_before_and_after_the_first_pull() {
    let mut delivery = Delivery::default();
    for _ in 0..2 {
        assert_eq!(delivery.message(message("held", 5)), None);
    }
    let (_, then) = delivery.pulled(&pull(0), Vec::new(), false);
    assert_eq!(told(&then), ["held"]);
    assert_eq!(delivery.message(message("held", 5)), None);
    let Some(Tell::Message(id, _)) = delivery.message(message("a", 6)) else { panic!("pushed") };
    assert_eq!(delivery.message(message("a", 6)), None, "also before the client has acknowledged it");
    delivery.acked(id);
    assert_eq!(delivery.message(message("a", 6)), None);
    let recall = DownStreamMessage { classname: "RC:RcCmd".into(), ..message("a", 9) };
    assert!(matches!(delivery.message(recall.clone()), Some(Tell::Message(..))), "a recall is other news");
    assert_eq!(delivery.message(recall), None);
}

#[test]
fn what_a_chatroom_does_not_keep_is_pushed_because_no_pull_brings_it() {
    let passing = DownStreamMessage { r#type: 4, group_id: Some("r1".into()), status: 0, ..message("a", 5) };
    assert!(matches!(flowing().message(passing), Some(Tell::Message(..))));
    let recall = DownStreamMessage { r#type: 4, group_id: Some("r1".into()), ..message("b", 5) };
    assert!(matches!(flowing().direct(recall), Some(Tell::Message(..))));
}

#[test]
fn check_28_a_pull_is_answered_oldest_first_finished_and_with_the_newest_time() {
    let (answer, then) = Delivery::default().pulled(&pull(3), vec![message("b", 9), message("a", 5)], false);
    assert_eq!(uids(&answer.list), ["a", "b"]);
    assert_eq!((answer.sync_time, answer.finished, then.len()), (9, Some(true), 0));
    let (empty, _) = flowing().pulled(&pull(7), Vec::new(), false);
    assert_eq!((empty.sync_time, empty.finished), (7, Some(true)), "an empty page repeats the time");
}

#[test]
fn a_page_that_is_not_the_last_is_followed_by_a_newer_notice_and_pushes_stay_held() {
    let mut delivery = Delivery::default();
    delivery.message(message("c", 9));
    let (first, then) = delivery.pulled(&pull(0), vec![message("a", 5)], true);
    assert_eq!((first.finished, told(&then)), (Some(false), vec!["notice 1 6".to_owned()]));
    assert_eq!(delivery.message(message("d", 10)), None);
    let (last, then) = delivery.pulled(&pull(5), vec![message("b", 8), message("c", 9)], false);
    assert_eq!((last.finished, told(&then)), (Some(true), vec!["d".to_owned()]));
}

#[test]
fn check_32_what_a_client_acknowledged_is_not_listed_when_its_time_went_back() {
    let mut delivery = flowing();
    let Some(Tell::Message(newer, _)) = delivery.message(message("newer", 9)) else { panic!("pushed") };
    let Some(Tell::Message(older, _)) = delivery.message(message("older", 8)) else { panic!("pushed") };
    assert_eq!(delivery.acked(newer), Some("newer"));
    assert_eq!(delivery.acked(older), Some("older"));
    let (answer, _) = delivery.pulled(&pull(8), vec![message("newer", 9)], false);
    assert_eq!((uids(&answer.list).len(), answer.sync_time), (0, 9));
}

#[test]
fn what_a_client_did_not_acknowledge_is_listed_again() {
    let mut delivery = flowing();
    delivery.message(message("a", 5));
    let (answer, _) = delivery.pulled(&pull(0), vec![message("a", 5)], false);
    assert_eq!(uids(&answer.list), ["a"]);
}

#[test]
fn an_acknowledgement_counts_once_and_an_unknown_one_not_at_all() {
    let mut delivery = flowing();
    let Some(Tell::Message(id, _)) = delivery.message(message("a", 5)) else { panic!("pushed") };
    assert_eq!(delivery.acked(id), Some("a"));
    assert_eq!(delivery.acked(id), None);
    assert_eq!(delivery.acked(999), None);
    assert!(delivery.answered() && !delivery.answered(), "one was asked for");
}

#[test]
fn check_49_a_chatroom_is_told_by_notice_also_before_the_first_pull() {
    let spoken = DownStreamMessage { r#type: 4, group_id: Some("r1".into()), ..message("a", 5) };
    let notice = NotifyMsg { r#type: 2, time: Some(5), chrm_id: Some("r1".into()) };
    assert_eq!(Delivery::default().message(spoken), Some(Tell::Notice(1, notice)));
}

#[test]
fn too_much_to_hold_becomes_a_notice_and_nothing_passing_is_kept_beyond() {
    let mut delivery = Delivery::default();
    for at in 1..=i64::try_from(MOST_HELD).unwrap() {
        delivery.message(message(&at.to_string(), at));
    }
    delivery.message(message("stored", 900));
    delivery.message(DownStreamMessage { status: 0, ..message("typing", 901) });
    let (_, then) = delivery.pulled(&pull(0), Vec::new(), false);
    assert_eq!((then.len(), told(&then).pop().unwrap()), (MOST_HELD + 1, "notice 1 900".to_owned()));
}

#[test]
fn numbers_go_round_without_zero_and_without_those_that_wait_for_an_answer() {
    let mut delivery = flowing();
    let Some(Tell::Message(first, _)) = delivery.message(message("first", 1)) else { panic!("pushed") };
    delivery.last_id = u16::MAX;
    let Some(Tell::Message(next, _)) = delivery.message(message("next", 2)) else { panic!("pushed") };
    assert_eq!((first, next), (1, 2), "1 still waits for its answer");
}

#[test]
fn what_is_remembered_has_a_limit() {
    let mut delivery = flowing();
    for at in 0..1000 {
        delivery.message(message(&at.to_string(), at));
    }
    assert_eq!(delivery.pushed.len(), MOST_REMEMBERED);
}

#[test]
fn check_29_and_30_a_window_takes_what_is_newer_and_own_messages_only_after_a_connect() {
    let asked = |sync_time, is_pull_send, sent| SyncRequestMsg {
        sync_time,
        is_pull_send,
        send_box_sync_time: Some(sent),
        ..<_>::default()
    };
    let at = Millis::new;
    // (syncTime, isPullSend, sendBoxSyncTime), (message's time, own), taken
    let table = [
        ((10, None, 20), (11, false), true),
        ((10, None, 20), (10, false), false),
        ((10, None, 20), (21, true), false),
        ((10, Some(false), 20), (21, true), false),
        ((10, Some(true), 20), (21, true), true),
        ((10, Some(true), 20), (20, true), false),
        ((10, Some(true), 0), (21, true), false),
        ((0, Some(true), 20), (21, false), false),
    ];
    for ((sync_time, own_too, sent), (time, own), taken) in table {
        let window = Window::of(&asked(sync_time, own_too, sent));
        assert_eq!(window.takes(at(time), own), taken, "{sync_time} {own_too:?} {sent}: {time} {own}");
    }
    assert_eq!(Window::of(&asked(0, None, 0)).received_after, None, "a client that has nothing yet");
}

#[test]
fn check_26_a_recall_is_listed_although_its_message_was_pushed_and_acknowledged() {
    let mut delivery = flowing();
    let Some(Tell::Message(id, _)) = delivery.message(message("a", 5)) else { panic!("pushed") };
    delivery.acked(id);
    let recall = DownStreamMessage { classname: "RC:RcCmd".into(), ..message("a", 9) };
    let (answer, _) = delivery.pulled(&pull(5), vec![recall.clone()], false);
    assert_eq!(uids(&answer.list), ["a"]);
    assert_eq!(delivery.direct(recall), None, "its event came after the answer");
}
