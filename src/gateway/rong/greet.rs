//! Who comes: the token in the address is all that a client shows, and the server speaks first.

use std::sync::Arc;

use super::Ticket;
use crate::{
    auth::Token,
    gateway::{
        Gateway,
        hello::{self, Seat},
        outbox::Outbox,
    },
    model::{Code, Fault, Role, presence::Transport},
};

/// Numbers of a refused CONNACK. Source: compatible protocol, "CONNACK status".
const WRONG_APP: u8 = 2;
const UNAVAILABLE: u8 = 3;
const WRONG_TOKEN: u8 = 4;
const USER_BLOCKED: u8 = 9;

/// Checks the token and takes the seat; else the number that a refused client is told.
pub(super) async fn greet(
    gateway: Arc<Gateway>,
    outbox: Arc<Outbox>,
    ticket: Ticket,
    transport: Transport,
) -> Result<Seat, u8> {
    let proofs_asked = gateway.sessions.proofs_asked();
    let token = bare(&ticket.token).ok_or(WRONG_TOKEN)?;
    let found = gateway.im.authenticate(&token).await.map_err(|fault| number(&fault))?;
    let signed_in = found.filter(|found| found.caller.person.role == Role::User).ok_or(WRONG_TOKEN)?;
    if signed_in.caller.app.as_str() != ticket.app {
        return Err(WRONG_APP);
    }
    let seat = hello::take_seat(gateway, outbox, (signed_in, token), proofs_asked, transport);
    seat.await.map_err(|fault| number(&fault))
}

/// Later clients write the servers to ask after the token: `token@one;two`.
pub(super) fn bare(shown: &str) -> Option<Token> {
    Token::presented(shown.split_once('@').map_or(shown, |(token, _)| token))
}

const fn number(fault: &Fault) -> u8 {
    match fault.code {
        Code::UserBlocked => USER_BLOCKED,
        Code::Unauthorized => WRONG_TOKEN,
        _ => UNAVAILABLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_later_clients_write_after_a_token_is_cut() {
        let token = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq";
        for shown in [token.to_owned(), format!("{token}@nav.example;nav2.example"), format!("{token}@")] {
            assert_eq!(bare(&shown).map(|found| found.reveal().to_owned()).as_deref(), Some(token));
        }
        assert_eq!(bare("@nav.example"), None);
    }
}
