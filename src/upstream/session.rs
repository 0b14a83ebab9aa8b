//! One visitor's session: connects, talks, waits and connects again, until nobody needs it.

mod talk;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{sync::mpsc, time::Instant};

use self::talk::{Ending, Talk};
use super::{
    Order, Shared, Upper,
    door::{Without, enter},
    pace::pause_after,
};
use crate::{
    im::{
        Im,
        upstream::{Led, Upward},
    },
    model::{Caller, Fault},
    outbound::Socket,
    wire::rong::upstream::{End, door::Shut, refusal::away},
};

/// How long a session stays away from a service that does not want it.
const UNWANTED: Duration = Duration::from_secs(15);

/// A visitor's session.
pub(super) struct Session {
    shared: Arc<Shared>,
    upper: Arc<Upper>,
    im: Arc<Im>,
    visitor: Caller,
    led: Arc<Led>,
    orders: mpsc::Receiver<Order>,
    token: Option<String>,
    failures: u32,
    /// The token was new when it was refused.
    token_refused: bool,
}

impl Session {
    pub(super) fn new(
        shared: Arc<Shared>,
        upper: Arc<Upper>,
        im: Arc<Im>,
        visitor: Caller,
        led: Arc<Led>,
        orders: mpsc::Receiver<Order>,
    ) -> Self {
        Self { shared, upper, im, visitor, led, orders, token: None, failures: 0, token_refused: false }
    }

    /// Runs until nobody needs it or everything stops.
    pub(super) async fn run(mut self) -> Arc<Upper> {
        let (stop, upper) = (self.shared.stop.clone(), self.upper.clone());
        let running = async {
            while let Some(without) = self.once().await {
                if !self.wait(without).await {
                    break;
                }
            }
            // Whoever ordered something in the last moment hears that it was not done.
            self.orders.close();
            while let Some(order) = self.orders.recv().await {
                self.refuse(order, &away()).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = running => {}
        }
        upper
    }

    /// Connects and talks; why there is no line any more, or `None` when none is needed.
    async fn once(&mut self) -> Option<Without> {
        match self.im.led(&self.visitor.app).await {
            Ok(Some(led)) => {
                if *led != *self.led {
                    self.token = None;
                }
                self.led = led;
            }
            Ok(None) => return None,
            Err(_) => return Some(Without::Store),
        }
        self.upper.pace.turn().await;
        let outcome = match enter(&self.shared, &self.visitor, &self.led, &mut self.token).await {
            Ok(socket) => self.talk(socket).await,
            Err(without) => Ending::Without(without),
        };
        match outcome {
            Ending::Idle => None,
            Ending::Changed => Some(Without::Ended(End::Moved)),
            Ending::Without(without) => {
                self.shared.parts.figures.lost(without.name());
                self.note(without);
                Some(without)
            }
        }
    }

    async fn talk(&mut self, socket: Socket) -> Ending {
        let figures = self.shared.parts.figures.clone();
        let Ok(seat) = self.im.seat(&self.visitor).await else { return Ending::Without(Without::Store) };
        figures.sessions.inc();
        let mut talk = Talk::new(&self.shared, &self.im, &self.visitor, &self.led, &seat);
        let ending = talk.run(socket, &mut self.orders, &self.upper).await;
        if talk.is_ready() {
            self.failures = 0;
            self.token_refused = false;
        }
        figures.sessions.dec();
        ending
    }

    /// Remembers how the service is, and says so once.
    fn note(&self, without: Without) {
        if without.is_about_the_service() && self.upper.reachable.swap(false, Ordering::Relaxed) {
            let (app, why) = (&self.visitor.app, without.name());
            tracing::warn!(app.key = %app, why, "The upstream of app {app} cannot be used: {why}");
            self.im.upstream_changed(app);
        }
    }

    /// Waits before the next try; `false` when there is to be none.
    async fn wait(&mut self, without: Without) -> bool {
        self.failures = self.failures.saturating_add(1);
        let pause = match without {
            // Another server, or a new token, is tried at once; the second time it is no better than any failure.
            Without::Ended(End::Moved) if self.failures == 1 => Duration::ZERO,
            Without::Shut(Shut::Token) | Without::Ended(End::Token) if !self.token_refused => {
                (self.token, self.token_refused) = (None, true);
                Duration::ZERO
            }
            Without::Shut(Shut::Secret | Shut::App | Shut::Token)
            | Without::Ended(End::Token | End::App | End::Kicked | End::Blocked)
            | Without::Rules => {
                self.token = None;
                UNWANTED
            }
            _ => pause_after(self.failures, &mut rand::rng()),
        };
        let (until, fault) = (Instant::now() + pause, without.fault());
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(until) => break,
                order = self.orders.recv() => match order {
                    Some(order) if pause.is_zero() => {
                        self.refuse(order, &away()).await;
                    }
                    Some(order) if self.is_changed().await => {
                        // Perhaps somebody has just put it right.
                        self.refuse(order, &away()).await;
                        return true;
                    }
                    Some(order) => self.refuse(order, &fault).await,
                    None => return false,
                },
            }
        }
        self.im.is_here(&self.visitor.app, self.visitor.id())
    }

    /// Whether the app's conversations are led elsewhere by now, or by other credentials.
    async fn is_changed(&self) -> bool {
        self.im.led(&self.visitor.app).await.is_ok_and(|led| led.is_none_or(|led| *led != *self.led))
    }

    /// Tells that an order was not done. A message that may have arrived is never refused for good.
    async fn refuse(&self, order: Order, fault: &Fault) {
        // Nobody may be waiting any more.
        match order {
            Order::Say(message, reply) => {
                let fault = if self.may_have_arrived(&message).await { away() } else { fault.clone() };
                let _ = reply.send(Err(fault));
            }
            Order::Pass(_, reply) | Order::Recall(_, _, reply) => {
                let _ = reply.send(Err(fault.clone()));
            }
            Order::CatchUp(reply) => {
                let _ = reply.send(());
            }
            Order::Hint(_) => {}
        }
    }

    async fn may_have_arrived(&self, message: &Upward) -> bool {
        match self.im.seat(&self.visitor).await {
            Ok(seat) => seat.pending.is_some_and(|pending| pending.client_id == message.client_id),
            Err(_) => true,
        }
    }
}
