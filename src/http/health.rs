//! Whether the process lives, and whether it takes new work.

use std::{
    future::Future,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use actix_web::{HttpResponse, web::Data};
use serde_json::json;
use tokio::{sync::Mutex, time::Instant};

use crate::{
    im::Im,
    model::{Code, Fault},
};

/// For so long nobody else makes a commit to find out: anybody may ask, as often as they like.
const FRESH: Duration = Duration::from_secs(1);

/// Whether the server takes new work.
#[derive(Debug, Default)]
pub struct Health {
    leaving: AtomicBool,
    draining: AtomicBool,
    /// What was found out last, and when. Whoever asks meanwhile waits for the one who finds out.
    found: Mutex<Option<(Instant, bool)>>,
}

impl Health {
    /// From now on the server says that it is not ready, and still serves whoever comes: a balancer has time to notice.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// From now on the server only finishes what it has.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the server only finishes what it has.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Whether the store takes something, as it was found out within the last second or is now.
    async fn is_taking(&self, find_out: impl Future<Output = bool>) -> bool {
        let mut found = self.found.lock().await;
        if let Some((at, is_taking)) = *found
            && at.elapsed() < FRESH
        {
            return is_taking;
        }
        let is_taking = find_out.await;
        *found = Some((Instant::now(), is_taking));
        is_taking
    }
}

/// The fault of everything that comes while the server stops.
pub fn restarting() -> Fault {
    Fault::new(Code::Restarting, "the server restarts; try again in a moment").retry_after(2)
}

/// `GET /health`: the process answers.
pub(super) async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// `GET /ready`: new visitors may be sent here.
pub(super) async fn ready(health: Data<Health>, im: Data<Im>) -> Result<HttpResponse, Fault> {
    if health.is_draining() || health.leaving.load(Ordering::Relaxed) {
        return Err(restarting());
    }
    if !health.is_taking(im.ready()).await {
        return Err(Fault::new(Code::Unavailable, "the store cannot take anything now"));
    }
    Ok(HttpResponse::Ok().json(json!({ "status": "ready" })))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn of_many_who_ask_within_a_second_one_finds_out() {
        let (health, commits) = (Health::default(), AtomicU32::new(0));
        let find_out = async |answer| {
            commits.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            answer
        };
        let answers = join_all((0..1000).map(|_| health.is_taking(find_out(true)))).await;
        assert!(answers.into_iter().all(|is_taking| is_taking));
        assert_eq!(commits.load(Ordering::Relaxed), 1);
        assert!(health.is_taking(find_out(false)).await, "as it was a moment ago");
        tokio::time::advance(FRESH).await;
        assert!(!health.is_taking(find_out(false)).await);
        assert_eq!(commits.load(Ordering::Relaxed), 2);
    }
}
