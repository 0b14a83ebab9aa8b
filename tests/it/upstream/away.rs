//! The service is away, or goes in the middle: what waits is sent once, nothing is lost, order is kept.

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;

use super::stage::{Service, Stage, history, insists};
use crate::{
    client::{Client, text_body},
    crash::ServerProcess,
};

#[tokio::test]
async fn a_service_that_was_never_reachable_gets_what_waits_when_it_comes() {
    let mut stage = Stage::before(Service::prepare()).await;
    let (mut visitor, id, _) = stage.visitor().await;
    let desk = json!({ "desk": true });
    let refused = visitor.ask("send", text_body(&desk, "k1", "anybody?")).await.unwrap_err();
    assert_eq!((&refused["code"], &refused["temporary"]), (&json!("upstream_away"), &json!(true)));
    assert_eq!(visitor.push("desk").await["online"], false, "the visitor is told that nobody is there");
    stage.service.process.start().await;
    let sent = insists(&mut visitor, &desk, "k1", "anybody?").await;
    assert_eq!(stage.service.said(&id).await, [("anybody?".to_owned(), sent["uid"].as_str().unwrap().to_owned())]);
    visitor.push_where("desk", |desk| desk["online"] == true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d2_a_service_killed_in_the_middle_loses_and_doubles_nothing() {
    const MESSAGES: usize = 60;
    let mut stage = Stage::start().await;
    let (mut visitor, id, _) = stage.visitor().await;
    let conversation = visitor.says("first").await["conversation"].clone();
    let (told, mut progress) = tokio::sync::watch::channel(0);
    let to = json!({ "conversation": conversation });
    let writing = tokio::spawn(async move {
        for number in 0..MESSAGES {
            // Equal words are no reason to take two messages for one.
            let text = if number % 3 == 0 { "again".to_owned() } else { format!("number {number}") };
            insists(&mut visitor, &to, &format!("k-{number}"), &text).await;
            told.send_replace(number);
        }
        visitor
    });
    for kill_at in [10, 25, 40] {
        progress.wait_for(|number| *number >= kill_at).await.unwrap();
        stage.service.process.kill();
        stage.service.process.start().await;
    }
    let mut visitor = writing.await.unwrap();
    let there = stage.service.said(&id).await;
    let texts: Vec<String> = there.iter().map(|(text, _)| text.clone()).collect();
    let wanted: Vec<String> = (0..MESSAGES)
        .map(|number| if number % 3 == 0 { "again".to_owned() } else { format!("number {number}") })
        .collect();
    assert_eq!(texts[0], "first");
    assert_eq!(texts[1..], wanted, "each once, in order");
    assert_eq!(history(&mut visitor, &conversation).await, there, "the copy is the same");
    let uids: BTreeSet<_> = there.iter().map(|(_, uid)| uid).collect();
    assert_eq!(uids.len(), MESSAGES + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d2_a_front_that_stops_in_the_middle_goes_on_where_it_was() {
    let mut stage = Stage::start().await;
    let (mut visitor, id, hello) = stage.visitor().await;
    let conversation = visitor.says("first").await["conversation"].clone();
    let to = json!({ "conversation": conversation });
    for round in 0..3 {
        // Several are under way when the server stops; what was answered is nobody's business here.
        for number in 0..5 {
            visitor.say("send", text_body(&to, &format!("k-{round}-{number}"), &format!("{round}-{number}"))).await;
        }
        stage.front.restart();
        let (again, _) = Client::connect(stage.front.address(), hello.clone()).await;
        visitor = again;
        for number in 0..5 {
            insists(&mut visitor, &to, &format!("k-{round}-{number}"), &format!("{round}-{number}")).await;
        }
    }
    let there = stage.service.said(&id).await;
    let mut texts: Vec<&str> = there.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts.len(), 16, "{texts:?}");
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), 16, "each once");
    assert_eq!(history(&mut visitor, &conversation).await, there, "the copy is the same");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d2_a_front_killed_in_the_middle_sends_what_waited_once() {
    const IN_A_ROUND: usize = 5;
    let mut service = Service::running().await;
    let mut front = ServerProcess::prepare().asking(service.address.port());
    let app = front.add_app("Front");
    let site = front.add_site(&app);
    front.set_upstream(&app, &service.as_upstream(), &service.secret);
    let address = front.start().await.parse().unwrap();
    let hello = front.visitor_hello(&site).await;
    let (mut visitor, welcome) = Client::connect(address, hello.clone()).await;
    let id = welcome["me"]["id"].as_str().unwrap().to_owned();
    let conversation = visitor.says("first").await["conversation"].clone();
    let to = json!({ "conversation": conversation });
    for round in 0..4 {
        let words = |number: usize| (format!("k-{round}-{number}"), format!("{round}-{number}"));
        // So many were answered before; the others are under way when there is no time for anything.
        for number in 0..round {
            let (client_id, text) = words(number);
            insists(&mut visitor, &to, &client_id, &text).await;
        }
        for number in round..IN_A_ROUND {
            let (client_id, text) = words(number);
            visitor.say("send", text_body(&to, &client_id, &text)).await;
        }
        front.kill();
        if round == 2 {
            // The service goes, too, and is there again first.
            service.process.kill();
            service.process.start().await;
        }
        front.start().await;
        visitor = Client::connect(address, hello.clone()).await.0;
        // What was answered and what was not: a widget sends what it has no answer for.
        for number in 0..IN_A_ROUND {
            let (client_id, text) = words(number);
            insists(&mut visitor, &to, &client_id, &text).await;
        }
    }
    let there = service.said(&id).await;
    let mut texts: Vec<&str> = there.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts.len(), 1 + 4 * IN_A_ROUND, "{texts:?}");
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), 1 + 4 * IN_A_ROUND, "each once");
    assert_eq!(history(&mut visitor, &conversation).await, there, "the copy is the same");
}

#[tokio::test]
async fn a_desk_that_writes_after_the_service_came_back_is_heard() {
    let mut stage = Stage::start().await;
    let (mut visitor, id, _) = stage.visitor().await;
    visitor.says("hello").await;
    stage.service.process.kill();
    stage.service.process.start().await;
    let mut desk = stage.service.desk().await;
    desk.sends(json!({ "user": id }), "a1", "back again").await.unwrap();
    // The session comes back by itself: nobody says anything in front.
    tokio::time::timeout(Duration::from_secs(40), visitor.sees("back again")).await.unwrap();
}
