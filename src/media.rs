//! Files as bytes: where they are kept, what they are, and pictures made harmless.
//!
//! Floor 2. Knows nothing of whom a file belongs to: rows, rights and quotas are for `store` and `im`.

pub mod blobs;
pub mod picture;
pub mod sniff;
pub mod studio;

pub use blobs::{Blobs, Draft, FolderBlobs, ObjectBlobs};
pub use studio::Studio;
