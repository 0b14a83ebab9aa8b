//! The history of one hour, taken out whole.

use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::OwnedSemaphorePermit;

use super::Backend;
use crate::{
    model::{
        AppKey, Code, ConversationId, Fault, Kind, Message, MessageUid, Millis, ObjectName, UserId, calendar::Hour,
    },
    store::statistics::Exported,
};

/// Exports at work on this server at once.
pub(in crate::im) const AT_ONCE: usize = 2;

/// An export under way. Its place is free again when this is dropped.
#[derive(Debug)]
pub struct Export {
    hour: Hour,
    after: Option<MessageUid>,
    done: bool,
    _place: OwnedSemaphorePermit,
}

/// One line of an export.
#[derive(Serialize)]
struct Line<'a> {
    uid: MessageUid,
    at: Millis,
    app: &'a AppKey,
    kind: Kind,
    conversation: ConversationId,
    /// The other user, or the app's own id of the group or chatroom.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    from: &'a UserId,
    #[serde(rename = "type")]
    name: &'a ObjectName,
    content: &'a RawValue,
}

impl Backend<'_> {
    /// Begins to take out what was kept in an hour that is over. While something may still come into it: [`Code::NotYet`].
    pub async fn begin_export(&self, hour: Hour) -> Result<Export, Fault> {
        let now = self.im.clock.now();
        if hour.until() > now {
            let message = format!("the hour {hour} is not over yet; ask for it from the next one on");
            return Err(Fault::new(Code::BadRequest, message));
        }
        let busy = |_| Fault::new(Code::RateLimited, "other exports are at work; try again").retry_after(10);
        let place = self.im.exports.clone().try_acquire_owned().map_err(busy)?;
        if let Some(secs) = self.im.store.seal(hour.until(), now).await? {
            let message = format!("messages may still come into the hour {hour}; ask for it again in a while");
            return Err(Fault::new(Code::NotYet, message).retry_after(secs));
        }
        Ok(Export { hour, after: None, done: false, _place: place })
    }

    /// Whether nothing was kept in an hour that is over.
    pub async fn is_empty_hour(&self, hour: Hour) -> Result<bool, Fault> {
        let mut export = self.begin_export(hour).await?;
        while let Some(messages) = self.exported(&mut export).await? {
            if !messages.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The next messages of an export, the kinds of their conversations and whom they were for. `None` after the last.
    pub async fn exported(&self, export: &mut Export) -> Result<Option<Vec<(Message, Kind, Option<String>)>>, Fault> {
        let messages = self.part(export).await?;
        Ok(messages.map(|part| part.into_iter().map(|one| (one.message, one.kind, one.target)).collect()))
    }

    /// The next lines of an export: JSON objects, each ended by a line break. `None` after the last.
    pub async fn export_lines(&self, export: &mut Export) -> Result<Option<Vec<u8>>, Fault> {
        let Some(messages) = self.part(export).await? else { return Ok(None) };
        let mut lines = Vec::new();
        for exported in &messages {
            let line = self.line(exported);
            serde_json::to_writer(&mut lines, &line).map_err(|_| Fault::new(Code::Internal, "a line has no form"))?;
            lines.push(b'\n');
        }
        Ok(Some(lines))
    }

    async fn part(&self, export: &mut Export) -> Result<Option<Vec<Exported>>, Fault> {
        if export.done {
            return Ok(None);
        }
        let (from, until) = (export.hour.from(), export.hour.until());
        let part = self.im.store.part(self.app, from, until, export.after).await?;
        (export.after, export.done) = (part.next, part.next.is_none());
        Ok(Some(part.messages))
    }

    fn line<'a>(&'a self, Exported { message, kind, target }: &'a Exported) -> Line<'a> {
        Line {
            uid: message.uid,
            at: message.at,
            app: self.app,
            kind: *kind,
            conversation: message.conversation,
            to: target.as_deref(),
            from: &message.from.id,
            name: &message.content.name,
            content: message.content.raw(),
        }
    }
}
