//! Clients of the widget wire, with the words people would use.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

/// Whatever is awaited happens by then, or the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connection of somebody.
pub(crate) struct Client {
    line: WebSocketStream<TcpStream>,
    last_id: u64,
    pushes: VecDeque<Value>,
    replies: VecDeque<Value>,
}

/// What the test client heard.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Frame(Value),
    Closed(u16),
    Gone,
}

impl Client {
    /// A WebSocket, before anything is said. Headers as given.
    pub(crate) async fn open(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let stream = TcpStream::connect(address).await.unwrap();
        Self::open_on(stream, address, headers).await
    }

    /// As [`Client::open`], on a stream the test prepared.
    pub(crate) async fn open_on(
        stream: TcpStream,
        address: SocketAddr,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
        }
        match client_async(request, stream).await {
            Ok((line, _)) => Ok(Self { line, last_id: 0, pushes: VecDeque::new(), replies: VecDeque::new() }),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Says hello with a token and hears the welcome.
    pub(crate) async fn connect(address: SocketAddr, hello: Value) -> (Self, Value) {
        let mut client = Self::open(address, &[]).await.unwrap();
        let welcome = client.hello(hello).await.unwrap();
        (client, welcome)
    }

    pub(crate) async fn hello(&mut self, body: Value) -> Result<Value, Value> {
        self.ask("hello", body).await
    }

    /// Sends a text frame as it is.
    pub(crate) async fn raw(&mut self, text: &str) {
        self.line.send(Message::text(text)).await.unwrap();
    }

    /// Sends a frame of any kind.
    pub(crate) async fn frame(&mut self, frame: Message) {
        // The server may have closed meanwhile.
        let _ = self.line.send(frame).await;
    }

    /// Sends a command and does not wait for its answer.
    pub(crate) async fn say(&mut self, cmd: &str, body: Value) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        self.raw(&json!({ "id": id, "cmd": cmd, "body": body }).to_string()).await;
        id
    }

    /// Sends a command and waits for its answer.
    pub(crate) async fn ask(&mut self, cmd: &str, body: Value) -> Result<Value, Value> {
        let id = self.say(cmd, body).await;
        self.answer(id).await
    }

    /// The answer to an earlier command.
    pub(crate) async fn answer(&mut self, id: u64) -> Result<Value, Value> {
        loop {
            if let Some(at) = self.replies.iter().position(|reply| reply["id"] == id) {
                let mut reply = self.replies.remove(at).unwrap();
                return if reply["error"].is_null() { Ok(reply["ok"].take()) } else { Err(reply["error"].take()) };
            }
            self.listen().await;
        }
    }

    /// The next push of this name; others are forgotten.
    pub(crate) async fn push(&mut self, name: &str) -> Value {
        self.push_where(name, |_| true).await
    }

    /// The next push of this name that is meant; others are forgotten.
    pub(crate) async fn push_where(&mut self, name: &str, meant: impl Fn(&Value) -> bool) -> Value {
        loop {
            while let Some(mut push) = self.pushes.pop_front() {
                if push["push"] == name && meant(&push["body"]) {
                    return push["body"].take();
                }
            }
            self.listen().await;
        }
    }

    /// Whatever comes next.
    pub(crate) async fn hear(&mut self) -> Heard {
        let next = tokio::time::timeout(PATIENCE, self.line.next()).await.expect("the server says something in time");
        match next {
            Some(Ok(Message::Text(text))) => Heard::Frame(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(Some(frame)))) => Heard::Closed(frame.code.into()),
            Some(Ok(Message::Close(None)) | Err(_)) | None => Heard::Gone,
            Some(Ok(_)) => Box::pin(self.hear()).await,
        }
    }

    /// The code with which the server closes; frames before it are forgotten.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            match self.hear().await {
                Heard::Frame(_) => {}
                Heard::Closed(code) => return code,
                Heard::Gone => panic!("the connection broke without a close frame"),
            }
        }
    }

    async fn listen(&mut self) {
        match self.hear().await {
            Heard::Frame(frame) if frame["push"].is_string() => self.pushes.push_back(frame),
            Heard::Frame(frame) => self.replies.push_back(frame),
            other => panic!("the connection ended: {other:?}"),
        }
    }

    /// Goes without a word.
    pub(crate) fn vanish(self) {
        drop(self);
    }
}

/// The words of people who chat.
impl Client {
    /// A visitor writes to the desk.
    pub(crate) async fn says(&mut self, text: &str) -> Value {
        let client_id = format!("k{}-{text}", self.last_id).replace(' ', "-");
        self.sends(json!({ "desk": true }), &client_id, text).await.unwrap()
    }

    /// Somebody writes into a conversation.
    pub(crate) async fn writes(&mut self, conversation: &Value, text: &str) -> Value {
        let client_id = format!("k{}-{text}", self.last_id).replace(' ', "-");
        self.sends(json!({ "conversation": conversation }), &client_id, text).await.unwrap()
    }

    /// Somebody writes somewhere, with an own id.
    pub(crate) async fn sends(&mut self, to: Value, client_id: &str, text: &str) -> Result<Value, Value> {
        self.ask("send", text_body(&to, client_id, text)).await
    }

    /// The next message says this.
    pub(crate) async fn sees(&mut self, text: &str) -> Value {
        self.push_where("message", |message| message["content"]["content"] == text).await
    }

    /// A conversation comes to this stage.
    pub(crate) async fn sees_stage(&mut self, stage: &str) -> Value {
        self.push_where("conversation", |conversation| conversation["service"]["stage"]["name"] == stage).await
    }
}

pub(crate) fn text_body(to: &Value, client_id: &str, text: &str) -> Value {
    let mut body = json!({ "client_id": client_id, "type": "RC:TxtMsg", "content": { "content": text } });
    body.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
    body
}
