//! What came of the work: answers, and what the connection is afterwards.

use std::{
    sync::{Arc, atomic::AtomicI32},
    task::{Context, Poll},
};

use futures_util::StreamExt;

use super::{Connection, Done, End, Guest, Inbox, Turned};
use crate::{
    gateway::{
        hello::Seat,
        rong::{Ticket, ask::Answered, find::Asker, line::Line, tell::Teller},
        room::RoomSeat,
    },
    im::accounts::SignedIn,
    model::{Fault, Kind, Millis, chatroom::JoinedChatroom, error::CloseCode},
    proto::rong::{ChrmOutput, SyncRequestMsg},
    wire::rong::{
        frame::{ConnAck, Request, ServerFrame},
        place::Place,
        reply,
        status::Status,
    },
};

/// How a user is who has said nothing of it.
const ONLINE: i32 = 1;
impl<L: Line> Connection<L> {
    /// Takes what came to its end; tells whether anything did.
    pub(super) fn finish_work(&mut self, cx: &mut Context<'_>) -> Turned<bool> {
        let mut any = false;
        while let Poll::Ready(Some(done)) = self.work.poll_next_unpin(cx) {
            any = true;
            self.finish(done, cx)?;
        }
        Turned::Continue(any)
    }

    fn finish(&mut self, done: Done, cx: &mut Context<'_>) -> Turned {
        let now = self.gateway.im.now();
        match done {
            Done::Greeted { ticket, outcome } => return self.greeted(ticket, outcome, cx),
            Done::Sent { request, outcome, began_at } => {
                self.gateway.figures.deliver_seconds.observe(began_at.elapsed().as_secs_f64());
                self.ready.extend(reply::published(&request, outcome.as_ref().map_err(|status| *status), now));
            }
            Done::Published { request, outcome } => {
                let uid = self.gateway.im.mint_uid();
                self.ready.extend(reply::done(&request, outcome.map(|()| uid), now));
            }
            Done::Answered { request, outcome } => self.answered(&request, outcome, now),
            Done::Pulled { request, asked, outcome } => self.pulled(&request, &asked, outcome, now),
            Done::Joined { request, outcome } => self.joined(&request, outcome, now),
            Done::Learned(Ok(learned)) => {
                if let Some(event) = self.held.take() {
                    self.tell(&event, Some(learned), now);
                }
            }
            // What was not told, the pull after the next connect brings.
            Done::Learned(Err(_)) => return Turned::Break(End::Ours(CloseCode::Overload)),
            Done::Marked => {
                if let Some(guest) = &mut self.guest {
                    guest.marking = false;
                }
                self.mark();
            }
            Done::Checked(outcome) => return self.checked(outcome),
        }
        Turned::Continue(())
    }

    /// The server's first words: who the client is, or that it is not let in.
    fn greeted(&mut self, ticket: Ticket, outcome: Result<Box<Seat>, u8>, cx: &mut Context<'_>) -> Turned {
        let seat = match outcome {
            Ok(seat) => *seat,
            Err(status) => {
                self.ready.push_back(ServerFrame::ConnAck(ConnAck::Refused(status)));
                self.flush(cx)?;
                return Turned::Break(End::Refused);
            }
        };
        self.admission.authenticated();
        let caller = seat.membership.caller.clone();
        self.ready.push_front(ServerFrame::ConnAck(ConnAck::Accepted {
            user: caller.id().to_string(),
            session: self.line.session().unwrap_or_else(|| format!("s{}", self.outbox.id.0)),
            at: seat.welcomed_at,
        }));
        let teller = Teller::new(caller.id().clone(), L::dialect(&ticket.sdk_version));
        let asker = Asker {
            im: self.gateway.im.clone(),
            caller,
            connection: self.outbox.id,
            origin: ticket.origin.into(),
            status: Arc::new(AtomicI32::new(ONLINE)),
        };
        self.guest = Some(Box::new(Guest { seat, asker, teller, marking: false }));
        Turned::Continue(())
    }

    fn pulled(&mut self, request: &Request, asked: &SyncRequestMsg, outcome: Result<Inbox, Fault>, now: Millis) {
        let Some(guest) = &mut self.guest else { return };
        match outcome {
            Ok((found, more)) => {
                let (answer, then) = guest.teller.pulled(asked, &found, more, now);
                let body = guest.teller.dialect.write(&answer);
                self.ready.push_back(reply::answered(request, Ok(body), now));
                self.ready.extend(then);
                self.mark();
            }
            Err(fault) => self.ready.push_back(reply::answered(request, Err(Status::of(fault.code, None)), now)),
        }
    }

    fn answered(&mut self, request: &Request, outcome: Result<Answered, Status>, now: Millis) {
        let (answer, then) = match outcome {
            Ok(Answered { status, body, then }) => (reply::answered_in_part(request, status, body, now), then),
            Err(status) => (reply::answered(request, Err(status), now), Vec::new()),
        };
        self.ready.push_back(answer);
        for event in then {
            self.tell(&Arc::new(event), None, now);
        }
    }

    fn joined(&mut self, request: &Request, outcome: Result<Box<(RoomSeat, JoinedChatroom)>, Fault>, now: Millis) {
        let Some(guest) = &mut self.guest else { return };
        let refused = |fault: Fault| Status::of(fault.code, Some(Kind::Chatroom));
        let body = outcome.map_err(refused).map(|joined| {
            let (seat, joined) = *joined;
            let place = Place { kind: Kind::Chatroom, target: joined.room.handle.clone() };
            guest.teller.places.keep(joined.room.id, place);
            guest.seat.rooms.keep(seat);
            guest.teller.dialect.write(&ChrmOutput { join_time: Some(now.get()), ..ChrmOutput::default() })
        });
        self.ready.push_back(reply::answered(request, body, now));
    }

    /// Moves the watermarks of what has arrived, one after the other.
    pub(super) fn mark(&mut self) {
        let Some(guest) = &mut self.guest else { return };
        if guest.marking {
            return;
        }
        let arrived = guest.teller.take_arrived();
        if !arrived.is_empty() {
            guest.marking = true;
            let asker = guest.asker.clone();
            self.work.push(Box::pin(async move {
                asker.mark(arrived).await;
                Done::Marked
            }));
        }
    }

    fn checked(&mut self, outcome: Result<Option<SignedIn>, Fault>) -> Turned {
        let Some(guest) = &mut self.guest else { return Turned::Continue(()) };
        match guest.seat.proved(outcome) {
            Ok(()) => Turned::Continue(()),
            Err(code) => Turned::Break(End::Ours(code)),
        }
    }
}
