//! Frames that answer a client, or tell it something.
//!
//! Source: compatible protocol, "Answers and timeouts".

use super::{
    delivery::Tell,
    dialect::Dialect,
    frame::{Answer, Push, Request, ServerFrame},
    place::Place,
    status::Status,
    topic::{Sending, Telling},
};
use serde_json::json;

use crate::{
    model::{Content, Message, MessageUid, Millis, UserId, command::Sent, content::names},
    proto::rong::UpStreamMessage,
};

/// What a PUBLISH is answered; nothing when its client does not wait. A message of which some words were replaced was
/// sent, and says so by its status: the client hands over uid and time all the same.
pub fn published(request: &Request, outcome: Result<&Sent, Status>, now: Millis) -> Option<ServerFrame> {
    let ack = |status: u16, at, uid| ServerFrame::PubAck { id: request.id, status, at, uid };
    request.wants_answer.then(|| match outcome {
        Ok(sent) => ack(if sent.replaced { Status::REPLACED.0 } else { 0 }, sent.at, sent.uid.to_string()),
        Err(status) => ack(status.0, now, String::new()),
    })
}

/// What a PUBLISH is answered that did something without leaving a message of its own.
pub fn done(request: &Request, outcome: Result<MessageUid, Status>, now: Millis) -> Option<ServerFrame> {
    let (status, uid) = outcome.map_or_else(|status| (status.0, String::new()), |uid| (0, uid.to_string()));
    request.wants_answer.then_some(ServerFrame::PubAck { id: request.id, status, at: now, uid })
}

/// What a QUERY is answered: the body that belongs to its topic, or why there is none.
pub fn answered(request: &Request, outcome: Result<Vec<u8>, Status>, now: Millis) -> ServerFrame {
    let (status, body) = outcome.map_or_else(|status| (status.0, Vec::new()), |body| (0, body));
    ServerFrame::QueryAck(Answer { id: request.id, status, at: now, wants_answer: false, body })
}

/// The same for what was done in part only, if there is a status: the body says what was not.
pub fn answered_in_part(request: &Request, status: Option<Status>, body: Vec<u8>, now: Millis) -> ServerFrame {
    let status = status.map_or(0, |status| status.0);
    ServerFrame::QueryAck(Answer { id: request.id, status, at: now, wants_answer: false, body })
}

/// A message or notice for a user. Both want an answer, so that what has arrived is known.
pub fn told(tell: &Tell, user: &UserId, dialect: Dialect, now: Millis) -> ServerFrame {
    let (topic, id, at, body) = match tell {
        Tell::Message(id, message) => {
            (Telling::Message, *id, Millis::new(message.data_time), dialect.write(message.as_ref()))
        }
        Tell::Notice(id, notice) => (Telling::Notice, *id, now, dialect.write(notice)),
    };
    ServerFrame::Publish(Push {
        topic: topic.name().to_owned(),
        target: user.to_string(),
        id,
        wants_answer: true,
        synced: false,
        at,
        body,
    })
}

/// That the user has read a conversation on another device up to a message: a copy of what that device would have sent,
/// completed by its acknowledgement. Later clients clear their count by nothing else. Source: compatible protocol, "Own
/// messages on other devices".
pub fn read_elsewhere(id: u16, place: &Place, newest: &Message, dialect: Dialect, at: Millis) -> [ServerFrame; 2] {
    let content = Content::of(names::SYNC_READ, &json!({ "lastMessageSendTime": newest.at }));
    let body = UpStreamMessage {
        classname: content.name.to_string(),
        content: dialect.content(&content),
        ..UpStreamMessage::default()
    };
    let copy = Push {
        topic: Sending::to(place.kind).name().to_owned(),
        target: place.target.as_str().to_owned(),
        id,
        wants_answer: true,
        synced: true,
        at,
        body: dialect.write(&body),
    };
    [ServerFrame::Publish(copy), ServerFrame::PubAck { id, status: 0, at, uid: String::new() }]
}

/// Anything else that a user is told. Nobody has to say that it arrived.
pub fn mentioned(topic: Telling, body: Vec<u8>, user: &UserId, now: Millis) -> ServerFrame {
    let (topic, target) = (topic.name().to_owned(), user.to_string());
    ServerFrame::Publish(Push { topic, target, id: 0, wants_answer: false, synced: false, at: now, body })
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::{
        model::{Content, ConversationId, Kind},
        proto::rong::{DownStreamMessage, DownStreamMessages, NotifyMsg, SyncRequestMsg},
        wire::rong::{
            ask::{self, Ask},
            delivery::Delivery,
            down::{Reader, tests::said},
            frame::ClientFrame,
            place::Place,
        },
    };

    const NOW: Millis = Millis::new(1_795_383_033_398);

    fn request(wants_answer: bool) -> Request {
        Request { topic: "ppMsgP".into(), target: "ann".into(), id: 7, wants_answer, body: Vec::new() }
    }

    fn sent(replaced: bool) -> Sent {
        let uid = MessageUid::from_number(5);
        Sent {
            uid,
            conversation: ConversationId::from_u128(1),
            seq: None,
            at: Millis::new(1_795_383_033_001),
            replaced,
        }
    }

    #[test]
    fn reading_elsewhere_is_a_copy_with_its_acknowledgement() {
        let newest = said("ann", 7, Content::text("hi"));
        let place = Place::new(Kind::Private, "ann").unwrap();
        let [copy, ack] = read_elsewhere(9, &place, &newest, Dialect::of_socket("4.6.4"), newest.at);
        let bytes = copy.encode();
        assert_eq!(bytes[0], 0x3a, "a PUBLISH with an answer wanted, marked as a copy");
        let ServerFrame::Publish(copy) = copy else { panic!("{copy:?}") };
        assert_eq!((copy.topic.as_str(), copy.target.as_str(), copy.id), ("ppMsgP", "ann", 9));
        let body = UpStreamMessage::decode(copy.body.as_slice()).unwrap();
        assert_eq!(body.classname, "RC:SRSMsg");
        let content: serde_json::Value = serde_json::from_slice(&body.content).unwrap();
        assert_eq!(content["lastMessageSendTime"], newest.at.get());
        assert_eq!(ack, ServerFrame::PubAck { id: 9, status: 0, at: newest.at, uid: String::new() });
    }

    #[test]
    fn check_19_and_20_a_message_is_answered_once_with_its_id_time_and_uid_or_not_at_all() {
        let taken = sent(false);
        let ack = |status, at, uid| Some(ServerFrame::PubAck { id: 7, status, at, uid });
        assert_eq!(published(&request(true), Ok(&taken), NOW), ack(0, taken.at, taken.uid.to_string()));
        assert_eq!(published(&request(true), Ok(&sent(true)), NOW), ack(21502, taken.at, taken.uid.to_string()));
        assert_eq!(published(&request(true), Err(Status(405)), NOW), ack(405, NOW, String::new()));
        assert_eq!(published(&request(false), Ok(&taken), NOW), None);
    }

    #[test]
    fn check_16_a_refused_question_has_its_id_and_number_and_no_body() {
        let ServerFrame::QueryAck(answer) = answered(&request(false), Err(Status(33003)), NOW) else { panic!() };
        assert_eq!((answer.id, answer.status, answer.body.len()), (7, 33003, 0));
    }

    /// The life of one connection, in bytes: a message comes before the first pull, another one after it.
    #[test]
    fn check_27_28_31_and_34_one_connection_pulls_first_and_is_pushed_to_afterwards() {
        let (bob, dialect) = ("bob".parse::<UserId>().unwrap(), Dialect::of_socket("2.5.3"));
        let place = Place::new(Kind::Private, "ann").unwrap();
        let reader = Reader { user: &bob, place: &place, dialect };
        let mut delivery = Delivery::default();
        let early = reader.message(&said("ann", 100, Content::text("early")));
        assert_eq!(delivery.message(early.clone()), None);

        let asked = SyncRequestMsg { sync_time: 50, is_pull_send: Some(true), ..<_>::default() };
        let query =
            Request { topic: "pullMsg".into(), target: "bob".into(), body: asked.encode_to_vec(), ..request(true) };
        let Ok(ClientFrame::Query(query)) = ClientFrame::decode(&ClientFrame::Query(query).encode()) else { panic!() };
        let Ok(Ask::Pull(asked)) = ask::of_query(&query, dialect) else { panic!("a pull") };
        let (answer, then) = delivery.pulled(&asked, vec![early], false);
        assert!(then.is_empty());
        let bytes = answered(&query, Ok(dialect.write(&answer)), NOW).encode();
        let Ok(ServerFrame::QueryAck(read)) = ServerFrame::decode(&bytes) else { panic!() };
        let pulled = DownStreamMessages::decode(read.body.as_slice()).unwrap();
        assert_eq!((read.id, pulled.list.len(), pulled.sync_time, pulled.finished), (7, 1, 100, Some(true)));

        let later = reader.message(&said("ann", 101, Content::text("later")));
        let tell = delivery.message(later.clone()).expect("pushes flow now");
        let bytes = told(&tell, &bob, dialect, NOW).encode();
        assert_eq!(bytes[0], 0x32);
        let Ok(ServerFrame::Publish(push)) = ServerFrame::decode(&bytes) else { panic!() };
        assert_eq!((push.topic.as_str(), push.target.as_str(), push.id), ("s_msg", "bob", 1));
        assert_eq!(DownStreamMessage::decode(push.body.as_slice()), Ok(later.clone()));
        assert_eq!(delivery.acked(push.id), later.msg_id.as_deref());
    }

    #[test]
    fn a_notice_names_its_time() {
        let notice = NotifyMsg { r#type: 1, time: Some(9), chrm_id: None };
        let frame = told(&Tell::Notice(3, notice.clone()), &"bob".parse().unwrap(), Dialect::of_socket("4.6.4"), NOW);
        let ServerFrame::Publish(push) = frame else { panic!() };
        assert_eq!((push.topic.as_str(), push.id, push.body), ("s_ntf", 3, notice.encode_to_vec()));
    }
}
