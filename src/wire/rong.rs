//! The compatible wire: what clients of the RongCloud Web SDK speak, `docs/COMPATIBLE.md`.
//!
//! Sans-IO. [`frame`] turns bytes into frames and back, for both sides: a server reads what clients write, and a bridge
//! to a server of that kind will read what servers write. [`poll`] is the same in the words of long polling. [`topic`]
//! lists what frames may be about, [`text`] the ways in which these clients spell characters.
//!
//! Above that, words: [`ask`] turns a client's frames into commands of the domain, [`answer`] and [`down`] turn what the
//! domain knows into bodies for one reader, [`status`] refusals into numbers and [`reply`] all of that into frames;
//! [`delivery`] keeps what a connection was told.

pub mod answer;
pub mod ask;
mod bytes;
pub mod delivery;
pub mod dialect;
pub mod down;
pub mod frame;
pub mod place;
pub mod poll;
pub mod reply;
pub mod status;
pub mod text;
pub mod topic;
pub mod upstream;
