//! Asking the app's back end about a message before it is taken.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Im, conversation::Route, deliver::Outgoing, notice::target_in, remembered::Remembered};
use crate::{
    auth::app_secret::SharedSecret,
    model::{
        AppKey, Code, Content, Fault,
        pre_send::{PreSend, Question, Review},
        webhook::Form,
    },
    store::outbox::SealedSecrets,
};

/// Who carries questions to back ends. The domain knows no HTTP.
#[async_trait]
pub trait Reviewer: Send + Sync + 'static {
    /// Asks, and waits no longer than the hook says.
    async fn review(&self, app: &AppKey, hook: &PreSend, signer: &Signer, question: &Question<'_>) -> Review;
}

/// What signs questions.
#[derive(Debug, Clone)]
pub enum Signer {
    /// The hook's own secrets, in the standard form.
    Standard(SealedSecrets),
    /// The app's secrets, oldest first, in the compatible form.
    Compatible(Vec<SharedSecret>),
}

/// A hook with what signs its questions.
type Hook = Arc<(PreSend, Signer)>;

/// Pre-send hooks by app, for a moment: most apps have none.
#[derive(Debug)]
pub(super) struct PreSends(Remembered<AppKey, Option<Hook>>);

impl Default for PreSends {
    fn default() -> Self {
        Self(Remembered::at_most(10_000))
    }
}

impl PreSends {
    pub(super) fn forget_all(&self) {
        self.0.forget_all();
    }

    pub(super) fn forget(&self, app: &AppKey) {
        self.0.forget(app);
    }
}

impl Im {
    /// What becomes of a message that somebody connected wants to send, by the word of the app's back end. What back ends
    /// say themselves, and signals of the moment, do not come by here.
    pub(super) async fn ask_back_end(
        &self,
        route: &Route,
        outgoing: &Outgoing,
        content: Content,
    ) -> Result<Content, Fault> {
        let Some(hook) = self.pre_send_of(&outgoing.app).await? else { return Ok(content) };
        let (settings, signer) = &*hook;
        if !settings.covers(route.kind) || content.name.is_status() {
            return Ok(content);
        }
        match self.review(route, outgoing, &content, settings, signer).await? {
            Review::Pass => Ok(content),
            Review::Refuse => Err(Fault::new(Code::RefusedByApp, "the app does not take this message")),
            Review::Replace(body) => {
                let replaced = Content::new(content.name.clone(), body).ok();
                let replaced = replaced.filter(|replaced| self.check_content(replaced).is_ok());
                replaced.map_or_else(|| without_answer(settings, content), Ok)
            }
            Review::NoAnswer => without_answer(settings, content),
        }
    }

    async fn review(
        &self,
        route: &Route,
        outgoing: &Outgoing,
        content: &Content,
        settings: &PreSend,
        signer: &Signer,
    ) -> Result<Review, Fault> {
        let Some(reviewer) = &self.reviewer else { return Ok(Review::NoAnswer) };
        let found = self.store.conversation(&outgoing.app, route.id).await?;
        let target = found.map_or_else(|| route.id.to_string(), |found| target_in(&found, &outgoing.from.id));
        let question = Question {
            conversation: route.id,
            kind: route.kind,
            target: &target,
            to: &outgoing.only,
            at: self.clock.now(),
            from: &outgoing.from,
            client_id: outgoing.client_id.as_ref(),
            name: &content.name,
            content: content.raw(),
            source: outgoing.source,
        };
        Ok(reviewer.review(&outgoing.app, settings, signer, &question).await)
    }

    async fn pre_send_of(&self, app: &AppKey) -> Result<Option<Hook>, Fault> {
        let read = async {
            let Some((hook, secrets)) = self.store.pre_send(app).await? else { return Ok(None) };
            let signer = match hook.form {
                Form::Standard => Signer::Standard(secrets),
                Form::Compatible => Signer::Compatible(self.shared_secrets(app).await?),
            };
            Ok(Some(Arc::new((hook, signer))))
        };
        self.pre_sends.0.get(app, read).await
    }
}

/// Without an answer the app's own policy decides.
fn without_answer(hook: &PreSend, content: Content) -> Result<Content, Fault> {
    if hook.pass_without_answer {
        return Ok(content);
    }
    let message = "the app cannot look at this message now; send it again in a moment";
    Err(Fault::new(Code::Unavailable, message).retry_after(5))
}
