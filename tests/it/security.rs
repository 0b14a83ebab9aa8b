//! The rules of security: what an attacker or bad luck may try from outside, one test per rule at least. Names begin
//! with the rule's number.

mod frames;
mod handshake;
pub(crate) mod raw;
