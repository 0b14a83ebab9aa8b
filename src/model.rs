//! The words of the product as plain types: ids, values, conversations, messages, commands and events.
//!
//! Floor 0. Nothing here reads a clock, a socket or a database, so that the wires and the domain can share
//! these types without knowing each other.

pub mod api_key;
pub mod app_secret;
pub mod audit;
pub mod broadcast;
pub mod calendar;
pub mod chatroom;
pub mod clock;
pub mod command;
pub mod contacts;
pub mod content;
pub mod conversation;
pub mod error;
pub mod event;
pub mod features;
pub mod file;
pub mod fold;
pub mod ids;
pub mod inbox;
pub mod json;
pub mod message;
mod named;
pub mod node;
pub mod notice;
pub mod person;
pub mod pre_send;
pub mod presence;
pub mod public_service;
pub mod restraint;
pub mod search;
pub mod site;
pub mod statistics;
pub mod tally;
pub mod told;
pub mod upstream;
pub mod webhook;
pub mod words;

pub use api_key::{ApiKey, Scope};
pub use app_secret::AppSecret;
pub use audit::{AuditEntry, NewAuditEntry};
pub use broadcast::Broadcast;
pub use clock::{Clock, Millis};
pub use command::{Command, Reply};
pub use contacts::Contacts;
pub use content::{Content, ObjectName};
pub use conversation::{Conversation, Kind, Mine, Position, Service, Stage};
pub use error::{Code, Fault};
pub use event::{Audience, Event, Hint};
pub use features::Features;
pub use file::{File, FileId, FileName, MediaType};
pub use ids::{
    AppKey, BroadcastId, ClientId, ConnectionId, ConversationId, Handle, KeyId, MessageUid, SecretId, Seq, SiteKey,
    UserId, WebhookId,
};
pub use inbox::{Arrival, Inbox, Stretch};
pub use message::{Message, Source};
pub use node::{NodeId, Question, Stale, Tidings};
pub use notice::{Notice, Topic};
pub use person::{Caller, Person, Role};
pub use public_service::PublicService;
pub use site::{App, Site};
pub use upstream::Upstream;
pub use webhook::Webhook;
