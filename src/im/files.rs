//! Files: who may send them, who may see them, and when they go.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
};

use super::Im;
use crate::{
    auth::{
        link::{Grant, LinkKey},
        vault::Vault,
    },
    media::{Blobs, Studio, blobs::Pieces},
    model::{AppKey, Caller, Code, Content, Fault, File, FileId, UserId, file::Link},
};

mod hand;
mod sweep;
mod ticket;
mod upload;

pub use upload::{Place, Upload, Uploaded};

/// How much of everything (security §13).
#[derive(Debug, Clone)]
pub struct FileLimits {
    /// Largest picture.
    pub image_bytes: u64,
    /// Largest file of any kind.
    pub file_bytes: u64,
    /// Largest sound that is played in place; a larger one is a file.
    pub voice_bytes: u64,
    /// Files of one visitor in 24 hours.
    pub visitor_files: u64,
    /// Bytes of one visitor in 24 hours.
    pub visitor_bytes: u64,
    /// Bytes of an app in 24 hours.
    pub app_bytes: u64,
}

impl Default for FileLimits {
    fn default() -> Self {
        Self {
            image_bytes: 10 << 20,
            file_bytes: 25 << 20,
            voice_bytes: 5 << 20,
            visitor_files: 20,
            visitor_bytes: 100 << 20,
            app_bytes: 20 << 30,
        }
    }
}

/// How long a link works (F4).
pub const LINK_SECS: i64 = 600;
/// Most links made at once.
pub const MOST_LINKS: usize = 50;
/// Uploads of one person at the same time.
const MOST_OF_ONE: usize = 4;
/// Uploads at the same time of which it is not known yet whose they are (W3): whoever asks can begin one.
const MOST_OF_NOBODY: usize = 16;
/// Uploads at the same time.
const MOST_AT_ONCE: usize = 128;

/// What the domain needs for files.
pub(super) struct Files {
    /// Without a place for bytes nothing can be uploaded.
    blobs: Option<Arc<dyn Blobs>>,
    pub(super) limits: FileLimits,
    studio: Studio,
    links: LinkKey,
    running: Arc<Running>,
    keys: ticket::Keys,
    /// The part of the kept bytes that is looked at next for what nobody knows.
    turn: AtomicU8,
}

impl Files {
    pub(super) fn none(vault: &Vault) -> Self {
        Self {
            blobs: None,
            limits: FileLimits::default(),
            studio: Studio::default(),
            links: LinkKey::of(vault),
            running: Arc::default(),
            keys: ticket::Keys::default(),
            turn: AtomicU8::new(0),
        }
    }

    /// The same with links signed for this vault.
    pub(super) fn sign_by(&mut self, vault: &Vault) {
        self.links = LinkKey::of(vault);
    }

    fn blobs(&self) -> Result<&Arc<dyn Blobs>, Fault> {
        self.blobs.as_ref().ok_or_else(|| Fault::new(Code::Unavailable, "files cannot be kept here"))
    }

    fn next_turn(&self) -> u8 {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }
}

/// Who uploads. `None`: it is not known yet.
type Whose = Option<(AppKey, UserId)>;

/// Who uploads now, and how much was promised: quotas hold for what is on its way, too.
#[derive(Debug, Default)]
struct Running(Mutex<HashMap<Whose, Vec<u64>>>);

impl Running {
    /// The promised bytes and number of a person's uploads, this one included, until it is dropped.
    fn begin(self: &Arc<Self>, caller: Option<&Caller>, size: u64) -> Result<(Promise, u64, u64), Fault> {
        let key = caller.map(|caller| (caller.app.clone(), caller.id().clone()));
        let most = if key.is_some() { MOST_OF_ONE } else { MOST_OF_NOBODY };
        let mut running = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let all: usize = running.values().map(Vec::len).sum();
        let own = running.get(&key).map_or(0, Vec::len);
        if own >= most || all >= MOST_AT_ONCE {
            return Err(Fault::new(Code::RateLimited, "too many uploads at once; wait for one to end").retry_after(2));
        }
        let sizes = running.entry(key.clone()).or_default();
        sizes.push(size);
        let (count, bytes) = (sizes.len() as u64, sizes.iter().sum());
        Ok((Promise { running: Arc::clone(self), key, size }, count, bytes))
    }
}

/// An upload that runs.
#[derive(Debug)]
struct Promise {
    running: Arc<Running>,
    key: Whose,
    size: u64,
}

impl Drop for Promise {
    fn drop(&mut self) {
        let mut running = self.running.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(sizes) = running.get_mut(&self.key) else { return };
        if let Some(at) = sizes.iter().position(|size| *size == self.size) {
            sizes.swap_remove(at);
        }
        if sizes.is_empty() {
            running.remove(&self.key);
        }
    }
}

impl Im {
    /// Gives the domain a place for files. To be called before it is shared.
    #[must_use]
    pub fn keeping_files(mut self, blobs: Arc<dyn Blobs>, limits: FileLimits) -> Self {
        self.files.blobs = Some(blobs);
        self.files.limits = limits;
        self
    }

    /// How large files may be.
    pub const fn file_limits(&self) -> &FileLimits {
        &self.files.limits
    }

    /// Links to files that the caller may see, in the order asked for; others are left out.
    pub async fn links(&self, caller: &Caller, ids: &[FileId]) -> Result<Vec<Link>, Fault> {
        if !(1..=MOST_LINKS).contains(&ids.len()) {
            let message = format!("`files` has {} entries; allowed are 1 to {MOST_LINKS}", ids.len());
            return Err(Fault::new(Code::BadRequest, message));
        }
        let until = self.clock.now().plus_secs(LINK_SECS);
        let mut links = Vec::with_capacity(ids.len());
        for file in self.store.files(&caller.app, ids).await? {
            if self.may_see(caller, &file).await? {
                let grant = Grant { file: file.id, app: caller.app.clone(), viewer: caller.id().clone(), until };
                let token = self.files.links.sign(&grant);
                let File { id, name, media_type, size, pixels, .. } = file;
                links.push(Link { file: id, token, until, name, media_type, size, pixels });
            }
        }
        Ok(links)
    }

    /// The file behind a link. The viewer's rights are those of now, not of when the link was made (Z2, Z3).
    pub async fn linked_file(&self, token: &str) -> Result<(AppKey, File), Fault> {
        let grant = self.files.links.check(token, self.clock.now()).ok_or_else(no_file)?;
        let person = self.store.user(&grant.app, &grant.viewer).await?.ok_or_else(no_file)?;
        let caller = Caller { app: grant.app, person, site: None };
        let file = self.store.files(&caller.app, &[grant.file]).await?.pop().ok_or_else(no_file)?;
        if self.may_see(&caller, &file).await? { Ok((caller.app, file)) } else { Err(no_file()) }
    }

    /// A part of a file's bytes.
    pub async fn file_bytes(&self, file: &File, part: Range<u64>) -> Result<Pieces, Fault> {
        let found = self.files.blobs()?.read(file.id, file.size, part).await;
        let found = found.map_err(|error| {
            tracing::error!(%error, file.id = %file.id, "File {} cannot be read", file.id);
            Fault::new(Code::Unavailable, "the file cannot be read now; try again").retry_after(2)
        })?;
        found.ok_or_else(|| {
            tracing::error!(file.id = %file.id, "File {} is missing or has another size", file.id);
            Fault::new(Code::Internal, "this file is damaged and cannot be shown")
        })
    }

    /// Refuses a content that names files of somebody else, before a conversation is begun for it.
    pub(super) async fn own_files(&self, caller: &Caller, content: &Content) -> Result<(), Fault> {
        let named = content.files();
        if named.is_empty() {
            return Ok(());
        }
        let found = self.store.files(&caller.app, &named).await?;
        let all = found.len() == named.len() && found.iter().all(|file| file.uploader == *caller.id());
        if all { Ok(()) } else { Err(Fault::new(Code::NotFound, "no such file")) }
    }

    /// A file is everybody's who may read its own conversation; before that it is its uploader's.
    async fn may_see(&self, caller: &Caller, file: &File) -> Result<bool, Fault> {
        match file.conversation {
            None => Ok(file.uploader == *caller.id()),
            Some(conversation) => match self.route(caller, conversation).await {
                Ok(_) => Ok(true),
                Err(fault) if fault.code == Code::NotFound => Ok(false),
                Err(fault) => Err(fault),
            },
        }
    }
}

/// One answer for "is not there", "is not yours" and "no longer" (A7).
fn no_file() -> Fault {
    Fault::new(Code::NotFound, "no such file, or the link to it is too old; ask for another")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Person, Role};

    fn caller(id: &str) -> Caller {
        let person = Person { id: id.parse().unwrap(), name: String::new(), role: Role::User, portrait: None };
        Caller { app: "halden".parse().unwrap(), person, site: None }
    }

    #[test]
    fn what_is_on_its_way_counts_until_it_ends() {
        let running = Arc::<Running>::default();
        let (first, count, bytes) = running.begin(Some(&caller("vera")), 10).unwrap();
        assert_eq!((count, bytes), (1, 10));
        let (second, count, bytes) = running.begin(Some(&caller("vera")), 5).unwrap();
        assert_eq!((count, bytes), (2, 15));
        drop((first, second));
        assert!(running.0.lock().unwrap().is_empty());
    }

    #[test]
    fn w3_a_person_has_few_uploads_at_once_and_so_has_the_server() {
        let running = Arc::<Running>::default();
        let _held: Vec<_> = (0..MOST_OF_ONE).map(|_| running.begin(Some(&caller("vera")), 1).unwrap()).collect();
        assert_eq!(running.begin(Some(&caller("vera")), 1).unwrap_err().code, Code::RateLimited);
        let others = (MOST_OF_ONE..MOST_AT_ONCE).map(|n| running.begin(Some(&caller(&format!("u{n}"))), 1).unwrap());
        let _others: Vec<_> = others.collect();
        assert_eq!(running.begin(Some(&caller("last")), 1).unwrap_err().code, Code::RateLimited);
    }

    #[test]
    fn w3_whoever_has_not_said_who_they_are_takes_few_places() {
        let running = Arc::<Running>::default();
        let held: Vec<_> = (0..MOST_OF_NOBODY).map(|_| running.begin(None, 1).unwrap()).collect();
        assert_eq!(running.begin(None, 1).unwrap_err().code, Code::RateLimited);
        assert!(running.begin(Some(&caller("vera")), 1).is_ok(), "others are not in their way");
        drop(held);
        assert!(running.begin(None, 1).is_ok());
    }
}
