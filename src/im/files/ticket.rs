//! Uploads of clients that take a ticket first, name what they bring by a key of their own, and write whole addresses
//! into their messages.

use std::time::Duration;

use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::{Im, no_file};
use crate::{
    auth::link::Grant,
    model::{AppKey, Caller, Code, Fault, FileId, Millis, UserId},
};

/// How long a ticket is good.
const TICKET_SECS: i64 = 3600;
/// Longest key in bytes.
const MAX_KEY: usize = 512;
/// Uploads remembered by their keys.
const MOST_KEYS: u64 = 50_000;
/// No file has this id: a way to it opens none, and no way to a file is a ticket.
const NO_FILE: FileId = FileId::from_u128(0);

/// Files by the keys under which their senders uploaded them, for a day.
#[derive(Debug)]
pub(super) struct Keys(Cache<(AppKey, UserId, String), FileId>);

impl Default for Keys {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MOST_KEYS).time_to_live(Duration::from_hours(24)).build())
    }
}

impl Im {
    /// A ticket with which the caller may upload for an hour, and when it ends.
    pub fn upload_ticket(&self, caller: &Caller) -> (String, Millis) {
        let until = self.clock.now().plus_secs(TICKET_SECS);
        let grant = Grant { file: NO_FILE, app: caller.app.clone(), viewer: caller.id().clone(), until };
        (self.files.links.sign(&grant), until)
    }

    /// Whose ticket this is. They may have been blocked since.
    pub async fn ticketed(&self, ticket: &str) -> Result<Caller, Fault> {
        let refused = || Fault::new(Code::Unauthorized, "the ticket is wrong, or its time is over");
        let grant = self.files.links.check(ticket, self.clock.now()).filter(|grant| grant.file == NO_FILE);
        let grant = grant.ok_or_else(refused)?;
        let person = self.store.user(&grant.app, &grant.viewer).await?.ok_or_else(refused)?;
        let caller = Caller { app: grant.app, person, site: None };
        self.may_come(&caller).await?;
        Ok(caller)
    }

    /// Remembers the key under which the caller uploaded a file.
    pub async fn note_upload(&self, caller: &Caller, key: &str, file: FileId) -> Result<(), Fault> {
        if !(1..=MAX_KEY).contains(&key.len()) {
            return Err(Fault::new(Code::BadRequest, format!("a key has 1 to {MAX_KEY} bytes")));
        }
        self.files.keys.0.insert((caller.app.clone(), caller.id().clone(), key.to_owned()), file);
        // They may ask another server for it.
        Ok(self.store.note_upload(&caller.app, name(caller, key), file).await?)
    }

    /// The file that the caller uploaded under a key.
    pub async fn uploaded_as(&self, caller: &Caller, key: &str) -> Result<FileId, Fault> {
        let known = (caller.app.clone(), caller.id().clone(), key.to_owned());
        if let Some(file) = self.files.keys.0.get(&known) {
            return Ok(file);
        }
        self.store.noted_upload(&caller.app, name(caller, key)).await?.ok_or_else(no_file)
    }

    /// The file of the caller's app to which an address of ours leads, also when its time is over.
    pub fn file_behind(&self, caller: &Caller, address: &str) -> Option<FileId> {
        let (_, rest) = address.split_once("/files/")?;
        let grant = self.files.links.read(rest.split_once('/').map_or(rest, |(token, _)| token))?;
        (grant.app == caller.app && grant.file != NO_FILE).then_some(grant.file)
    }
}

/// What is noted of an uploader's key for other servers. No id holds a zero.
fn name(caller: &Caller, key: &str) -> [u8; 32] {
    Sha256::new().chain_update(caller.id().as_str()).chain_update([0]).chain_update(key).finalize().into()
}
