//! Webhooks: where an app's back end wants to hear of what happens, and how far each notice got.

use serde::{Deserialize, Serialize, Serializer};

use super::{ConversationId, Millis, Topic, WebhookId, named::named};

/// Most webhooks of one app.
pub const MAX_WEBHOOKS: usize = 10;

/// How what a webhook or the pre-send hook hears is written and signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// In our words, signed by headers with a secret of its own (N3).
    #[default]
    Standard,
    /// As callbacks of the compatible protocol are, signed in the address with the app's secret.
    Compatible,
}

impl Form {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Standard, Self::Compatible];

    /// Its name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Compatible => "compatible",
        }
    }

    /// The form with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.name() == name)
    }

    /// What can be told in it.
    pub const fn topics(self) -> &'static [Topic] {
        match self {
            Self::Standard => Topic::ALL,
            Self::Compatible => &[
                Topic::MessageSent,
                Topic::UserOnline,
                Topic::UserOffline,
                Topic::ChatroomCreated,
                Topic::ChatroomJoined,
                Topic::ChatroomLeft,
                Topic::ChatroomEnded,
            ],
        }
    }
}

/// An address that hears of an app's notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where the notices go.
    pub url: String,
    /// What it is for, in its owner's words.
    pub description: String,
    /// What it hears of; everything when empty.
    pub topics: Vec<Topic>,
    /// How it hears it.
    pub form: Form,
    /// Whether it hears of anything now.
    pub enabled: bool,
    /// The receiver answered 410 and was switched off for it.
    pub gone: bool,
    /// How many notices were recorded for it. Each has its place among them: 1, 2, 3 … without gaps.
    pub sequence: u64,
    /// Attempts that failed in a row.
    pub failures: u32,
    /// Nothing is tried until then, because too much failed or the receiver asked for it.
    pub paused_until: Option<Millis>,
    /// When it was made.
    pub created_at: Millis,
    /// When its owner last changed it.
    pub changed_at: Millis,
}

/// One thing that happened, with the same id in every attempt and towards every webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NoticeId(pub u128);

impl std::fmt::Display for NoticeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "evt_{:032x}", self.0)
    }
}

impl Serialize for NoticeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How far a notice got towards one webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Not yet delivered; it is or will be tried.
    Waiting,
    /// The receiver said that it has it.
    Delivered,
    /// Given up after the last attempt. It can be replayed.
    Parked,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Parked];

    /// Its name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Parked => "parked",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

named! {
    /// What came of an attempt. Nothing else of the receiver's answer is kept or shown (N2).
    pub enum Outcome;

    /// Answered 2xx.
    Delivered = "delivered";
    /// Answered 3xx. Redirects are not followed.
    Redirected = "redirected";
    /// Answered 4xx.
    Refused = "refused";
    /// Answered 410: the webhook is switched off.
    Gone = "gone";
    /// Answered 5xx, or a status that does not exist.
    Failed = "failed";
    /// No answer in time.
    Late = "late";
    /// Nobody listens there, the name is unknown, or the certificate is not good.
    Unreachable = "unreachable";
    /// The connection broke off, or what came is not HTTP.
    Broken = "broken";
    /// The URL leads where the server must not ask.
    Forbidden = "forbidden";
    /// It waited for days behind others that could not be delivered.
    TooOld = "too_old";
}

/// One notice on its way to one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Its place among the webhook's notices.
    pub sequence: u64,
    /// The notice.
    pub id: NoticeId,
    /// What it is about.
    pub topic: Topic,
    /// Which conversation it is about, if any.
    pub conversation: Option<ConversationId>,
    /// When it happened.
    pub at: Millis,
    /// How far it got.
    pub state: DeliveryState,
    /// How often it was tried since it was recorded or last replayed.
    pub attempts: u32,
    /// When it is tried next. A waiting one without it stands behind another of its conversation.
    pub due_at: Option<Millis>,
    /// What came of the last attempt.
    pub outcome: Option<Outcome>,
}

/// One HTTP request of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// When it began.
    pub at: Millis,
    /// How long it took.
    pub millis: u32,
    /// What came of it.
    pub outcome: Outcome,
}

/// Which deliveries of a webhook to list: newest first.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeliveryList {
    /// Only those in this state.
    pub state: Option<DeliveryState>,
    /// Only notices of this instant or later.
    pub since: Option<Millis>,
    /// Only those with a lower sequence.
    pub before: Option<u64>,
    /// At most so many, 1–100.
    pub limit: u16,
}

/// A page of deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryPage {
    /// Newest first.
    pub deliveries: Vec<Delivery>,
    /// There are older ones.
    pub more: bool,
}
