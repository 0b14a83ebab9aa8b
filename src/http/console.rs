//! The agents' console: its pages, and the few requests that need no socket.
//!
//! Every address renders complete; scripts take over from there and speak the widget wire. No policy lives here: what
//! an agent may see and do is decided by `im`.

pub mod inbox;
pub mod login;
pub mod name;
pub mod preferences;
pub mod setup;

mod csrf;
mod page;
mod refusal;
mod session;
mod view;

pub(super) use csrf::Inside;
pub use session::AGENT_COOKIE;
pub(super) use session::Agent;
