//! Requests for long-poll sessions that live on another node: passed on as they are, and answered with what that node
//! answers. Any node serves any client.
//!
//! When that node is gone, or cannot be asked, the session is over, as after a restart: its client begins a new one.

use std::{sync::Arc, time::Duration};

use bytestring::ByteString;
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::{
    poll::{Ask, PollId, Polls, Told},
    rong::poll::{Polls as CompatiblePolls, Post},
};
use crate::{
    bus::Bus,
    model::{Code, Fault, NodeId, Question, error::CloseCode},
};

/// Longer than any session keeps a request waiting.
const LISTENING: Duration = Duration::from_secs(40);
/// How long the other node may take to take a frame.
const SAYING: Duration = Duration::from_secs(5);

/// A request as it travels. A later version may have more of them; unknown ones are answered by nothing.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Request {
    /// To a session of the widget's wire.
    Ask { session: String, ack: u64, frames: Vec<String>, close: bool },
    /// To a session of the compatible protocol: whether there is anything to tell.
    Listen { session: String },
    /// To the same: whoever listened by this node has gone.
    Leave { session: String },
    /// To the same: a frame, with its body in base64.
    Say { session: String, header: u8, id: u16, topic: String, target: String, body: String },
}

/// An answer as it travels.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Frames { frames: Vec<String>, next: u64 },
    Closed(u16),
    Refused { code: String, message: String, retry_after: Option<u32> },
    Body(String),
}

impl Request {
    pub(super) fn asking(session: PollId, ask: &Ask) -> Self {
        let frames = ask.frames.iter().map(ToString::to_string).collect();
        Self::Ask { session: session.reveal(), ack: ask.ack, frames, close: ask.close }
    }

    pub(super) fn saying(post: &Post<'_>, body: &[u8]) -> Self {
        Self::Say {
            session: post.session.to_owned(),
            header: post.header,
            id: post.id,
            topic: post.topic.to_owned(),
            target: post.target.to_owned(),
            body: BASE64.encode(body),
        }
    }

    /// What a session of the widget's wire on another node answers; `None` when it cannot be had.
    pub(super) async fn told(&self, bus: &dyn Bus, node: NodeId) -> Option<Result<Told, Fault>> {
        Some(match self.answered(bus, node, LISTENING).await? {
            Answer::Frames { frames, next } => {
                Ok(Told::Frames(frames.into_iter().map(ByteString::from).collect(), next))
            }
            Answer::Closed(number) => Ok(Told::Closed(CloseCode::from_number(number)?)),
            Answer::Refused { code, message, retry_after } => {
                let code = Code::ALL.iter().find(|known| known.name() == code)?;
                Err(Fault { retry_after_secs: retry_after, ..Fault::new(*code, message) })
            }
            Answer::Body(_) => return None,
        })
    }

    /// The same of the compatible protocol.
    pub(super) async fn body(&self, bus: &dyn Bus, node: NodeId) -> Option<String> {
        let within = if matches!(self, Self::Listen { .. }) { LISTENING } else { SAYING };
        match self.answered(bus, node, within).await? {
            Answer::Body(body) => Some(body),
            _ => None,
        }
    }

    async fn answered(&self, bus: &dyn Bus, node: NodeId, within: Duration) -> Option<Answer> {
        let question = Question::Poll(serde_json::to_string(self).expect("plain data serialises"));
        serde_json::from_str(&bus.ask(node, question, within).await?).ok()
    }
}

/// Somebody who listens here to a session of the compatible protocol on another node. When they go before they were answered,
/// that node is told: nothing says there whether an answer arrives, and the next one would go to nobody.
pub(super) struct Listening {
    bus: Arc<dyn Bus>,
    node: NodeId,
    session: Option<String>,
}

impl Listening {
    /// To a session on a node.
    pub(super) fn to(session: &str, node: NodeId, bus: Arc<dyn Bus>) -> Self {
        Self { bus, node, session: Some(session.to_owned()) }
    }

    /// What is told; `None` when it cannot be had.
    pub(super) async fn hear(mut self) -> Option<String> {
        let session = self.session.clone().unwrap_or_default();
        let body = Request::Listen { session }.body(&*self.bus, self.node).await;
        self.session = None;
        body
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let (Some(session), Ok(runtime)) = (self.session.take(), Handle::try_current()) {
            let (bus, node) = (self.bus.clone(), self.node);
            runtime.spawn(async move { Request::Leave { session }.body(&*bus, node).await });
        }
    }
}

/// The long-poll sessions of this node, for those who ask from another one.
#[derive(Debug, Clone, Default)]
pub(super) struct Local {
    pub(super) polls: Arc<Polls>,
    pub(super) compatible: Arc<CompatiblePolls>,
}

impl Local {
    /// What a request comes to; `None` when this version does not know it.
    pub(super) async fn answer(&self, request: &str) -> Option<String> {
        let answer = match serde_json::from_str(request).ok()? {
            Request::Ask { session, ack, frames, close } => {
                let frames = frames.into_iter().map(ByteString::from).collect();
                self.polls.ask(PollId::presented(&session)?, Ask { ack, frames, close }).await.into()
            }
            Request::Listen { session } => Answer::Body(self.compatible.listen(&session).await),
            Request::Leave { session } => {
                self.compatible.leave(&session);
                Answer::Body(String::new())
            }
            Request::Say { session, header, id, topic, target, body } => {
                let body = BASE64.decode(body.as_bytes()).ok()?;
                let post = Post { session: &session, header, id, topic: &topic, target: &target };
                Answer::Body(self.compatible.hear(&post, &body))
            }
        };
        serde_json::to_string(&answer).ok()
    }
}

impl From<Result<Told, Fault>> for Answer {
    fn from(told: Result<Told, Fault>) -> Self {
        match told {
            Ok(Told::Frames(frames, next)) => {
                Self::Frames { frames: frames.iter().map(ToString::to_string).collect(), next }
            }
            Ok(Told::Closed(code)) => Self::Closed(code.number()),
            Err(Fault { code, message, retry_after_secs }) => Self::Refused {
                code: code.name().to_owned(),
                message: message.into_owned(),
                retry_after: retry_after_secs,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use tokio::sync::mpsc;

    use super::*;
    use crate::model::Hint;

    /// A node that never has anything to tell.
    struct Silent(mpsc::UnboundedSender<String>);

    #[async_trait]
    impl Bus for Silent {
        fn publish(&self, _: Hint) {}

        async fn ask(&self, _: NodeId, question: Question, _: Duration) -> Option<String> {
            let Question::Poll(request) = question else { return None };
            self.0.send(request).unwrap();
            std::future::pending().await
        }
    }

    #[tokio::test]
    async fn the_other_node_is_told_when_somebody_who_listens_goes() {
        let (told, mut asked) = mpsc::unbounded_channel();
        let listening = Listening::to("s1", NodeId(1), Arc::new(Silent(told)));
        let listening = tokio::spawn(listening.hear());
        assert_eq!(asked.recv().await.unwrap(), r#"{"listen":{"session":"s1"}}"#);
        listening.abort();
        assert_eq!(asked.recv().await.unwrap(), r#"{"leave":{"session":"s1"}}"#);
    }
}
