//! Secrets that we must be able to use again, such as those we sign with: sealed under a key outside the database (A5).
//!
//! The key is a file of 32 random bytes in the data folder, made at the first start. A copy of the database alone opens
//! nothing; whoever restores one needs the file too.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::config;

/// The key's file in a data folder.
pub const KEY_FILE: &str = "secret.key";

const KEY_LEN: usize = 32;
const NONCE_LEN: usize = 24;

/// Why there is no vault.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file cannot be read or made.
    #[error("the key file {} cannot be used: {cause}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The file is not 32 bytes long.
    #[error("{} is not a key file of {KEY_LEN} bytes; put the right one back", .0.display())]
    Damaged(PathBuf),
    /// The setting is not 64 hex digits.
    #[error("data.key is not {} hex digits", KEY_LEN * 2)]
    Unreadable,
}

/// Seals and opens secrets: XChaCha20-Poly1305 with a random nonce, bound to what the secret is for. Other keys that all
/// servers on one database must agree on are made from its key.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
    /// What other keys are made from: HMAC-SHA256 keyed with the vault's own.
    root: Hmac<Sha256>,
}

impl Vault {
    /// The vault that the settings name: of `data.key`, or else of the file in the data folder.
    pub fn of(data: &config::Data) -> Result<Self, VaultError> {
        let Some(text) = data.key.reveal() else { return Self::open(&data.dir) };
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| VaultError::Unreadable)?;
        Ok(Self::of_key(bytes.try_into().map_err(|_| VaultError::Unreadable)?))
    }

    /// The vault of `data.key`, when it is set.
    pub fn of_setting(data: &config::Data) -> Result<Option<Self>, VaultError> {
        data.key.reveal().map(|_| Self::of(data)).transpose()
    }

    /// The vault of a data folder. Makes the key when it is missing; of several processes at once one does.
    pub fn open(folder: &Path) -> Result<Self, VaultError> {
        let path = folder.join(KEY_FILE);
        let failed = |cause| VaultError::Io { path: path.clone(), cause };
        if !path.try_exists().map_err(failed)? {
            make(folder, &path).map_err(failed)?;
        }
        // One byte more than a key, so that a longer file is seen.
        let mut bytes = Vec::with_capacity(KEY_LEN + 1);
        let file = fs::File::open(&path).map_err(failed)?;
        file.take(KEY_LEN as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
        let key: [u8; KEY_LEN] = bytes.try_into().map_err(|_| VaultError::Damaged(path))?;
        Ok(Self::of_key(key))
    }

    /// A vault whose key lives as long as the process: for tests and for domains without a data folder.
    pub fn passing() -> Self {
        Self::of_key(rand::random())
    }

    fn of_key(key: [u8; KEY_LEN]) -> Self {
        let root = <Hmac<Sha256> as Mac>::new_from_slice(&key).expect("HMAC takes keys of any length");
        Self { cipher: XChaCha20Poly1305::new(&key.into()), root }
    }

    /// A key for another purpose: the same wherever the vault's key is the same.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut mac = self.root.clone();
        mac.update(b"parlor derives ");
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// Names the vault's key without telling anything of it.
    pub fn fingerprint(&self) -> Vec<u8> {
        self.derive("fingerprint")[..16].to_vec()
    }

    /// Seals a secret. `purpose` says what it is and whose; it opens only under the same words.
    pub fn seal(&self, purpose: &str, secret: &[u8], rng: &mut dyn rand::RngCore) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        rng.fill_bytes(&mut nonce);
        let payload = Payload { msg: secret, aad: purpose.as_bytes() };
        let sealed =
            self.cipher.encrypt(XNonce::from_slice(&nonce), payload).expect("secrets are far below the cipher's limit");
        [&nonce[..], &sealed].concat()
    }

    /// Opens what was sealed for this purpose; `None` when it was sealed under another key or purpose, or changed.
    pub fn open_sealed(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        self.cipher.decrypt(XNonce::from_slice(nonce), payload).ok()
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

/// Writes a new key beside its place and links it there whole: nobody ever reads half a key, and a key is never replaced.
fn make(folder: &Path, path: &Path) -> io::Result<()> {
    let beside = folder.join(format!("{KEY_FILE}.{}", HEXLOWER.encode(&rand::random::<[u8; 8]>())));
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.write(true).create_new(true).open(&beside)?;
    let linked = file
        .write_all(&rand::random::<[u8; KEY_LEN]>())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&beside, path));
    fs::remove_file(&beside)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }?;
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_for_its_purpose_and_unchanged() {
        let (vault, mut rng) = (Vault::passing(), rand::rng());
        let sealed = vault.seal("hook 1", b"open sesame", &mut rng);
        assert_eq!(vault.open_sealed("hook 1", &sealed).as_deref(), Some(&b"open sesame"[..]));
        assert_eq!(vault.open_sealed("hook 2", &sealed), None);
        assert_eq!(Vault::passing().open_sealed("hook 1", &sealed), None);
        let mut bent = sealed.clone();
        bent[30] ^= 1;
        assert_eq!(vault.open_sealed("hook 1", &bent), None);
        assert_eq!(vault.open_sealed("hook 1", &sealed[..10]), None);
        assert_ne!(vault.seal("hook 1", b"open sesame", &mut rng), sealed);
    }

    #[test]
    fn the_same_key_makes_the_same_keys_for_each_purpose() {
        let folder = tempfile::tempdir().unwrap();
        let of_file = Vault::open(folder.path()).unwrap();
        let text = HEXLOWER.encode(&fs::read(folder.path().join(KEY_FILE)).unwrap());
        let elsewhere = tempfile::tempdir().unwrap();
        let data = config::Data { dir: elsewhere.path().to_owned(), key: text.as_str().into(), ..Default::default() };
        let of_setting = Vault::of(&data).unwrap();
        assert_eq!(of_file.derive("links"), of_setting.derive("links"));
        assert_ne!(of_file.derive("links"), of_file.derive("slips"));
        assert_ne!(of_file.derive("links"), Vault::passing().derive("links"));
        assert_eq!((of_file.fingerprint().len(), of_file.fingerprint()), (16, of_setting.fingerprint()));
        let sealed = of_file.seal("x", b"y", &mut rand::rng());
        assert_eq!(of_setting.open_sealed("x", &sealed).unwrap(), b"y");
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0, "no second key is made");
        let short = config::Data { key: "0a".into(), ..data };
        assert!(matches!(Vault::of(&short), Err(VaultError::Unreadable)));
    }

    #[test]
    fn the_key_stays_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = Vault::open(folder.path()).unwrap().seal("x", b"y", &mut rand::rng());
        assert_eq!(Vault::open(folder.path()).unwrap().open_sealed("x", &sealed).unwrap(), b"y");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join(KEY_FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_key_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(KEY_FILE), b"short").unwrap();
        assert!(matches!(Vault::open(folder.path()), Err(VaultError::Damaged(_))));
        assert_eq!(fs::read(folder.path().join(KEY_FILE)).unwrap(), b"short");
    }
}
