//! Files in a bucket of an object store, as `PREFIX/XX/NAME`: the names that a folder has, so that either can be copied to
//! the other.
//!
//! What comes in is written to a draft on this machine first, and sent to the bucket when all of it is there: a picture
//! must be seen whole before it is kept, and what breaks off never reaches the bucket.

use std::{
    io,
    ops::Range,
    path::Path as Folder,
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, future::ready};
use object_store::{
    Error, GetOptions, GetRange, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload,
    client::{HttpError, HttpErrorKind},
    path::Path,
};
use tokio::sync::Semaphore;

use super::{
    Blobs, Draft, Names, Pieces,
    draft::{Drafts, OLD, Scratch},
    shelf_name, shelf_of,
};
use crate::model::FileId;

/// Bytes sent in one request. Stores want parts of 5 MiB or more, all but the last of one size.
const PART: usize = 5 << 20;
/// Files on their way to the bucket at once, each with one part in memory; the others wait.
const SENDING: usize = 8;
/// The first words with the store.
const PATIENCE: Duration = Duration::from_secs(20);

/// Files in a bucket.
#[derive(Debug)]
pub struct ObjectBlobs {
    bucket: Arc<Bucket>,
    drafts: Drafts,
}

#[derive(Debug)]
struct Bucket {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    sending: Semaphore,
}

/// Why a bucket is of no use.
#[derive(Debug, thiserror::Error)]
pub enum NoBucket {
    /// Nobody answers now; that may pass.
    #[error("it cannot be reached: {0}")]
    Away(String),
    /// It answers, and not as it must.
    #[error("{0}")]
    Refused(String),
}

impl ObjectBlobs {
    /// Files below `prefix` in a bucket, with drafts in a folder of this machine, which is made when missing. Uploads are
    /// refused while less than one and a half times `reserve` bytes are free there (D4).
    pub fn open(store: Arc<dyn ObjectStore>, prefix: &str, drafts: &Folder, reserve: u64) -> io::Result<Self> {
        let bucket = Bucket { store, prefix: Path::from(prefix), sending: Semaphore::new(SENDING) };
        let drafts = Drafts::open(drafts.to_owned(), reserve)?;
        Ok(Self { bucket: Arc::new(bucket), drafts })
    }

    /// Writes, reads, lists and removes something small: whether the bucket is there, and whether we may do all of it.
    pub async fn probe(&self) -> Result<(), NoBucket> {
        match tokio::time::timeout(PATIENCE, self.bucket.probe()).await {
            Ok(result) => result.map_err(|error| why(&error)),
            Err(_) => Err(NoBucket::Away("no answer in time".to_owned())),
        }
    }
}

impl Bucket {
    fn shelf(&self, number: u8) -> Path {
        self.prefix.clone().join(shelf_name(number))
    }

    fn path(&self, file: FileId) -> Path {
        self.shelf(shelf_of(file)).join(file.to_string())
    }

    async fn probe(&self) -> Result<(), Error> {
        let path = self.prefix.clone().join(format!("probe-{}", uuid::Uuid::new_v4()));
        self.store.put(&path, PutPayload::from_static(b"parlor")).await?;
        self.store.get(&path).await?.bytes().await?;
        self.store.list(Some(&self.shelf(0))).next().await.transpose()?;
        self.store.delete(&path).await
    }

    async fn send(&self, path: &Path, scratch: &mut Scratch) -> io::Result<()> {
        let _turn = self.sending.acquire().await.map_err(io::Error::other)?;
        let size = scratch.begin_again().await?;
        let first = scratch.next(PART).await?;
        if first.len() as u64 == size {
            self.store.put(path, first.into()).await.map_err(io::Error::other)?;
            return Ok(());
        }
        let upload = self.store.put_multipart(path).await.map_err(io::Error::other)?;
        let mut parts = Parts(Some(upload));
        let mut part = first;
        while !part.is_empty() {
            parts.add(part).await?;
            part = scratch.next(PART).await?;
        }
        parts.complete().await
    }
}

/// A file that is sent in parts. Dropped before its end, what was sent is thrown away: nobody can read it, but it would be
/// kept.
struct Parts(Option<Box<dyn MultipartUpload>>);

impl Parts {
    async fn add(&mut self, part: Bytes) -> io::Result<()> {
        let Some(upload) = &mut self.0 else { return Ok(()) };
        upload.put_part(part.into()).await.map_err(io::Error::other)
    }

    async fn complete(mut self) -> io::Result<()> {
        let Some(upload) = &mut self.0 else { return Ok(()) };
        upload.complete().await.map_err(io::Error::other)?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if let Some(mut upload) = self.0.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                if let Err(error) = upload.abort().await {
                    tracing::warn!(%error, "Parts of a file were not thrown away; the bucket's own rule must do it");
                }
            });
        }
    }
}

#[async_trait]
impl Blobs for ObjectBlobs {
    async fn begin(&self, size: u64) -> io::Result<Box<dyn Draft>> {
        Ok(Box::new(ObjectDraft { scratch: self.drafts.begin(size).await?, bucket: Arc::clone(&self.bucket) }))
    }

    async fn read(&self, file: FileId, size: u64, part: Range<u64>) -> io::Result<Option<Pieces>> {
        let range = (part != (0..size)).then_some(GetRange::Bounded(part));
        let options = GetOptions { range, ..GetOptions::default() };
        match self.bucket.store.get_opts(&self.bucket.path(file), options).await {
            Ok(found) if found.meta.size == size => Ok(Some(Box::pin(found.into_stream().map_err(io::Error::other)))),
            Ok(_) | Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    async fn remove(&self, file: FileId) -> io::Result<()> {
        match self.bucket.store.delete(&self.bucket.path(file)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    async fn old(&self, turn: u8) -> io::Result<Names> {
        if turn == 0 {
            self.drafts.sweep().await?;
        }
        let entries = self.bucket.store.list(Some(&self.bucket.shelf(turn)));
        Ok(Box::pin(entries.map_err(io::Error::other).try_filter_map(|entry| ready(Ok(old_file(&entry))))))
    }
}

/// The file, if it is old.
fn old_file(entry: &ObjectMeta) -> Option<FileId> {
    let age = SystemTime::from(entry.last_modified).elapsed().unwrap_or_default();
    if age > OLD { entry.location.filename()?.parse().ok() } else { None }
}

/// A file that is not in the bucket yet.
struct ObjectDraft {
    scratch: Scratch,
    bucket: Arc<Bucket>,
}

#[async_trait]
impl Draft for ObjectDraft {
    async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        self.scratch.write(&bytes).await
    }

    async fn bytes(&mut self) -> io::Result<Bytes> {
        self.scratch.bytes().await
    }

    async fn keep(mut self: Box<Self>, file: FileId) -> io::Result<()> {
        let path = self.bucket.path(file);
        self.bucket.send(&path, &mut self.scratch).await
    }
}

/// What TLS says; errors of the system wrap it, also one another, and do not name it as their source.
fn as_tls<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    match error.downcast_ref::<io::Error>() {
        Some(wrapping) => wrapping.get_ref().and_then(|inner| as_tls(inner)),
        None => error.downcast_ref(),
    }
}

/// What a first word that failed means, in few words.
fn why(error: &Error) -> NoBucket {
    let (mut cause, mut away): (Option<&(dyn std::error::Error + 'static)>, _) = (Some(error), None);
    while let Some(inner) = cause {
        if let Some(rustls::Error::InvalidCertificate(_)) = as_tls(inner) {
            let whose = "its certificate is of nobody who is trusted, or of another host";
            return NoBucket::Refused(format!("{whose}; files.ca_file names authorities of one's own"));
        }
        if let Some(http) = inner.downcast_ref::<HttpError>() {
            away = Some(match http.kind() {
                HttpErrorKind::Timeout => "no answer in time",
                HttpErrorKind::Connect => "no connection",
                _ => "the connection broke off",
            });
        }
        cause = inner.source();
    }
    if let Some(what) = away {
        return NoBucket::Away(what.to_owned());
    }
    let text = error.to_string();
    // The store's own name of the error, in its XML.
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code);
    let code = code.filter(|code| code.len() < 100).map(|code| format!(" ({code})")).unwrap_or_default();
    match error {
        Error::NotFound { .. } => NoBucket::Refused(format!("there is no such bucket{code}")),
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            let rights = "the key needs the rights to put, get, delete and list objects there";
            NoBucket::Refused(format!("the store refuses{code}: files.key_id or files.secret is wrong, or {rights}"))
        }
        _ if text.contains("status code: 5") => NoBucket::Away(format!("the store is in trouble{code}")),
        _ if code.is_empty() => {
            NoBucket::Refused("what answers there is no object store, or not of this region".into())
        }
        _ => NoBucket::Refused(format!("the store refuses{code}")),
    }
}

#[cfg(test)]
mod server;
#[cfg(test)]
mod tests;
