//! Counts what a place for files could not do, for metrics.

use std::{
    io,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt;

use super::{Blobs, Draft, Names, Pieces};
use crate::model::FileId;

/// What failed since the start.
#[derive(Debug, Default)]
pub struct BlobStats {
    /// Files that could not be kept. Not those for which the disk has no room.
    pub writes: AtomicU64,
    /// Files that could not be read, or not to their end.
    pub reads: AtomicU64,
    /// Files that could not be removed.
    pub removals: AtomicU64,
    /// Looks for old files that broke off.
    pub looks: AtomicU64,
}

/// A place for files, and what it could not do.
pub struct CountedBlobs<B> {
    place: B,
    stats: Arc<BlobStats>,
}

impl<B> CountedBlobs<B> {
    /// Counts what this place cannot do.
    pub fn of(place: B, stats: Arc<BlobStats>) -> Self {
        Self { place, stats }
    }
}

fn count<T>(result: io::Result<T>, failed: &AtomicU64) -> io::Result<T> {
    if result.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::StorageFull) {
        failed.fetch_add(1, Ordering::Relaxed);
    }
    result
}

#[async_trait]
impl<B: Blobs> Blobs for CountedBlobs<B> {
    async fn begin(&self, size: u64) -> io::Result<Box<dyn Draft>> {
        let draft = count(self.place.begin(size).await, &self.stats.writes)?;
        Ok(Box::new(CountedDraft { draft, stats: Arc::clone(&self.stats) }))
    }

    async fn read(&self, file: FileId, size: u64, part: Range<u64>) -> io::Result<Option<Pieces>> {
        let found = count(self.place.read(file, size, part).await, &self.stats.reads)?;
        let stats = Arc::clone(&self.stats);
        let counted = |pieces: Pieces| {
            let pieces = pieces.inspect_err(move |_| {
                stats.reads.fetch_add(1, Ordering::Relaxed);
            });
            Box::pin(pieces) as Pieces
        };
        Ok(found.map(counted))
    }

    async fn remove(&self, file: FileId) -> io::Result<()> {
        count(self.place.remove(file).await, &self.stats.removals)
    }

    async fn old(&self, turn: u8) -> io::Result<Names> {
        let names = count(self.place.old(turn).await, &self.stats.looks)?;
        let stats = Arc::clone(&self.stats);
        Ok(Box::pin(names.inspect_err(move |_| {
            stats.looks.fetch_add(1, Ordering::Relaxed);
        })))
    }
}

struct CountedDraft {
    draft: Box<dyn Draft>,
    stats: Arc<BlobStats>,
}

#[async_trait]
impl Draft for CountedDraft {
    async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        count(self.draft.write(bytes).await, &self.stats.writes)
    }

    async fn bytes(&mut self) -> io::Result<Bytes> {
        count(self.draft.bytes().await, &self.stats.writes)
    }

    async fn keep(self: Box<Self>, file: FileId) -> io::Result<()> {
        count(self.draft.keep(file).await, &self.stats.writes)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;
    use crate::media::{FolderBlobs, blobs::conformance};

    /// A place that is away; what it began to give breaks off.
    struct Away;

    struct Nowhere;

    fn away<T>() -> io::Result<T> {
        Err(io::ErrorKind::ConnectionReset.into())
    }

    #[async_trait]
    impl Blobs for Away {
        async fn begin(&self, size: u64) -> io::Result<Box<dyn Draft>> {
            if size > 9 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(Box::new(Nowhere)) }
        }

        async fn read(&self, _: FileId, _: u64, part: Range<u64>) -> io::Result<Option<Pieces>> {
            if part.start > 0 { away() } else { Ok(Some(Box::pin(stream::iter([away()])))) }
        }

        async fn remove(&self, _: FileId) -> io::Result<()> {
            away()
        }

        async fn old(&self, turn: u8) -> io::Result<Names> {
            if turn > 0 { away() } else { Ok(Box::pin(stream::iter([away()]))) }
        }
    }

    #[async_trait]
    impl Draft for Nowhere {
        async fn write(&mut self, _: Bytes) -> io::Result<()> {
            Ok(())
        }

        async fn bytes(&mut self) -> io::Result<Bytes> {
            Ok(Bytes::new())
        }

        async fn keep(self: Box<Self>, _: FileId) -> io::Result<()> {
            away()
        }
    }

    fn counts(stats: &BlobStats) -> [u64; 4] {
        [&stats.writes, &stats.reads, &stats.removals, &stats.looks].map(|count| count.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn what_is_counted_does_what_every_place_does() {
        let (folder, stats) = (tempfile::tempdir().unwrap(), Arc::<BlobStats>::default());
        let blobs = CountedBlobs::of(FolderBlobs::open(folder.path(), 0).unwrap(), Arc::clone(&stats));
        conformance::run(&blobs).await;
        assert_eq!(counts(&stats), [0; 4], "a file that is not there is no failure");
    }

    #[tokio::test]
    async fn what_a_place_cannot_do_is_counted_by_its_kind() {
        let (file, stats) = (FileId::from_u128(7), Arc::<BlobStats>::default());
        let blobs = CountedBlobs::of(Away, Arc::clone(&stats));
        assert!(blobs.begin(10).await.is_err(), "no room is said by another figure");
        let draft = blobs.begin(1).await.unwrap();
        assert!(draft.keep(file).await.is_err());
        assert!(blobs.read(file, 9, 1..9).await.is_err());
        let pieces = blobs.read(file, 9, 0..9).await.unwrap().unwrap();
        assert!(pieces.try_collect::<Vec<_>>().await.is_err());
        assert!(blobs.remove(file).await.is_err());
        assert!(blobs.old(1).await.is_err());
        assert!(blobs.old(0).await.unwrap().try_collect::<Vec<_>>().await.is_err());
        assert_eq!(counts(&stats), [1, 2, 1, 2]);
    }
}
