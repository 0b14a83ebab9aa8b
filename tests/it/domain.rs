//! The domain with a clock that stands still: who may do what, and what happens then.

mod accounts;
mod back_end_groups;
mod back_end_messages;
mod blocks;
mod broadcasts;
mod chatrooms;
mod desk;
mod desk_users;
mod directed;
mod files;
mod finding;
mod groups;
mod inbox;
mod looks;
mod messages;
mod moderation;
mod own;
mod people;
mod presence;
mod recall;
mod record;
mod retention;
mod signals;
pub(crate) mod world;
