//! A client of the compatible protocol, with the words that its applications would use.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use parlor::{
    proto::rong::{DownStreamMessage, DownStreamMessages, NotifyMsg, SyncRequestMsg, UpStreamMessage},
    wire::rong::frame::{Answer, ClientFrame, ConnAck, Push, Request, ServerFrame},
};
use prost::Message as _;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use crate::harness::{People, TestServer};

/// Whatever is awaited happens by then, or the test fails.
const PATIENCE: Duration = Duration::from_secs(10);
/// A version of the second generation.
pub(crate) const TWO: &str = "2.5.3";
/// A version of the fourth.
pub(crate) const FOUR: &str = "4.6.4";

/// A server with its people.
pub(crate) struct Stage {
    pub(crate) server: TestServer,
    pub(crate) people: People,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        Self::of(TestServer::start()).await
    }

    pub(crate) async fn of(server: TestServer) -> Self {
        let people = People::of(&server).await;
        Self { server, people }
    }

    /// A new token of a user, who is made when missing.
    pub(crate) async fn token(&self, user: &str) -> String {
        let app = self.people.app();
        let token = self.people.im.issue_user_token(&app, user.parse().unwrap(), user, None).await.unwrap();
        token.reveal().to_owned()
    }

    /// A device of a user that stands at CONNACK.
    pub(crate) async fn device(&self, user: &str, version: &str) -> Sdk {
        let token = self.token(user).await;
        let mut device = Sdk::open(self, &address(self.people.app().as_str(), &token, version)).await;
        device.greeted().await;
        device
    }

    /// A user with one device that has pulled.
    pub(crate) async fn user(&self, user: &str) -> Sdk {
        let mut device = self.device(user, TWO).await;
        device.pull(0).await;
        device
    }
}

/// What a client asks the socket's address with.
pub(crate) fn address(app: &str, token: &str, version: &str) -> String {
    let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    format!("/websocket?appId={app}&token={token}&sdkVer={version}&apiVer=123456")
}

/// One connection.
pub(crate) struct Sdk {
    line: WebSocketStream<TcpStream>,
    pub(crate) user: String,
    /// The server's clock at CONNACK.
    pub(crate) connected_at: i64,
    last_id: u16,
    heard: VecDeque<ServerFrame>,
}

/// What a PUBLISH was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) status: u16,
    pub(crate) at: i64,
    pub(crate) uid: String,
}

impl Sdk {
    /// A socket, before the server has spoken.
    pub(crate) async fn open(stage: &Stage, address: &str) -> Self {
        Self::open_at(stage.server.address(), address).await
    }

    /// The same at a server that is no stage.
    pub(crate) async fn open_at(server: SocketAddr, address: &str) -> Self {
        let stream = TcpStream::connect(server).await.unwrap();
        let url = format!("ws://{server}{address}");
        let (line, answer) = client_async(url, stream).await.unwrap();
        assert!(answer.headers().get("sec-websocket-protocol").is_none());
        Self { line, user: String::new(), connected_at: 0, last_id: 0, heard: VecDeque::new() }
    }

    /// The bytes of the next message; `None` when the connection ended. Text would break these clients.
    pub(crate) async fn bytes(&mut self) -> Option<Vec<u8>> {
        let next = tokio::time::timeout(PATIENCE, self.line.next()).await.expect("the server says something in time");
        match next {
            Some(Ok(Message::Binary(bytes))) => Some(bytes.to_vec()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => None,
            Some(Ok(other)) => panic!("only binary messages are spoken here: {other:?}"),
        }
    }

    /// Whether the connection ends, and with a close frame.
    pub(crate) async fn ends(&mut self) -> bool {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.line.next()).await.expect("the connection ends in time");
            match next {
                Some(Ok(Message::Close(_))) => return true,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return false,
            }
        }
    }

    /// Any frame.
    pub(crate) async fn send(&mut self, frame: &ClientFrame) {
        self.raw(frame.encode()).await;
    }

    pub(crate) async fn raw(&mut self, bytes: Vec<u8>) {
        self.line.send(Message::binary(bytes)).await.unwrap();
    }

    /// Says the same so often, or until the server takes no more.
    pub(crate) async fn repeats(&mut self, frame: &ClientFrame, times: usize) {
        for _ in 0..times {
            if self.line.send(Message::binary(frame.encode())).await.is_err() {
                return;
            }
        }
    }

    /// The server's first words, taken as a welcome.
    pub(crate) async fn greeted(&mut self) {
        let bytes = self.bytes().await.expect("the server speaks first");
        assert_eq!(bytes[..3], [0x20, 0, 0], "CONNACK, nothing, success");
        let Ok(ServerFrame::ConnAck(ConnAck::Accepted { user, session, at })) = ServerFrame::decode(&bytes) else {
            panic!("no welcome: {bytes:?}")
        };
        assert!(!session.is_empty());
        (self.user, self.connected_at) = (user, at.get());
    }

    /// The next frame; messages and notices are acknowledged at once, as the client does.
    pub(crate) async fn frame(&mut self) -> ServerFrame {
        if let Some(frame) = self.heard.pop_front() {
            return frame;
        }
        let bytes = self.bytes().await.expect("the connection stands");
        let frame = ServerFrame::decode(&bytes).expect("a frame of a server");
        if let ServerFrame::Publish(push) = &frame
            && push.wants_answer
            && !push.synced
        {
            self.send(&ClientFrame::PubAck { id: push.id }).await;
        }
        frame
    }

    async fn frame_where<T>(&mut self, meant: impl Fn(&ServerFrame) -> Option<T>) -> T {
        if let Some((at, found)) = self.heard.iter().enumerate().find_map(|(at, frame)| Some((at, meant(frame)?))) {
            self.heard.remove(at);
            return found;
        }
        let mut others = std::mem::take(&mut self.heard);
        loop {
            let frame = self.frame().await;
            if let Some(found) = meant(&frame) {
                self.heard = others;
                return found;
            }
            others.push_back(frame);
        }
    }

    pub(crate) fn next_id(&mut self) -> u16 {
        self.last_id += 1;
        self.last_id
    }

    /// Is the server there?
    pub(crate) async fn ping(&mut self) {
        self.send(&ClientFrame::Ping).await;
        self.frame_where(|frame| matches!(frame, ServerFrame::Pong).then_some(())).await;
    }

    /// Asks, and does not wait.
    pub(crate) async fn begin_query(&mut self, topic: &str, target: &str, body: Vec<u8>) -> u16 {
        let id = self.next_id();
        let (topic, target) = (topic.to_owned(), target.to_owned());
        self.send(&ClientFrame::Query(Request { topic, target, id, wants_answer: false, body })).await;
        id
    }

    pub(crate) async fn answer(&mut self, id: u16) -> Answer {
        self.frame_where(|frame| match frame {
            ServerFrame::QueryAck(answer) if answer.id == id => Some(answer.clone()),
            _ => None,
        })
        .await
    }

    /// Asks; the error is the status.
    pub(crate) async fn query<M: prost::Message + Default>(
        &mut self,
        topic: &str,
        target: &str,
        body: &impl prost::Message,
    ) -> Result<M, u16> {
        let id = self.begin_query(topic, target, body.encode_to_vec()).await;
        let answer = self.answer(id).await;
        if answer.status != 0 {
            return Err(answer.status);
        }
        Ok(M::decode(answer.body.as_slice()).expect("the message that belongs to the topic"))
    }

    /// Asks where no body is expected.
    pub(crate) async fn order(&mut self, topic: &str, target: &str, body: &impl prost::Message) -> u16 {
        let id = self.begin_query(topic, target, body.encode_to_vec()).await;
        self.answer(id).await.status
    }

    /// The first pull after a connect, or a later one.
    pub(crate) async fn pull(&mut self, sync_time: i64) -> DownStreamMessages {
        self.pull_as(&SyncRequestMsg { sync_time, is_pull_send: Some(true), ..<_>::default() }).await
    }

    pub(crate) async fn pull_as(&mut self, asked: &SyncRequestMsg) -> DownStreamMessages {
        let user = self.user.clone();
        self.query("pullMsg", &user, asked).await.unwrap()
    }

    /// Sends, and does not wait.
    pub(crate) async fn begin_publish(&mut self, topic: &str, target: &str, message: &UpStreamMessage) -> u16 {
        let id = self.next_id();
        let (topic, target, body) = (topic.to_owned(), target.to_owned(), message.encode_to_vec());
        self.send(&ClientFrame::Publish(Request { topic, target, id, wants_answer: true, body })).await;
        id
    }

    pub(crate) async fn taken(&mut self, asked: u16) -> Taken {
        self.frame_where(|frame| match frame {
            ServerFrame::PubAck { id, status, at, uid } if *id == asked => {
                Some(Taken { status: *status, at: at.get(), uid: uid.clone() })
            }
            _ => None,
        })
        .await
    }

    pub(crate) async fn publish(&mut self, topic: &str, target: &str, message: &UpStreamMessage) -> Taken {
        let id = self.begin_publish(topic, target, message).await;
        self.taken(id).await
    }

    /// Sends a content; the status is in the answer.
    pub(crate) async fn sends(&mut self, topic: &str, target: &str, name: &str, content: &Value) -> Taken {
        self.publish(topic, target, &up(name, content)).await
    }

    /// Writes to a user.
    pub(crate) async fn writes(&mut self, target: &str, text: &str) -> Taken {
        let taken = self.sends("ppMsgP", target, "RC:TxtMsg", &json!({ "content": text })).await;
        assert_eq!(taken.status, 0);
        taken
    }

    /// The next push.
    pub(crate) async fn push(&mut self) -> Push {
        self.frame_where(|frame| match frame {
            ServerFrame::Publish(push) => Some(push.clone()),
            _ => None,
        })
        .await
    }

    /// The next message that is pushed.
    pub(crate) async fn message(&mut self) -> DownStreamMessage {
        let push = self.push().await;
        assert_eq!(push.topic, "s_msg", "{push:?}");
        DownStreamMessage::decode(push.body.as_slice()).unwrap()
    }

    /// The next notice that is pushed.
    pub(crate) async fn notice(&mut self) -> NotifyMsg {
        let push = self.push().await;
        assert_eq!(push.topic, "s_ntf", "{push:?}");
        NotifyMsg::decode(push.body.as_slice()).unwrap()
    }

    /// Nothing but the answer to a ping comes: what would have been told before it, was not.
    pub(crate) async fn hears_nothing(&mut self) {
        self.ping().await;
        assert!(self.heard.is_empty(), "{:?}", self.heard);
    }
}

/// A message as a client writes it.
pub(crate) fn up(name: &str, content: &Value) -> UpStreamMessage {
    UpStreamMessage {
        session_id: 3,
        classname: name.to_owned(),
        content: content.to_string().into_bytes(),
        config_flag: Some(0),
        ..<_>::default()
    }
}

/// The text of a text message.
pub(crate) fn text(message: &DownStreamMessage) -> String {
    let body: Value = serde_json::from_slice(&message.content).unwrap();
    body["content"].as_str().unwrap_or_default().to_owned()
}

pub(crate) fn texts(messages: &[DownStreamMessage]) -> Vec<String> {
    messages.iter().map(text).collect()
}
