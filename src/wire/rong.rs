//! The compatible wire: what clients of the RongCloud Web SDK speak, `docs/COMPATIBLE.md`.
//!
//! Sans-IO. [`frame`] turns bytes into frames and back, for both sides: a server reads what clients write, and a bridge
//! to a server of that kind will read what servers write. [`poll`] is the same in the words of long polling. [`topic`]
//! lists what frames may be about, [`text`] the ways in which these clients spell characters.

mod bytes;
pub mod frame;
pub mod poll;
pub mod text;
pub mod topic;
