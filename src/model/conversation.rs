//! Conversations: ordered messages among participants.

use serde::{Deserialize, Serialize};

use super::{ConversationId, Handle, Message, Millis, Person, Seq, SiteKey, UserId};

/// The kinds of conversation, with the numbers of the catalogue (§3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Two users.
    Private,
    /// A few users who talk; whoever is inside may bring others.
    Discussion,
    /// Users under an owner.
    Group,
    /// Whoever comes in; who is inside lives in memory, and there is no history for those who are not.
    Chatroom,
    /// A visitor and the app's agents.
    Service,
    /// The house, or a sender that the app's back end names, and a user who only listens.
    System,
    /// An account of the app that every user follows, and a user.
    AppService,
    /// An account of the app that users follow when they want to, and a user.
    PublicService,
}

impl Kind {
    /// Every kind, in the order of the numbers.
    pub const ALL: [Self; 8] = [
        Self::Private,
        Self::Discussion,
        Self::Group,
        Self::Chatroom,
        Self::Service,
        Self::System,
        Self::AppService,
        Self::PublicService,
    ];

    /// The kind with this number of the catalogue.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// Whether its people come and go.
    pub const fn has_members(self) -> bool {
        matches!(self, Self::Discussion | Self::Group)
    }

    /// Whether it is between exactly two.
    pub const fn is_pair(self) -> bool {
        matches!(self, Self::Private | Self::System | Self::AppService | Self::PublicService)
    }

    /// The catalogue's number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Private => 1,
            Self::Discussion => 2,
            Self::Group => 3,
            Self::Chatroom => 4,
            Self::Service => 5,
            Self::System => 6,
            Self::AppService => 7,
            Self::PublicService => 8,
        }
    }
}

/// A place in a conversation's order, and the identity of that order. A client whose epoch differs refetches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Changes when the order was rewritten, such as by a restore.
    pub epoch: u64,
    /// Everything up to here.
    pub seq: Seq,
}

/// A conversation as its participants see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id; for service conversations also the `sid` of the handshake.
    pub id: ConversationId,
    /// What it is.
    pub kind: Kind,
    /// The app's own id of a group, discussion or chatroom that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<Handle>,
    /// The newest message's place.
    pub head: Position,
    /// When it began.
    pub created_at: Millis,
    /// When it last changed (message, stage).
    pub changed_at: Millis,
    /// Those who take part: both users, the visitor and the agent who answers, or some of a group's members.
    pub participants: Vec<Participant>,
    /// The newest stored message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Message>,
    /// The desk's side; service conversations only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// What groups and discussions have besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// How the one who asked keeps it; never told to anybody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mine: Option<Mine>,
}

/// What a group or discussion has besides its people.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// How many are inside. The conversation names some of them only.
    pub members: u32,
    /// Only the owner and those allowed may write.
    pub silenced: bool,
    /// When it was dismissed: nobody writes any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dismissed_at: Option<Millis>,
}

impl Group {
    /// Most members of a group or discussion.
    pub const MOST_MEMBERS: usize = 3000;
    /// Most members that the conversation itself names: its owner, who came last, and whoever asks.
    pub const SHOWN_MEMBERS: u32 = 50;
}

/// What somebody is in a group or discussion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Member {
    /// Decides who is inside and who may write.
    pub owner: bool,
    /// May not write.
    pub silenced: bool,
    /// Until then they may not write; for ever without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silenced_until: Option<Millis>,
    /// May write while the whole group is silenced.
    pub allowed: bool,
}

impl Member {
    /// Whether they may not write at this instant.
    pub fn is_silenced(&self, now: Millis) -> bool {
        self.silenced && self.silenced_until.is_none_or(|until| now < until)
    }

    /// The same, with a silence that is over taken away.
    #[must_use]
    pub fn at(self, now: Millis) -> Self {
        if self.is_silenced(now) { self } else { Self { silenced: false, silenced_until: None, ..self } }
    }
}

/// Which members of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Everybody.
    All,
    /// Those who may not write at this instant.
    Silenced(Millis),
    /// Those who may write while all others may not.
    Allowed,
}

/// How one participant keeps a conversation in their own list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mine {
    /// It stands before those that are not pinned.
    pub pinned: bool,
    /// New messages make no sound.
    pub muted: bool,
    /// It was taken out of the list and nothing was said since.
    pub removed: bool,
    /// Counted messages they have neither read nor thrown away.
    pub unread: u64,
    /// Unread messages that call them by name.
    pub mentions: u64,
    /// Everything up to here was cleared away and is not shown to them.
    pub cleared: Seq,
}

/// A change of how somebody keeps a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// Pins it, or lets it go.
    Pinned(bool),
    /// Mutes it, or lets it ring again.
    Muted(bool),
    /// Takes it out of the list until something new is said.
    Removed,
    /// Clears away everything up to this place.
    Cleared(Seq),
    /// Clears away everything sent until this instant.
    ClearedUntil(Millis),
}

/// What somebody has not read, over all conversations in their list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Unread {
    /// Unread messages.
    pub total: u64,
    /// Those of them in muted conversations.
    pub muted: u64,
}

impl Conversation {
    /// The participant with this id.
    pub fn participant(&self, user: &UserId) -> Option<&Participant> {
        self.participants.iter().find(|participant| participant.person.id == *user)
    }

    /// Whether this user takes part.
    pub fn has(&self, user: &UserId) -> bool {
        self.participant(user).is_some()
    }

    /// The visitor of a service conversation.
    pub fn visitor(&self) -> Option<&Participant> {
        let visitor = &self.service.as_ref()?.visitor;
        self.participant(visitor)
    }
}

/// Somebody in a conversation, and how far they got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Participant {
    /// Who.
    #[serde(flatten)]
    pub person: Person,
    /// Whether one of their devices is connected. Filled in by the domain, not by the store.
    pub online: bool,
    /// Everything up to here has reached one of their devices.
    pub delivered: Seq,
    /// Everything up to here has been seen. `read ≤ delivered ≤ head`.
    pub read: Seq,
    /// When `read` last moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Millis>,
    /// Counted messages after `read` that are not their own.
    pub unread: u64,
    /// What they are in a group or discussion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<Member>,
}

/// The desk's side of a service conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// The site where it began.
    pub site: SiteKey,
    /// Who asks.
    pub visitor: UserId,
    /// Where it stands.
    pub stage: Stage,
    /// Since when the visitor's newest words are unanswered; `None` when it is the visitor's turn or it ended.
    pub waiting_since: Option<Millis>,
    /// How many visitors of the app wait longer; while waiting only. Filled in by the domain, not by the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ahead: Option<u64>,
    /// What the visitor's browser told when the conversation began.
    pub context: Context,
    /// The visitor's rating, once given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
}

impl Service {
    /// Whether it stood in line when it was read and stood there no more when its place was asked for.
    pub const fn has_moved_on(&self) -> bool {
        matches!(self.stage, Stage::Queued { .. }) && self.ahead.is_none()
    }
}

/// What a visitor's browser tells. All optional, nothing of it is proof of anything (V4).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Context {
    /// Page address, cut to origin and path (E8).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Page title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where the visitor came from, cut to origin and path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// Language tag of the browser, such as `en-GB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// IANA time zone, such as `Europe/Berlin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Browser and system in a few words, such as `Firefox 140, Windows`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// Where a service conversation stands. Robots and groups join as further stages.
///
/// Source: spec "Customer-service flow" §7.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "lowercase")]
pub enum Stage {
    /// The visitor waits for an agent.
    Queued {
        /// Since when.
        since: Millis,
    },
    /// Nobody was online: the visitor may leave a message, an agent may still take it.
    Offline {
        /// Since when.
        since: Millis,
    },
    /// An agent answers.
    Human {
        /// Who.
        agent: UserId,
        /// Since when.
        since: Millis,
    },
    /// Over. A new message of the visitor begins a new conversation.
    Ended {
        /// When.
        at: Millis,
        /// Who or what ended it.
        by: EndedBy,
        /// The agent who had it, if any.
        agent: Option<UserId>,
    },
}

impl Stage {
    /// The stage's name on the wire and in the store.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Offline { .. } => "offline",
            Self::Human { .. } => "human",
            Self::Ended { .. } => "ended",
        }
    }

    /// Whether messages are still accepted.
    pub const fn is_open(&self) -> bool {
        !matches!(self, Self::Ended { .. })
    }

    /// The agent who has or had it.
    pub const fn agent(&self) -> Option<&UserId> {
        match self {
            Self::Human { agent, .. } => Some(agent),
            Self::Ended { agent, .. } => agent.as_ref(),
            Self::Queued { .. } | Self::Offline { .. } => None,
        }
    }

    /// When it came to this stage.
    pub const fn since(&self) -> Millis {
        match self {
            Self::Queued { since } | Self::Offline { since } | Self::Human { since, .. } => *since,
            Self::Ended { at, .. } => *at,
        }
    }
}

/// Who or what ended a service conversation (spec "Customer-service flow" §7, quit reasons).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The visitor ended it.
    VisitorClosed,
    /// The visitor was away too long.
    VisitorTimeout,
    /// The agent ended it.
    AgentClosed,
}

/// A visitor's rating of a conversation; a later one replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// Stars, 1–5.
    pub stars: u8,
    /// Chosen labels.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The visitor's words.
    #[serde(default)]
    pub text: String,
    /// Whether the question is solved, if answered.
    #[serde(default)]
    pub solved: Option<bool>,
    /// When.
    pub at: Millis,
}

/// Which service conversations an agent looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// Nobody has it: queued, or left while nobody was online.
    Waiting,
    /// Mine, and open.
    Mine,
    /// Ended.
    Closed,
    /// Everything, newest change first.
    All,
}

impl View {
    /// Every view, in the order of the sidebar.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Mine, Self::Closed, Self::All];

    /// Its name in addresses and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Mine => "mine",
            Self::Closed => "closed",
            Self::All => "all",
        }
    }

    /// The view with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.name() == name)
    }
}
