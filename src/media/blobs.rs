//! Bytes under random names: in a folder, or in a bucket of an object store.

use std::{io, ops::Range, pin::Pin};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;

use crate::model::FileId;

#[cfg(test)]
mod conformance;
mod copies;
mod counted;
mod draft;
mod folder;
mod objects;

pub use copies::{Copied, copy_files};
pub use counted::{BlobStats, CountedBlobs};
pub use folder::FolderBlobs;
pub use objects::{NoBucket, ObjectBlobs};

/// The bytes of a file, piece by piece.
pub type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Names of files, one after the other.
pub type Names = Pin<Box<dyn Stream<Item = io::Result<FileId>> + Send>>;

/// Keeps bytes that never change.
#[async_trait]
pub trait Blobs: Send + Sync + 'static {
    /// Begins a new file of at most `size` bytes. [`io::ErrorKind::StorageFull`] while the reserve of the disk is used up (D4).
    async fn begin(&self, size: u64) -> io::Result<Box<dyn Draft>>;
    /// A part of a file; `None` when it is not there, or not of this size.
    async fn read(&self, file: FileId, size: u64, part: Range<u64>) -> io::Result<Option<Pieces>>;
    /// Removes a file. One that is not there is no error.
    async fn remove(&self, file: FileId) -> io::Result<()>;
    /// Some of the files that are older than a day and were begun by nobody who still runs: one of 256 parts of them,
    /// however many they are.
    async fn old(&self, turn: u8) -> io::Result<Names>;
}

/// A file that is being written. Dropping it leaves nothing behind.
#[async_trait]
pub trait Draft: Send {
    /// Adds bytes.
    async fn write(&mut self, bytes: Bytes) -> io::Result<()>;
    /// Everything written so far.
    async fn bytes(&mut self) -> io::Result<Bytes>;
    /// Gives the file its name. It is durable, under that name, when this returns.
    async fn keep(self: Box<Self>, file: FileId) -> io::Result<()>;
}

/// Of 256 shelves the one on which a file lies. Ids are random: their last bits spread them evenly.
fn shelf_of(file: FileId) -> u8 {
    file.as_u128().to_be_bytes()[15]
}

fn shelf_name(number: u8) -> String {
    format!("{number:02x}")
}
