//! What a client writes and a server reads.

use super::{BadFrame, PINGREQ, PUBACK, PUBLISH, QOS, QUERY, QUERYCON, begin, operation, write};

/// One frame of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientFrame {
    /// Sends a message.
    Publish(Request),
    /// Has a message that wanted an answer.
    PubAck {
        /// The message's id.
        id: u16,
    },
    /// Asks something.
    Query(Request),
    /// Has an answer that wanted one.
    QueryCon {
        /// The question's id.
        id: u16,
    },
    /// Is the server there?
    Ping,
}

/// What PUBLISH and QUERY of a client have in common.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// What it is about, see [`super::super::topic`].
    pub topic: String,
    /// The other side of a conversation, or the user themselves.
    pub target: String,
    /// The client's number of it: 1–65,535, PUBLISH and QUERY counted together.
    pub id: u16,
    /// The client waits for an answer. Queries are answered in any case.
    pub wants_answer: bool,
    /// The message that belongs to the topic: protobuf on a WebSocket, JSON in a long poll.
    pub body: Vec<u8>,
}

impl ClientFrame {
    /// Reads one binary message.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadFrame> {
        let (first, mut reader) = begin(bytes)?;
        match operation(first) {
            operation @ (PUBLISH | QUERY) => {
                let request = Request {
                    topic: reader.str()?,
                    target: reader.str()?,
                    id: reader.u16()?,
                    wants_answer: first & QOS != 0,
                    body: reader.rest(),
                };
                Ok(if operation == PUBLISH { Self::Publish(request) } else { Self::Query(request) })
            }
            PUBACK => Ok(Self::PubAck { id: reader.u16()? }),
            QUERYCON => Ok(Self::QueryCon { id: reader.u16()? }),
            PINGREQ => Ok(Self::Ping),
            other => Err(BadFrame::Operation(other)),
        }
    }

    /// The binary message, as a bridge sends it.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Publish(request) => request.encode(PUBLISH),
            Self::Query(request) => request.encode(QUERY),
            Self::PubAck { id } => write(PUBACK, false).u16(*id).done(),
            Self::QueryCon { id } => write(QUERYCON, false).u16(*id).done(),
            Self::Ping => write(PINGREQ, false).done(),
        }
    }
}

impl Request {
    fn encode(&self, operation: u8) -> Vec<u8> {
        write(operation, self.wants_answer).str(&self.topic).str(&self.target).u16(self.id).raw(&self.body).done()
    }
}

/// Never prints the body: message text stays out of logs (L1).
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Request({}, {}, {} bytes)", self.topic, self.id, self.body.len())
    }
}
