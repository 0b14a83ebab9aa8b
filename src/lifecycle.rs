//! How the server stops: not ready → nobody let in → sockets told to come back → commits finished → done (D7).

use std::time::Duration;

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};
use tracing::{info, warn};

use crate::app::{Carrier, Parlor};

/// What is left to do after the time is up or patience is out may take this long.
const LAST_STEPS: Duration = Duration::from_secs(4);

/// How long other services may still answer what visitors wrote.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// How long a server of several, which is not ready any more, serves whoever comes: a balancer that asks each second and wants
/// two such answers has noticed by then. With less time to stop it is a tenth of that.
const NOTICE: Duration = Duration::from_secs(2);

/// Runs until the first order to stop, then stops in order; a second order ends the waiting.
pub async fn run(parlor: Parlor, mut orders: mpsc::Receiver<()>) {
    orders.recv().await;
    let time = Duration::from_secs(parlor.config.server.stop_secs);
    info!("Stopping; a second signal ends the wait");
    tokio::select! {
        () = drain(&parlor) => {}
        () = tokio::time::sleep(time) => warn!("Not everything was finished after {} s", time.as_secs()),
        Some(()) = orders.recv() => warn!("Told twice to stop; not waiting any longer"),
    }
    if tokio::time::timeout(LAST_STEPS, close(parlor)).await.is_err() {
        warn!("The last steps took too long");
    }
    info!("Stopped");
}

/// Nothing new; what is under way is finished.
async fn drain(parlor: &Parlor) {
    let time = Duration::from_secs(parlor.config.server.stop_secs);
    if matches!(parlor.bus, Carrier::Among(_)) {
        parlor.health.leave();
        tokio::time::sleep(NOTICE.min(time / 10)).await;
    }
    // The listeners stay open: who comes now hears 503 at once, instead of waiting in a queue that nobody serves.
    parlor.health.drain();
    // Connections live on the workers: they must have ended before those stop.
    let time = time * 4 / 5;
    let mut drained = std::pin::pin!(parlor.gateway.drain(time));
    if tokio::time::timeout(LAST_ANSWERS, &mut drained).await.is_err() {
        // Whoever waits for another service, which may be away, must not hold up everybody.
        parlor.upstream.stop().await;
        drained.await;
    }
    parlor.server.stop(true).await;
}

/// What must happen however short the time.
async fn close(parlor: Parlor) {
    parlor.server.stop(false).await;
    parlor.upkeep.cancel();
    parlor.upstream.stop().await;
    parlor.delivering.stop().await;
    parlor.bus.close().await;
    parlor.store.close().await;
    // Its result tells only whether the accept loop failed, and it has been told to end.
    let _ = parlor.serving.await;
}

/// SIGTERM and SIGINT as orders to stop.
pub fn signals() -> std::io::Result<mpsc::Receiver<()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (give, orders) = mpsc::channel(2);
    tokio::task::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if give.send(()).await.is_err() {
                return;
            }
        }
    });
    Ok(orders)
}
