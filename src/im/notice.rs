//! Telling the app's back end what the store does not keep. What it keeps is recorded by its engine, in the same transaction.

use super::{Im, remembered::Remembered};
use crate::model::{
    AppKey, Conversation, Fault, Message, Notice, Source, Topic, UserId, notice::Topics, told::ToldMessage,
};

/// What the webhooks of apps want to hear of, for a moment: most of what passes is told to nobody.
#[derive(Debug)]
pub(super) struct Ears(Remembered<AppKey, Topics>);

impl Default for Ears {
    fn default() -> Self {
        Self(Remembered::at_most(10_000))
    }
}

impl Ears {
    pub(super) fn forget_all(&self) {
        self.0.forget_all();
    }

    pub(super) fn forget(&self, app: &AppKey) {
        self.0.forget(app);
    }
}

impl Im {
    /// Puts a notice of something that the store does not keep, such as presence, into the outbox.
    pub async fn notify_back_end(&self, app: &AppKey, notice: Notice) {
        if let Err(fault) = self.record(app, notice).await {
            tracing::warn!(code = fault.code.name(), app.key = %app, "A notice for the back end of app {app} was lost");
        }
    }

    async fn record(&self, app: &AppKey, notice: Notice) -> Result<(), Fault> {
        if self.is_told(app, notice.topic).await? {
            self.store.record(app, notice).await?;
        }
        Ok(())
    }

    /// Whether any webhook of the app wants this topic.
    pub(super) async fn is_told(&self, app: &AppKey, topic: Topic) -> Result<bool, Fault> {
        let read = async {
            let webhooks = self.store.webhooks(app).await?;
            let enabled = webhooks.iter().filter(|webhook| webhook.enabled);
            let wanted = enabled.fold(Topics::default(), |all, webhook| all.and(Topics::wanted_by(&webhook.topics)));
            Ok::<_, Fault>(wanted)
        };
        Ok(self.ears.0.get(app, read).await?.has(topic))
    }

    /// Tells of a message that passes without being kept. Signals of the moment are not told.
    pub(super) async fn tell_passing(&self, app: &AppKey, message: &Message, only: &[UserId], source: Source) {
        if message.content.name.is_status() {
            return;
        }
        if let Err(fault) = self.record_passing(app, message, only, source).await {
            tracing::warn!(code = fault.code.name(), app.key = %app, "A passing message of app {app} was not told");
        }
    }

    async fn record_passing(
        &self,
        app: &AppKey,
        message: &Message,
        only: &[UserId],
        source: Source,
    ) -> Result<(), Fault> {
        if !self.is_told(app, Topic::MessageSent).await? {
            return Ok(());
        }
        if source == Source::Api && !self.app_of(app).await?.is_some_and(|app| app.features.echo_back_end) {
            return Ok(());
        }
        let Some(found) = self.store.conversation(app, message.conversation).await? else { return Ok(()) };
        let target = target_in(&found, &message.from.id);
        let told = ToldMessage {
            uid: message.uid,
            conversation: message.conversation,
            kind: found.kind,
            target: &target,
            to: only,
            seq: message.seq,
            at: message.at,
            from: &message.from,
            client_id: message.client_id.as_ref(),
            name: &message.content.name,
            content: message.content.raw(),
            replaced: false,
            source,
        };
        Ok(self.store.record(app, told.notice()).await?)
    }
}

/// To whom a message of this sender goes in a conversation.
pub(super) fn target_in(found: &Conversation, sender: &UserId) -> String {
    match (&found.service, &found.handle) {
        (Some(service), _) if service.visitor == *sender => service.site.to_string(),
        (Some(service), _) => service.visitor.to_string(),
        (None, Some(handle)) => handle.to_string(),
        (None, None) => {
            let other = found.participants.iter().find(|other| found.kind.is_pair() && other.person.id != *sender);
            other.map_or_else(|| found.id.to_string(), |other| other.person.id.to_string())
        }
    }
}
