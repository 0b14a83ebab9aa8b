//! Bytes under random names. Today a folder; the trait is small so that an object store can take its place.

use std::{io, ops::Range, pin::Pin};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;

use crate::model::FileId;

mod copies;
mod folder;

pub use copies::{Copied, copy_files};
pub use folder::FolderBlobs;

/// The bytes of a file, piece by piece.
pub type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Keeps bytes that never change.
#[async_trait]
pub trait Blobs: Send + Sync + 'static {
    /// Begins a new file of at most `size` bytes. [`io::ErrorKind::StorageFull`] while the reserve of the disk is used up (D4).
    async fn begin(&self, size: u64) -> io::Result<Box<dyn Draft>>;
    /// A part of a file; `None` when it is not there, or not of this size.
    async fn read(&self, file: FileId, size: u64, part: Range<u64>) -> io::Result<Option<Pieces>>;
    /// Removes a file. One that is not there is no error.
    async fn remove(&self, file: FileId) -> io::Result<()>;
    /// Some of the files that are older than a day and were begun by nobody who still runs; another part of them with
    /// each call, everything within 256 calls.
    async fn old(&self, turn: u8) -> io::Result<Vec<FileId>>;
}

/// A file that is being written. Dropping it leaves nothing behind.
#[async_trait]
pub trait Draft: Send {
    /// Adds bytes.
    async fn write(&mut self, bytes: Bytes) -> io::Result<()>;
    /// Everything written so far.
    async fn bytes(&mut self) -> io::Result<Bytes>;
    /// Gives the file its name. It is on the disk, under that name, when this returns.
    async fn keep(self: Box<Self>, file: FileId) -> io::Result<()>;
}
