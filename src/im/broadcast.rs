//! Messages to everybody, sent in the background in small pieces. Whoever is interrupted goes on where it was: a
//! piece that was sent and not noted is sent again with the same client id, which nobody hears twice.

use futures_util::{StreamExt, stream};

use super::{Im, deliver::Outgoing, turn::Turn};
use crate::{
    model::{Broadcast, Fault, Source, UserId, content::Flags},
    store::{Demand, broadcasts::Piece},
};

/// Broadcasts at work at the same time.
const AT_ONCE: u16 = 4;
/// Users of one piece.
const PIECE: u16 = 200;
/// Messages of a piece that wait for the store together.
const TOGETHER: usize = 32;

impl Im {
    /// Sends the next piece of every broadcast that is not finished; tells whether there was one.
    pub async fn go_on_broadcasting(&self) -> Result<bool, Fault> {
        let unfinished = self.store.unfinished_broadcasts(AT_ONCE).await?;
        for broadcast in &unfinished {
            self.send_piece(broadcast).await?;
        }
        Ok(!unfinished.is_empty())
    }

    async fn send_piece(&self, broadcast: &Broadcast) -> Result<(), Fault> {
        let users = self.store.next_piece(&broadcast.app, &broadcast.id, PIECE).await?;
        let outcomes: Vec<Result<bool, Fault>> =
            stream::iter(&users).map(|(_, user)| self.broadcast_to(broadcast, user)).buffered(TOGETHER).collect().await;
        let (mut sent, mut passed_over) = (0, 0);
        for outcome in outcomes {
            match outcome {
                Ok(true) => sent += 1,
                // Trouble on our side: the whole piece is tried again later, and harms nobody.
                Err(trouble) if trouble.code.temporary() => return Err(trouble),
                Ok(false) | Err(_) => passed_over += 1,
            }
        }
        let is_last = users.len() < usize::from(PIECE);
        let piece = Piece {
            place: users.last().map_or(broadcast.place, |(place, _)| *place),
            sent,
            passed_over,
            finished_at: is_last.then(|| self.clock.now()),
        };
        Ok(self.store.finish_piece(&broadcast.app, &broadcast.id, piece).await?)
    }

    /// Sends one copy; `false` when the user need not have it.
    async fn broadcast_to(&self, broadcast: &Broadcast, user: &UserId) -> Result<bool, Fault> {
        if broadcast.online_only && !self.is_online(&broadcast.app, user) {
            return Ok(false);
        }
        let route = self.pair_route(&broadcast.app, broadcast.kind, &broadcast.from.id, user).await?;
        let usual = broadcast.content.name.flags();
        let flags = if broadcast.online_only { Flags { stored: false, counted: false } } else { usual };
        let client_id = format!("broadcast-{}", broadcast.id).parse().ok();
        let outgoing = Outgoing {
            app: broadcast.app.clone(),
            from: broadcast.from.clone(),
            client_id,
            content: broadcast.content.clone(),
            original: None,
            flags,
            only: Vec::new(),
            hears: None,
            demand: Demand::Open,
            source: Source::Api,
            except: None,
            echo: false,
            turn: Turn::default(),
        };
        self.deliver(&route, outgoing).await.map(|_| true)
    }
}
