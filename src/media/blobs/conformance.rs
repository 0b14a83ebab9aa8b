//! What every place for files does. Each engine's own tests run it.

use std::ops::Range;

use bytes::Bytes;
use futures_util::TryStreamExt;

use super::{Blobs, shelf_of};
use crate::model::FileId;

/// More than fits into one request to a bucket.
const BIG: u64 = 20 << 20;

/// Runs all of it on an empty place.
pub(super) async fn run(blobs: &dyn Blobs) {
    what_was_kept_is_read_back_in_parts(blobs).await;
    what_is_large_comes_and_goes_in_pieces(blobs).await;
    a_draft_can_be_seen_and_is_nothing_yet(blobs).await;
    what_breaks_off_is_never_there(blobs).await;
    what_is_missing_or_of_another_size_is_nothing(blobs).await;
    what_was_removed_is_gone(blobs).await;
    what_is_new_is_not_old(blobs).await;
}

async fn what_was_kept_is_read_back_in_parts(blobs: &dyn Blobs) {
    let file = keep(blobs, 1, b"hello world").await;
    assert_eq!(part(blobs, file, 11, 0..11).await.unwrap(), b"hello world");
    assert_eq!(part(blobs, file, 11, 6..11).await.unwrap(), b"world");
    // Not 0..1: the S3 server for tests takes `bytes=0-0` for everything.
    assert_eq!(part(blobs, file, 11, 0..2).await.unwrap(), b"he");
    assert_eq!(part(blobs, file, 11, 4..7).await.unwrap(), b"o w");
    let one = keep(blobs, 2, b"x").await;
    assert_eq!(part(blobs, one, 1, 0..1).await.unwrap(), b"x");
}

async fn what_is_large_comes_and_goes_in_pieces(blobs: &dyn Blobs) {
    // No two places alike, so that a part in the wrong place shows.
    let piece = |at: u64| -> Vec<u8> { (at..at + (64 << 10)).step_by(8).flat_map(u64::to_be_bytes).collect() };
    let mut draft = blobs.begin(BIG).await.unwrap();
    for at in (0..BIG).step_by(64 << 10) {
        draft.write(piece(at).into()).await.unwrap();
    }
    let file = FileId::from_u128(3);
    draft.keep(file).await.unwrap();
    let mut pieces = blobs.read(file, BIG, 0..BIG).await.unwrap().unwrap();
    let mut at = 0;
    while let Some(bytes) = pieces.try_next().await.unwrap() {
        for byte in &bytes {
            assert_eq!(*byte, (at - at % 8_u64).to_be_bytes()[usize::try_from(at % 8).unwrap()], "at {at}");
            at += 1;
        }
    }
    assert_eq!(at, BIG);
    let middle = (10 << 20)..(10 << 20) + (64 << 10);
    assert_eq!(part(blobs, file, BIG, middle.clone()).await.unwrap(), piece(middle.start));
    assert_eq!(part(blobs, file, BIG, BIG - 8..BIG).await.unwrap(), (BIG - 8).to_be_bytes());
}

async fn a_draft_can_be_seen_and_is_nothing_yet(blobs: &dyn Blobs) {
    let mut draft = blobs.begin(10).await.unwrap();
    draft.write(Bytes::from_static(b"ha")).await.unwrap();
    draft.write(Bytes::from_static(b"lf")).await.unwrap();
    assert_eq!(draft.bytes().await.unwrap(), "half");
    let file = FileId::from_u128(4);
    assert_eq!(part(blobs, file, 4, 0..4).await, None);
    draft.keep(file).await.unwrap();
    assert_eq!(part(blobs, file, 4, 0..4).await.unwrap(), b"half", "what was looked at is kept whole");
}

async fn what_breaks_off_is_never_there(blobs: &dyn Blobs) {
    let mut draft = blobs.begin(BIG).await.unwrap();
    draft.write(vec![7; 6 << 20].into()).await.unwrap();
    drop(draft);
    let mut draft = blobs.begin(BIG).await.unwrap();
    draft.write(vec![7; 6 << 20].into()).await.unwrap();
    let file = FileId::from_u128(5);
    {
        // Keeping it begins, and whoever waits for that goes.
        let mut keeping = draft.keep(file);
        let begun = std::future::poll_fn(|context| std::task::Poll::Ready(keeping.as_mut().poll(context))).await;
        assert!(begun.is_pending(), "6 MiB are not kept at once");
    }
    assert_eq!(part(blobs, file, 6 << 20, 0..1).await, None);
    assert_eq!(part(blobs, file, 5 << 20, 0..1).await, None);
}

async fn what_is_missing_or_of_another_size_is_nothing(blobs: &dyn Blobs) {
    let file = keep(blobs, 6, b"hello").await;
    assert_eq!(part(blobs, file, 6, 0..6).await, None, "a file of another size is not the one that was kept");
    assert_eq!(part(blobs, file, 6, 1..3).await, None);
    assert_eq!(part(blobs, FileId::from_u128(0xdead_0006), 5, 0..5).await, None, "on the same shelf");
    assert_eq!(part(blobs, FileId::from_u128(0xfe), 5, 0..5).await, None, "on a shelf that is not there");
}

async fn what_was_removed_is_gone(blobs: &dyn Blobs) {
    let file = keep(blobs, 8, b"hello").await;
    blobs.remove(file).await.unwrap();
    blobs.remove(file).await.unwrap();
    blobs.remove(FileId::from_u128(0xfd)).await.unwrap();
    assert_eq!(part(blobs, file, 5, 0..5).await, None);
}

async fn what_is_new_is_not_old(blobs: &dyn Blobs) {
    let file = keep(blobs, 0x0109, b"new").await;
    assert_eq!(shelf_of(file), 9);
    for turn in [0, 9, 0xfc] {
        assert_eq!(names(blobs, turn).await, []);
    }
    assert_eq!(part(blobs, file, 3, 0..3).await.unwrap(), b"new");
}

pub(super) async fn names(blobs: &dyn Blobs, turn: u8) -> Vec<FileId> {
    blobs.old(turn).await.unwrap().try_collect().await.unwrap()
}

async fn keep(blobs: &dyn Blobs, id: u128, text: &'static [u8]) -> FileId {
    let mut draft = blobs.begin(text.len() as u64).await.unwrap();
    draft.write(Bytes::from_static(text)).await.unwrap();
    let file = FileId::from_u128(id);
    draft.keep(file).await.unwrap();
    file
}

async fn part(blobs: &dyn Blobs, file: FileId, size: u64, part: Range<u64>) -> Option<Vec<u8>> {
    let pieces = blobs.read(file, size, part).await.unwrap()?;
    let pieces: Vec<Bytes> = pieces.try_collect().await.unwrap();
    Some(pieces.concat())
}
