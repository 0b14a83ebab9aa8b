//! Order among one client's sends, without waiting until each is durable.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// A send's place in its client's order. It is over as soon as the store has the message in line (or the send ended
/// otherwise); then the client's next send may begin, so that both can share one commit.
#[derive(Debug, Default)]
pub struct Turn(Option<Arc<AtomicBool>>);

impl Turn {
    /// A turn, and the flag that is raised when it is over.
    pub fn begin() -> (Self, Arc<AtomicBool>) {
        let over = Arc::new(AtomicBool::new(false));
        (Self(Some(over.clone())), over)
    }

    /// Runs `append`; the turn is over once that has been polled, for then it stands in the store's line.
    pub(super) async fn until_in_line<F: Future>(self, append: F) -> F::Output {
        let (mut turn, mut append) = (Some(self), pin!(append));
        std::future::poll_fn(move |context| {
            let done = append.as_mut().poll(context);
            drop(turn.take());
            done
        })
        .await
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(over) = &self.0 {
            over.store(true, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn a_turn_is_over_when_the_append_was_polled_and_not_before() {
        let (turn, over) = Turn::begin();
        let mut work = pin!(turn.until_in_line(std::future::pending::<()>()));
        assert!(!over.load(Ordering::Acquire));
        assert!(work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert!(over.load(Ordering::Acquire));
    }

    #[test]
    fn a_turn_that_is_given_up_is_over() {
        let (turn, over) = Turn::begin();
        drop(turn);
        assert!(over.load(Ordering::Acquire));
    }
}
