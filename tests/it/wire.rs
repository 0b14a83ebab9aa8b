//! The widget wire on a live server: journeys, and everything that may go wrong on the way.

mod blocks;
mod breakage;
mod catalogue;
mod chatrooms;
mod devices;
mod disk;
mod drain;
pub(crate) mod files;
mod groups;
mod history;
mod journeys;
mod lists;
mod own;
pub(crate) mod poll;
mod presence;
mod recall;
mod silence;
