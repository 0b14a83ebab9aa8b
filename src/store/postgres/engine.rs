//! The threads on which connections live. Verbs are called from every thread of the server, which may end before the store;
//! a connection must not depend on the thread that happened to make it.

use std::{future::Future, io};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::context::TokioContext;

/// A few threads of the store's own.
pub(super) struct Engine(Option<Runtime>);

impl Engine {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("store").enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    /// For tasks of the store's own.
    pub(super) fn handle(&self) -> Handle {
        self.0.as_ref().map_or_else(Handle::current, |runtime| runtime.handle().clone())
    }

    /// Does work where it is asked for, with sockets and timers of these threads.
    pub(super) async fn run<F: Future>(&self, work: F) -> F::Output {
        TokioContext::new(work, self.handle()).await
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Whoever drops it may be a task, which must not wait.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
