//! What comes in: frames, and the work that they begin.

use tokio::time::Instant;

use super::{Connection, Done, End, Turned, Work};
use crate::{
    gateway::{
        limits::Excess,
        rong::{ask, find::Asker, line::Line},
        room::RoomSeat,
    },
    model::{
        Code, Fault,
        chatroom::{ChatroomCommand, JoinChatroom},
        error::CloseCode,
    },
    wire::rong::{
        ask::{self as asked, Ask},
        delivery::Window,
        dialect::Dialect,
        frame::{ClientFrame, Request, ServerFrame},
        reply,
        status::Status,
    },
};

impl<L: Line> Connection<L> {
    /// Takes one frame.
    pub(super) fn take(&mut self, frame: ClientFrame) -> Turned {
        let Some(guest) = &mut self.guest else { return Turned::Continue(()) };
        let dialect = guest.teller.dialect;
        match frame {
            ClientFrame::Ping => {
                self.count_cheap()?;
                self.ready.push_back(ServerFrame::Pong);
            }
            ClientFrame::PubAck { id } => {
                // Whoever is told much answers much: that is no abuse.
                if !guest.teller.acked(id) {
                    self.count_cheap()?;
                }
                self.mark();
            }
            ClientFrame::QueryCon { .. } => self.count_cheap()?,
            ClientFrame::Publish(request) => {
                let ask = asked::of_publish(&request, dialect);
                let outcome = self.begin(bare(request), ask, true)?;
                self.ready.extend(
                    outcome.and_then(|(request, status)| reply::done(&request, Err(status), self.gateway.im.now())),
                );
            }
            ClientFrame::Query(request) => {
                let ask = asked::of_query(&request, dialect);
                let outcome = self.begin(bare(request), ask, false)?;
                self.ready.extend(
                    outcome.map(|(request, status)| reply::answered(&request, Err(status), self.gateway.im.now())),
                );
            }
        }
        Turned::Continue(())
    }

    /// Begins what a client asks, or says why not.
    fn begin(
        &mut self,
        request: Request,
        ask: Result<Ask, Status>,
        published: bool,
    ) -> Turned<Option<(Request, Status)>> {
        let ask = match ask {
            Ok(ask) => ask,
            Err(status) => {
                self.count_cheap()?;
                return Turned::Continue(Some((request, status)));
            }
        };
        let Some(guest) = &mut self.guest else { return Turned::Continue(None) };
        let (rates, member) = (&self.gateway.rates, &guest.seat.membership);
        let allowed = match &ask {
            Ask::Send { .. } => rates.send(&member.budget, &guest.seat.app, false),
            _ => rates.other(&member.budget, false),
        };
        match allowed {
            Ok(()) => {}
            Err(Excess::Refused(fault)) => return Turned::Continue(Some((request, Status::of(fault.code, None)))),
            Err(Excess::Close) => return Turned::Break(End::Ours(CloseCode::RateLimited)),
        }
        let (asker, dialect) = (guest.asker.clone(), guest.teller.dialect);
        let work: Work = match ask {
            Ask::Send { .. } => {
                self.sends.push((request, ask));
                return Turned::Continue(None);
            }
            Ask::Pull(asked) => Box::pin(async move {
                let outcome = asker.inbox(Window::of(&asked)).await;
                Done::Pulled { request, asked: Box::new(asked), outcome }
            }),
            Ask::Chatroom(ChatroomCommand::Join(join)) => self.enter(request, join),
            ask => {
                if let Ask::Chatroom(ChatroomCommand::Quit(room)) = &ask {
                    guest.seat.rooms.give_up(room);
                }
                Box::pin(perform(asker, ask, request, dialect, published))
            }
        };
        self.work.push(work);
        Turned::Continue(None)
    }

    fn enter(&self, request: Request, join: JoinChatroom) -> Work {
        let caller = self.guest.as_ref().map(|guest| guest.seat.membership.caller.clone());
        let (gateway, outbox) = (self.gateway.clone(), self.outbox.clone());
        Box::pin(async move {
            let outcome = match caller {
                Some(caller) => RoomSeat::take(gateway, caller, outbox, join).await.map(Box::new),
                None => Err(Fault::new(Code::Unauthorized, "nobody is here")),
            };
            Done::Joined { request, outcome }
        })
    }

    /// Begins the next send if the one before has its place in line; tells whether it did.
    pub(super) fn begin_send(&mut self) -> bool {
        let Some(guest) = &self.guest else { return false };
        let Some(((request, send), turn)) = self.sends.begin() else { return false };
        let (asker, began_at) = (guest.asker.clone(), Instant::now());
        self.work.push(Box::pin(async move {
            let outcome = ask::send(&asker, &send, turn).await;
            Done::Sent { request, outcome, began_at }
        }));
        true
    }
}

async fn perform(asker: Asker, ask: Ask, request: Request, dialect: Dialect, published: bool) -> Done {
    let outcome = ask::perform(&asker, &ask, dialect).await;
    if published {
        Done::Published { request, outcome: outcome.map(drop) }
    } else {
        Done::Answered { request, outcome }
    }
}

/// The request without its body, as its answer needs it.
fn bare(request: Request) -> Request {
    Request { body: Vec::new(), ..request }
}
