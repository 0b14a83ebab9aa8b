//! What a server writes and a client, or a bridge, reads.

use super::{
    BadFrame, CONNACK, DISCONNECT, PINGRESP, PUBACK, PUBLISH, QOS, QUERYACK, Reader, SUBACK, SYNCED, UNSUBACK, Writer,
    begin, first_byte, operation, seconds, write,
};
use crate::model::Millis;

/// One frame of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerFrame {
    /// The answer to the connection itself; nobody asked for it.
    ConnAck(ConnAck),
    /// Tells something.
    Publish(Push),
    /// A PUBLISH of the client was taken, or not.
    PubAck {
        /// The client's number of it.
        id: u16,
        /// 0, or why not.
        status: u16,
        /// When it was taken.
        at: Millis,
        /// The message's public id; may be empty when it was refused.
        uid: String,
    },
    /// Answers a QUERY.
    QueryAck(Answer),
    /// The server is there.
    Pong,
    /// The connection ends, and why: 0 disconnected, 1 another device took its place, 2 blocked, 3 the network,
    /// 4 closed. Clients know none above 5.
    Disconnect(u8),
}

/// How a connection begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnAck {
    /// The client is in.
    Accepted {
        /// Who it is.
        user: String,
        /// Name of the session; clients on a WebSocket do not look at it.
        session: String,
        /// The server's clock: what was sent before is offline to the client.
        at: Millis,
    },
    /// The client is not let in: 1–12. Three bytes in all; a longer frame reads as an acceptance.
    Refused(u8),
}

/// What a server tells without being asked.
#[derive(Clone, PartialEq, Eq)]
pub struct Push {
    /// What it is about, see [`super::super::topic`].
    pub topic: String,
    /// The receiver; of copies of own messages the other side of the conversation.
    pub target: String,
    /// The server's number of it.
    pub id: u16,
    /// The client is to say that it has it.
    pub wants_answer: bool,
    /// A copy of what the receiver wrote on another device. Completed by a PUBACK of the same number.
    pub synced: bool,
    /// When.
    pub at: Millis,
    /// The message that belongs to the topic.
    pub body: Vec<u8>,
}

/// What a server answers to a QUERY.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The client's number of the question.
    pub id: u16,
    /// 0, or why there is no answer.
    pub status: u16,
    /// When.
    pub at: Millis,
    /// The client is to say that it has the answer.
    pub wants_answer: bool,
    /// The message that belongs to the question's topic.
    pub body: Vec<u8>,
}

impl ServerFrame {
    /// The binary message.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::ConnAck(ConnAck::Refused(status)) => write(CONNACK, false).raw(&[0, *status]).done(),
            Self::ConnAck(ConnAck::Accepted { user, session, at }) => {
                write(CONNACK, false).raw(&[0, 0]).str(user).str(session).raw(&at.get().to_be_bytes()).done()
            }
            Self::Publish(push) => push.encode(),
            Self::PubAck { id, status, at, uid } => {
                let millis = u16::try_from(at.get().rem_euclid(1000)).unwrap_or(0);
                write(PUBACK, false).u16(*id).u32(seconds(*at)).u16(*status).u16(millis).str(uid).done()
            }
            Self::QueryAck(Answer { id, status, at, wants_answer, body }) => {
                write(QUERYACK, *wants_answer).u16(*id).u32(seconds(*at)).u16(*status).raw(body).done()
            }
            Self::Pong => write(PINGRESP, false).done(),
            Self::Disconnect(status) => write(DISCONNECT, false).raw(&[0, *status]).done(),
        }
    }

    /// Reads one binary message, as a bridge receives it. Times are exact to the second where frames carry seconds.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadFrame> {
        let (first, mut reader) = begin(bytes)?;
        match operation(first) {
            CONNACK => ConnAck::read(reader).map(Self::ConnAck),
            PUBLISH => Push::read(first, reader).map(Self::Publish),
            PUBACK => {
                let (id, secs, status) = (reader.u16()?, reader.u32()?, reader.u16()?);
                let at = Millis::new(i64::from(secs) * 1000 + i64::from(reader.u16()?));
                Ok(Self::PubAck { id, status, at, uid: reader.str()? })
            }
            QUERYACK => Ok(Self::QueryAck(Answer {
                id: reader.u16()?,
                at: whole_seconds(reader.u32()?),
                status: reader.u16()?,
                wants_answer: first & QOS != 0,
                body: reader.rest(),
            })),
            SUBACK | UNSUBACK | PINGRESP => Ok(Self::Pong),
            DISCONNECT => {
                reader.u8()?;
                Ok(Self::Disconnect(reader.u8()?))
            }
            other => Err(BadFrame::Operation(other)),
        }
    }
}

impl ConnAck {
    fn read(mut reader: Reader<'_>) -> Result<Self, BadFrame> {
        reader.u8()?;
        let status = reader.u8()?;
        if reader.left() == 0 {
            return Ok(Self::Refused(status));
        }
        Ok(Self::Accepted { user: reader.str()?, session: reader.str()?, at: Millis::new(reader.i64()?) })
    }
}

impl Push {
    fn encode(&self) -> Vec<u8> {
        let first = first_byte(PUBLISH, self.wants_answer) | if self.synced { SYNCED } else { 0 };
        let head = Writer::new(first).u32(seconds(self.at)).str(&self.topic).str(&self.target);
        head.u16(self.id).raw(&self.body).done()
    }

    fn read(first: u8, mut reader: Reader<'_>) -> Result<Self, BadFrame> {
        Ok(Self {
            at: whole_seconds(reader.u32()?),
            topic: reader.str()?,
            target: reader.str()?,
            id: reader.u16()?,
            wants_answer: first & QOS != 0,
            synced: first & SYNCED != 0,
            body: reader.rest(),
        })
    }
}

fn whole_seconds(secs: u32) -> Millis {
    Millis::new(i64::from(secs) * 1000)
}

/// Never prints the body: message text stays out of logs (L1).
impl std::fmt::Debug for Push {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Push({}, {}, {} bytes)", self.topic, self.id, self.body.len())
    }
}

/// Never prints the body.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({}, {}, {} bytes)", self.id, self.status, self.body.len())
    }
}
