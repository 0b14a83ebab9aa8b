//! Contents that only signal: who asks who has read, who has read what, who types. None of them is kept.
//!
//! Source: spec "Message types and enums" §2.3.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Im, conversation::Route, deliver::Outgoing, recall::no_message};
use crate::model::{
    Caller, Code, Content, Fault, MessageUid, Millis, Seq, UserId,
    command::{History, Receipt},
    content::names,
};

/// Most senders to whom one answer goes.
const MOST_ASKERS: usize = 100;

impl Im {
    /// Does what a signal is for, and narrows those who hear it to those whom it concerns.
    pub(super) async fn heed(&self, caller: &Caller, route: &Route, outgoing: &mut Outgoing) -> Result<(), Fault> {
        match outgoing.content.name.as_str() {
            names::READ_REQUEST if route.kind.has_members() => {
                self.check_request(caller, route, &outgoing.content).await?;
            }
            names::READ_RESPONSE if route.kind.has_members() => {
                let mut askers = askers(&outgoing.content)?;
                askers.retain(|user| route.has(user));
                askers.push(caller.id().clone());
                outgoing.hears = Some(askers);
            }
            names::SYNC_READ => outgoing.hears = Some(vec![caller.id().clone()]),
            names::READ if route.kind.is_pair() => self.mark_read(caller, route, outgoing).await?,
            names::TYPING => outgoing.echo = false,
            _ => {}
        }
        Ok(())
    }

    /// Only the sender of a message asks who has read it.
    async fn check_request(&self, caller: &Caller, route: &Route, content: &Content) -> Result<(), Fault> {
        #[derive(Deserialize)]
        struct Request {
            #[serde(rename = "messageUId")]
            uid: MessageUid,
        }
        let Some(Request { uid }) = content.view() else {
            return Err(Fault::new(Code::BadRequest, "an RC:RRReqMsg needs the message in `messageUId`"));
        };
        let message = self.store.message(&caller.app, uid).await?;
        let message = message.filter(|message| message.conversation == route.id).ok_or_else(no_message)?;
        if message.from.id == *caller.id() {
            return Ok(());
        }
        Err(Fault::new(Code::Forbidden, "only the sender of a message asks who has read it"))
    }

    /// A read receipt of the older kind moves the reader's watermark like the `receipt` command.
    async fn mark_read(&self, caller: &Caller, route: &Route, outgoing: &Outgoing) -> Result<(), Fault> {
        let by_uid = match uid_of(&outgoing.content) {
            Some(uid) => self.store.message(&caller.app, uid).await?,
            None => None,
        };
        let read = match by_uid.filter(|message| message.conversation == route.id) {
            Some(message) => message.seq,
            None => match time_of(&outgoing.content) {
                Some(sent_at) => self.place_at(caller, route, sent_at).await?,
                None => None,
            },
        };
        if read.is_some() {
            let receipt = Receipt { conversation: route.id, delivered: None, read };
            self.receipt(caller, outgoing.except, receipt).await?;
        }
        Ok(())
    }

    /// The newest place that was taken until an instant.
    async fn place_at(&self, caller: &Caller, route: &Route, until: Millis) -> Result<Option<Seq>, Fault> {
        let before_at = Some(Millis::new(until.get().saturating_add(1)));
        let query = History { before_at, ..History::newest(route.id, 1) };
        let page = self.store.page(&caller.app, &query).await?;
        Ok(page.messages.first().and_then(|message| message.seq))
    }
}

/// Those whose messages an answer speaks of.
fn askers(content: &Content) -> Result<Vec<UserId>, Fault> {
    #[derive(Deserialize)]
    struct Response {
        #[serde(rename = "receiptMessageDic")]
        by_sender: BTreeMap<String, Value>,
    }
    let Some(Response { by_sender }) = content.view() else {
        return Err(Fault::new(Code::BadRequest, "an RC:RRRspMsg needs `receiptMessageDic`"));
    };
    Ok(by_sender.keys().take(MOST_ASKERS).filter_map(|user| user.parse().ok()).collect())
}

fn uid_of(content: &Content) -> Option<MessageUid> {
    #[derive(Deserialize)]
    struct Read {
        #[serde(rename = "messageUId")]
        uid: String,
    }
    content.view::<Read>()?.uid.parse().ok()
}

/// Clients write the instant as a number or as a text.
fn time_of(content: &Content) -> Option<Millis> {
    #[derive(Deserialize)]
    struct Read {
        #[serde(rename = "lastMessageSendTime")]
        at: Value,
    }
    let at = content.view::<Read>()?.at;
    at.as_i64().or_else(|| at.as_str()?.parse().ok()).map(Millis::new)
}
