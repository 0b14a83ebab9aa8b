//! Whether the process lives, and whether it takes new work.

use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::{HttpResponse, web::Data};
use serde_json::json;

use crate::{
    im::Im,
    model::{Code, Fault},
};

/// Whether the server takes new work.
#[derive(Debug, Default)]
pub struct Health {
    leaving: AtomicBool,
    draining: AtomicBool,
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
    if !im.ready().await {
        return Err(Fault::new(Code::Unavailable, "the store cannot take anything now"));
    }
    Ok(HttpResponse::Ok().json(json!({ "status": "ready" })))
}
