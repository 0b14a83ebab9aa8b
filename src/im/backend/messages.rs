//! Sending as anybody of the app, taking any message back, clearing somebody's history.
//!
//! What the back end sends takes the same last steps as everybody's messages (`im/deliver.rs`); it is not held up by
//! silences, and not by memberships.

use std::sync::Arc;

use futures_util::{StreamExt, stream};

pub use super::template::Words;
use super::{Backend, template};
use crate::{
    im::{
        conversation::Route,
        deliver::Outgoing,
        error::not_found,
        recall::{no_message, notice},
        rights::recipients,
        turn::Turn,
    },
    model::{
        Audience, ClientId, Code, Content, ConversationId, Event, Fault, Handle, Kind, Message, MessageUid, Millis,
        Mine, Person, Role, Source, UserId,
        command::Sent,
        content::{Flags, names},
        conversation::Keeping,
    },
    store::Demand,
};

/// Most users of one call, private.
pub const MOST_USERS: usize = 1000;
/// Most users of one system message.
pub const MOST_SYSTEM_USERS: usize = 100;
/// Most groups of one call.
pub const MOST_GROUPS: usize = 3;
/// Messages of one call that wait for the store together, so that they share its commits.
const TOGETHER: usize = 64;

/// A message as the back end sends it.
#[derive(Debug, Clone)]
pub struct Post {
    /// Whose it is. Without it the house's, where the house may speak.
    pub from: Option<UserId>,
    /// Where it goes.
    pub to: Addressees,
    /// What it says.
    pub content: Content,
    /// Words for the marks of the content, one set per addressee in their order.
    pub words: Option<Vec<Words>>,
    /// Makes the call harmless to repeat: one message per place and client id.
    pub client_id: Option<ClientId>,
    /// Kept, whatever its type says.
    pub stored: Option<bool>,
    /// Counted as unread, whatever its type says. What is not kept is never counted.
    pub counted: Option<bool>,
    /// The sender's own devices hear it too.
    pub include_sender: bool,
    /// Who has blocked the sender does not hear it.
    pub respect_blocks: bool,
    /// Whom it is for besides the sender, in groups; empty: everybody inside.
    pub only: Vec<UserId>,
    /// A person may send system messages too, as the compatible server API has it.
    pub any_sender: bool,
}

/// Where a message of the back end goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addressees {
    /// To these users, each in private: 1–1,000.
    Users(Vec<UserId>),
    /// To these users, who can only read it: 1–100.
    System(Vec<UserId>),
    /// To everybody in these groups and discussions: 1–3.
    Groups(Vec<Place>),
}

/// How the back end names a group or discussion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// By our id.
    Conversation(ConversationId),
    /// By its own id.
    Handle(Kind, Handle),
}

/// What became of a message for one addressee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The user, or the group as it was named.
    pub to: String,
    /// Its ids, or why it was not sent.
    pub outcome: Result<Sent, Fault>,
}

/// How the back end takes a message back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TakeBack {
    /// It is shown as taken back by an administrator, not by its sender.
    pub admin: bool,
    /// Nothing is shown: it is deleted for everybody.
    pub delete: bool,
}

impl Backend<'_> {
    /// Sends a message to each addressee. Fails as a whole when the call itself is wrong.
    pub async fn send(&self, post: Post) -> Result<Vec<Posted>, Fault> {
        check(&post)?;
        self.im.check_content(&post.content)?;
        let sender = self.sender(&post).await?;
        let (sender, post) = (&sender, &post);
        let tasks: Vec<_> = match &post.to {
            Addressees::Users(users) => {
                users.iter().map(|user| (user.to_string(), To::User(Kind::Private, user))).collect()
            }
            Addressees::System(users) => {
                users.iter().map(|user| (user.to_string(), To::User(Kind::System, user))).collect()
            }
            Addressees::Groups(places) => places.iter().map(|place| (place.to_string(), To::Place(place))).collect(),
        };
        let posted = stream::iter(tasks.into_iter().enumerate()).map(async |(index, (name, to))| Posted {
            to: name,
            outcome: self.send_one(post, sender, to, index).await,
        });
        Ok(posted.buffered(TOGETHER).collect().await)
    }

    async fn send_one(&self, post: &Post, sender: &Person, to: To<'_>, index: usize) -> Result<Sent, Fault> {
        let route = match to {
            To::User(Kind::System, user) => match self.im.service_of(self.app, &sender.id, user).await? {
                Some(service) => self.pair_with(service.kind, &sender.id, user).await?,
                None => self.pair_with(Kind::System, &sender.id, user).await?,
            },
            To::User(kind, user) => self.pair_with(kind, &sender.id, user).await?,
            To::Place(place) => self.group_route(place).await?,
        };
        if post.respect_blocks {
            self.im.not_blocked(self.app, sender, route.kind, &route.participants).await?;
        }
        let content = match post.words.as_ref().and_then(|words| words.get(index)) {
            Some(words) => template::fill(&post.content, words)?,
            None => post.content.clone(),
        };
        let only = recipients(&route, &sender.id, post.only.clone())?;
        self.im.deliver(&route, self.outgoing(post, sender.clone(), content, only)).await
    }

    fn outgoing(&self, post: &Post, from: Person, content: Content, only: Vec<UserId>) -> Outgoing {
        let usual = content.name.flags();
        let stored = post.stored.unwrap_or(usual.stored);
        Outgoing {
            app: self.app.clone(),
            from,
            client_id: post.client_id.clone(),
            content,
            original: None,
            flags: Flags { stored, counted: stored && post.counted.unwrap_or(usual.counted) },
            only,
            hears: None,
            demand: Demand::Open,
            source: Source::Api,
            except: None,
            echo: post.include_sender,
            turn: Turn::default(),
        }
    }

    /// Who sends. In private a person does; a system message comes from the house or a sender made for it.
    async fn sender(&self, post: &Post) -> Result<Person, Fault> {
        let Some(id) = &post.from else {
            if matches!(post.to, Addressees::Users(_)) {
                return Err(Fault::new(Code::BadRequest, "a private message needs its sender in `from`"));
            }
            return Ok(Person::house());
        };
        let found = self.im.store.user(self.app, id).await?.ok_or_else(|| no_user(id))?;
        let fits = match post.to {
            Addressees::Users(_) => found.role != Role::System,
            Addressees::System(_) => found.role == Role::System || (post.any_sender && found.role == Role::User),
            Addressees::Groups(_) => true,
        };
        if fits {
            return Ok(found);
        }
        Err(Fault::new(Code::BadRequest, "people send private messages, system senders send system messages"))
    }

    /// The way to the conversation of this kind between a sender and a user who may be written to.
    pub(in crate::im) async fn pair_with(
        &self,
        kind: Kind,
        sender: &UserId,
        user: &UserId,
    ) -> Result<Arc<Route>, Fault> {
        if sender == user {
            return Err(Fault::new(Code::BadRequest, "nobody writes to themselves"));
        }
        let found = self.im.store.user(self.app, user).await?;
        if !found.is_some_and(|person| matches!(person.role, Role::User | Role::Agent)) {
            return Err(no_user(user));
        }
        self.im.pair_route(self.app, kind, sender, user).await
    }

    /// The way to a group or discussion.
    pub(in crate::im) async fn group_route(&self, place: &Place) -> Result<Arc<Route>, Fault> {
        let id = match place {
            Place::Conversation(id) => *id,
            Place::Handle(kind, handle) => {
                self.im.store.conversation_by_handle(self.app, *kind, handle).await?.ok_or_else(no_group)?.id
            }
        };
        let route = self.im.route_of(self.app, id).await.map_err(|_| no_group())?;
        if route.kind.has_members() { Ok(route) } else { Err(no_group()) }
    }

    /// Any kept message of the app.
    pub async fn message(&self, uid: MessageUid) -> Result<Message, Fault> {
        self.im.store.message(self.app, uid).await?.ok_or_else(no_message)
    }

    /// The conversation of a kind between two; made when missing.
    pub async fn between(&self, kind: Kind, user: &UserId, other: &UserId) -> Result<ConversationId, Fault> {
        if user == other {
            return Err(Fault::new(Code::BadRequest, "nobody talks with themselves"));
        }
        Ok(self.im.pair_route(self.app, kind, user, other).await?.id)
    }

    /// Takes any message of the app back, however old. Doing so twice is harmless.
    pub async fn recall(&self, uid: MessageUid, how: TakeBack) -> Result<Message, Fault> {
        let message = self.im.store.message(self.app, uid).await?.ok_or_else(no_message)?;
        let stays =
            if how.delete { message.content.name.as_str() == names::DELETED } else { message.content.is_gone() };
        if stays {
            return Ok(message);
        }
        let route = self.im.route_of(self.app, message.conversation).await?;
        let by = if how.admin { Person::house() } else { message.from.clone() };
        let content = if how.delete { Content::deleted() } else { notice(&route, &message, &by) };
        self.im.replace(route.audience(self.app), uid, content).await
    }

    /// Hides from a user everything said in a conversation until an instant. Others still see it.
    pub async fn clear_history(
        &self,
        user: &UserId,
        conversation: ConversationId,
        until: Millis,
    ) -> Result<Mine, Fault> {
        let route = self.im.route_of(self.app, conversation).await?;
        if !route.has(user) {
            return Err(not_found());
        }
        let mine = self.im.store.keep(self.app, conversation, user, Keeping::ClearedUntil(until)).await?;
        let audience = Audience { users: vec![user.clone()], ..Audience::of(self.app.clone()) };
        self.im.publish(audience, Event::Mine { conversation, mine: mine.clone() });
        Ok(mine)
    }
}

/// Where one copy goes.
#[derive(Debug, Clone, Copy)]
enum To<'a> {
    User(Kind, &'a UserId),
    Place(&'a Place),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Conversation(id) => id.fmt(f),
            Self::Handle(_, handle) => handle.fmt(f),
        }
    }
}

/// Refuses calls that cannot be meant.
fn check(post: &Post) -> Result<(), Fault> {
    let (count, most, what) = match &post.to {
        Addressees::Users(users) => (users.len(), MOST_USERS, "users"),
        Addressees::System(users) => (users.len(), MOST_SYSTEM_USERS, "users"),
        Addressees::Groups(places) => (places.len(), MOST_GROUPS, "groups"),
    };
    if !(1..=most).contains(&count) {
        return Err(Fault::new(Code::BadRequest, format!("{count} {what} were given; allowed are 1 to {most}")));
    }
    if post.words.as_ref().is_some_and(|words| words.len() != count) {
        return Err(Fault::new(Code::BadRequest, "give one set of words per addressee"));
    }
    if matches!(post.content.name.as_str(), names::RECALLED | names::DELETED) {
        return Err(Fault::new(Code::BadRequest, "messages are taken back by a call of its own"));
    }
    if !post.only.is_empty() && !matches!(&post.to, Addressees::Groups(places) if places.len() == 1) {
        return Err(Fault::new(Code::BadRequest, "a message for some members goes to one group"));
    }
    Ok(())
}

pub(in crate::im) fn no_user(id: &UserId) -> Fault {
    Fault::new(Code::NotFound, format!("no such user: {id}"))
}

pub(in crate::im) fn no_group() -> Fault {
    Fault::new(Code::NotFound, "no such group or discussion")
}
