//! Customer service: the handshake, a person who answers, the end; and a note while nobody is there.

use parlor::proto::rong::{DownStreamMessage, HistoryMessagesOuput, HistoryMsgInput};
use serde_json::{Value, json};

use super::client::{Sdk, Stage, texts};

impl Sdk {
    /// Sends a content to the desk.
    async fn tells_desk(&mut self, stage: &Stage, name: &str, content: &Value) {
        let taken = self.sends("pcMsgP", stage.people.site.key.as_str(), name, content).await;
        assert_eq!((taken.status, taken.uid.is_empty()), (0, false), "{name}");
    }

    /// The next message of this type; it comes from the desk, which speaks with one voice.
    async fn hears_desk(&mut self, stage: &Stage, name: &str) -> (DownStreamMessage, Value) {
        loop {
            let message = self.message().await;
            assert_eq!((message.r#type, message.from_user_id.as_str()), (5, stage.people.site.key.as_str()));
            if message.classname == name {
                let content = serde_json::from_slice(&message.content).unwrap();
                return (message, content);
            }
        }
    }
}

#[tokio::test]
async fn a_user_asks_a_person_answers_and_the_episode_ends() {
    let stage = Stage::start().await;
    let mut anna = stage.people.agent("Anna").await;
    let mut ann = stage.user("ann").await;
    ann.tells_desk(&stage, "RC:CsHs", &json!({ "requestInfo": { "page": "https://shop.example/lamp" } })).await;
    let (_, answer) = ann.hears_desk(&stage, "RC:CsHsR").await;
    assert_eq!((&answer["status"], &answer["data"]["uid"]), (&json!(1), &json!("ann")));
    let session = json!({ "uid": "ann", "sid": answer["data"]["sid"], "pid": answer["data"]["pid"] });
    for spelling in ["RC:CSCha", "RC:CsCha"] {
        ann.tells_desk(&stage, spelling, &session).await;
        let (_, changed) = ann.hears_desk(&stage, "RC:CsChaR").await;
        assert_eq!(changed["data"]["status"], 1);
    }
    ann.tells_desk(&stage, "RC:TxtMsg", &json!({ "content": "Where is my lamp?" })).await;
    let asked = anna.sees("Where is my lamp?").await;
    anna.ask("accept", json!({ "conversation": asked["conversation"] })).await.unwrap();
    let (_, now) = ann.hears_desk(&stage, "RC:CsUpdate").await;
    assert_eq!(now["serviceStatus"], "2");
    anna.writes(&asked["conversation"], "On its way.").await;
    let (said, _) = ann.hears_desk(&stage, "RC:TxtMsg").await;
    assert_eq!(texts(&[said]), ["On its way."]);
    anna.ask("end", json!({ "conversation": asked["conversation"] })).await.unwrap();
    let (_, ended) = ann.hears_desk(&stage, "RC:CsEnd").await;
    assert_eq!((&ended["code"], &ended["sid"]), (&json!(0), &session["sid"]));
    let mut rating = session.clone();
    rating["type"] = json!(1);
    rating["source"] = json!(4);
    ann.tells_desk(&stage, "RC:CsEva", &rating).await;
    anna.push_where("conversation", |conversation| conversation["service"]["rating"]["stars"] == 4).await;
    ann.tells_desk(&stage, "RC:CsSp", &session).await;
}

#[tokio::test]
async fn all_episodes_with_a_desk_are_one_conversation() {
    let stage = Stage::start().await;
    let mut ann = stage.user("ann").await;
    for words in ["one", "two"] {
        ann.tells_desk(&stage, "RC:TxtMsg", &json!({ "content": words })).await;
        ann.tells_desk(&stage, "RC:CsSp", &json!({})).await;
    }
    let desk = stage.people.site.key.to_string();
    let asked = HistoryMsgInput { target_id: Some(desk.clone()), count: Some(20), ..<_>::default() };
    let page: HistoryMessagesOuput = ann.query("qryCMsg", &desk, &asked).await.unwrap();
    let mut said: Vec<_> = page.list.into_iter().filter(|message| message.classname == "RC:TxtMsg").collect();
    said.reverse();
    assert_eq!(texts(&said), ["one", "two"]);
}

#[tokio::test]
async fn a_note_is_left_while_nobody_is_there() {
    let stage = Stage::start().await;
    let mut ann = stage.user("ann").await;
    ann.tells_desk(&stage, "RC:CsHs", &json!({})).await;
    let (_, answer) = ann.hears_desk(&stage, "RC:CsHsR").await;
    ann.tells_desk(&stage, "RC:CSCha", &json!({ "sid": answer["data"]["sid"] })).await;
    let (_, changed) = ann.hears_desk(&stage, "RC:CsChaR").await;
    assert_eq!(changed["data"]["status"], 2, "nobody is there");
    ann.tells_desk(&stage, "RC:CsLm", &json!({ "msg_content": "Call me", "msg_email": "ann@home.example" })).await;
    ann.hears_desk(&stage, "RC:InfoNtf").await;
    let hi = json!({ "content": "hi" });
    assert_eq!(ann.sends("pcMsgP", "nosuchsite123", "RC:TxtMsg", &hi).await.status, 20407);
    assert!(ann.sends("pcuMsgP", "bob", "RC:TxtMsg", &hi).await.status > 1, "agents answer from the console");
}
