//! Journeys of people through real browsers: two people, one conversation.
//!
//! They run when `PARLOR_BROWSER_TESTS=1` (as `scripts/check` does) and say so loudly when they do not.
//! A journey speaks only in what people do and see, found by role and accessible name; how a browser is driven is
//! hidden in [`stage`]. `PARLOR_BROWSER_EVIDENCE` names the folder for pictures of failures; `PARLOR_BROWSER_TRACE=1`
//! adds what went over the wire.

mod stage;
mod vocabulary;

mod accessible;
mod away;
mod chat;
mod compat;
mod desk;
mod files;
mod launcher;
mod led;
mod line;
mod sdk;
mod strangers;
