//! Where pictures are developed: a few at a time, beside the threads that serve people.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::{
    picture::{Picture, PictureError, develop},
    sniff::Format,
};

/// Pictures developed at the same time: each may need 160 MiB.
const AT_ONCE: usize = 2;
/// Pictures that wait.
const WAITING: usize = 16;

/// A bounded pool for pictures.
#[derive(Debug, Clone)]
pub struct Studio {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Studio {
    fn default() -> Self {
        Self { running: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::new(Semaphore::new(AT_ONCE + WAITING)) }
    }
}

impl Studio {
    /// Develops a picture. Whoever gives up waiting does not stop one that was begun; it still counts until it ends.
    pub async fn develop(&self, bytes: Bytes, format: Format) -> Result<Picture, PictureError> {
        let waiting = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| PictureError::Busy)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| PictureError::Busy)?;
        let work = tokio::task::spawn_blocking(move || {
            let _held = (waiting, running);
            develop(&bytes, format)
        });
        // A decoder that panics met a picture it cannot read.
        work.await.unwrap_or(Err(PictureError::Damaged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn more_pictures_than_may_wait_are_sent_away() {
        let studio = Studio::default();
        let _all = studio.waiting.clone().acquire_many_owned(18).await.unwrap();
        let refused = studio.develop(Bytes::new(), Format::Png).await;
        assert_eq!(refused.err(), Some(PictureError::Busy));
    }
}
