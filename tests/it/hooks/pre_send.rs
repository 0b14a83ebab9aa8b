//! The pre-send hook: a back end passes, refuses or rewrites messages, or does not answer.

use std::time::Duration;

use parlor::model::{
    Code, Content, Fault, Kind, UserId,
    command::{History, Sent, Target},
    pre_send::PreSend,
    webhook::Form,
};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{receiver::Receiver, stage::Stage};

fn says(verdict: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(verdict)
}

async fn hook(stage: &Stage, receiver: &Receiver, pass_without_answer: bool, kinds: &[Kind]) -> Option<String> {
    let hook = PreSend {
        url: receiver.url(),
        timeout_millis: 300,
        pass_without_answer,
        kinds: kinds.to_vec(),
        form: Form::Standard,
    };
    stage.backend().set_pre_send(hook).await.unwrap().1.map(|secret| secret.reveal())
}

async fn tries(stage: &Stage, words: &str, client_id: &str) -> Result<Sent, Fault> {
    stage.user("olaf").await;
    stage.tries("nora", Target::User("olaf".parse::<UserId>().unwrap()), Content::text(words), client_id).await
}

async fn read(stage: &Stage, sent: &Sent) -> Vec<String> {
    let olaf = stage.user("olaf").await;
    let page = stage.im.history(&olaf, History::newest(sent.conversation, 20)).await.unwrap();
    page.messages.iter().filter_map(|message| message.content.words()).collect()
}

#[tokio::test]
async fn a_message_is_passed_refused_or_rewritten() {
    let receiver = Receiver::answering(|asked| match asked.words().as_str() {
        "bad" => says(&json!({ "pass": false })),
        "rude" => says(&json!({ "pass": true, "content": { "content": "polite" } })),
        _ => says(&json!({ "pass": true })),
    })
    .await;
    let stage = Stage::with(&[&receiver]).await;
    let secret = hook(&stage, &receiver, true, &[]).await.unwrap();
    let sent = tries(&stage, "good", "1").await.unwrap();
    assert_eq!(tries(&stage, "bad", "2").await.unwrap_err().code, Code::RefusedByApp);
    assert!(tries(&stage, "rude", "3").await.unwrap().replaced);
    assert_eq!(read(&stage, &sent).await, ["good", "polite"]);

    let asked = receiver.received().remove(0);
    assert!(asked.is_signed_by(&secret));
    assert_eq!(asked.body["topic"], json!("message.review"));
    let data = &asked.body["data"];
    assert_eq!(
        (&data["from"]["id"], &data["target"], &data["kind"]),
        (&json!("nora"), &json!("olaf"), &json!("private"))
    );
    assert_eq!(
        (&data["type"], &data["client_id"], &data["source"]),
        (&json!("RC:TxtMsg"), &json!("1"), &json!("client"))
    );
}

#[tokio::test]
async fn a_retry_returns_the_first_result_whatever_the_hook_says_now() {
    let receiver = Receiver::answering(|_| says(&json!({ "pass": true, "content": { "content": "polite" } }))).await;
    let stage = Stage::with(&[&receiver]).await;
    hook(&stage, &receiver, true, &[]).await;
    let first = tries(&stage, "rude", "1").await.unwrap();
    receiver.answers(|_| says(&json!({ "pass": false })));
    assert_eq!(tries(&stage, "rude", "1").await.unwrap().uid, first.uid);
    receiver.answers(|_| says(&json!({ "pass": true })));
    assert_eq!(tries(&stage, "rude", "1").await.unwrap().uid, first.uid);
    assert_eq!(read(&stage, &first).await, ["polite"]);
}

#[tokio::test]
async fn without_an_answer_the_policy_decides_and_a_dead_hook_is_not_asked_for_ever() {
    let receiver = Receiver::answering(|_| ResponseTemplate::new(200).set_delay(Duration::from_mins(1))).await;
    let stage = Stage::with(&[&receiver]).await;
    hook(&stage, &receiver, false, &[]).await;
    for number in 0..5 {
        let refused = tries(&stage, "hello", &format!("late{number}")).await.unwrap_err();
        assert_eq!((refused.code, refused.code.temporary()), (Code::Unavailable, true));
    }
    assert_eq!(tries(&stage, "hello", "broken").await.unwrap_err().code, Code::Unavailable);
    assert_eq!(receiver.received().len(), 5, "the sixth message did not wait for it");
    hook(&stage, &receiver, true, &[]).await;
    tries(&stage, "hello", "open").await.unwrap();

    receiver.answers(|_| says(&json!({ "pass": false })));
    tries(&stage, "hello", "still-open").await.unwrap();
    stage.passes(31);
    assert_eq!(tries(&stage, "hello", "probe").await.unwrap_err().code, Code::RefusedByApp);
    assert_eq!(receiver.received().len(), 6);
}

#[tokio::test]
async fn answers_that_make_no_sense_are_none() {
    let receiver = Receiver::start().await;
    let stage = Stage::with(&[&receiver]).await;
    hook(&stage, &receiver, false, &[]).await;
    for (number, answer) in [
        ResponseTemplate::new(500).set_body_json(json!({ "pass": true })),
        ResponseTemplate::new(200).set_body_string("yes"),
        says(&json!({ "pass": true, "content": "text" })),
        says(&json!({ "pass": true, "content": { "content": "" } })),
    ]
    .into_iter()
    .enumerate()
    {
        receiver.answers(move |_| answer.clone());
        assert_eq!(tries(&stage, "hello", &number.to_string()).await.unwrap_err().code, Code::Unavailable, "{number}");
    }
}

#[tokio::test]
async fn it_is_asked_only_about_the_kinds_it_wants_and_never_about_signals() {
    let receiver = Receiver::answering(|_| says(&json!({ "pass": false }))).await;
    let stage = Stage::with(&[&receiver]).await;
    hook(&stage, &receiver, false, &[Kind::Group]).await;
    tries(&stage, "hello", "1").await.unwrap();
    assert!(hook(&stage, &receiver, false, &[]).await.is_none(), "the secret is shown once");
    let to = || Target::User("olaf".parse::<UserId>().unwrap());
    let typing = Content::of("RC:TypSts", &json!({ "typingContentType": "RC:TxtMsg" }));
    stage.tries("nora", to(), typing, "2").await.unwrap();
    let command = Content::of("RC:CmdMsg", &json!({ "name": "x", "data": "" }));
    assert_eq!(stage.tries("nora", to(), command, "3").await.unwrap_err().code, Code::RefusedByApp);
    assert_eq!(receiver.received().len(), 1);
    stage.backend().remove_pre_send().await.unwrap();
    tries(&stage, "hello", "4").await.unwrap();
    assert_eq!(stage.backend().remove_pre_send().await.unwrap_err().code, Code::NotFound);
}

#[tokio::test]
async fn n1_bad_hooks_are_refused() {
    let receiver = Receiver::start().await;
    let stage = Stage::with(&[&receiver]).await;
    for (url, timeout_millis) in [("https://10.0.0.1/", 500), (&receiver.url(), 99), (&receiver.url(), 3001)] {
        let hook = PreSend {
            url: url.to_owned(),
            timeout_millis,
            pass_without_answer: true,
            kinds: Vec::new(),
            form: Form::Standard,
        };
        assert_eq!(stage.backend().set_pre_send(hook).await.unwrap_err().code, Code::BadRequest);
    }
    assert_eq!(stage.backend().pre_send().await.unwrap_err().code, Code::NotFound);
}
