//! Which key opens the secrets, and whether it is the one with which those in the database were sealed.

use std::path::PathBuf;

use crate::{
    auth::vault::{KEY_FILE, Vault, VaultError},
    config::Config,
    store::{Store, StoreError},
};

/// The label under which a store keeps the key's fingerprint.
pub const KEY_LABEL: &str = "key";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read or made.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database belongs to servers with another key.
    #[error(
        "the secrets in the database were sealed with another key than {held}; copy {KEY_FILE} from the data folder of \
         a server that works to {}, or set data.key (PARLOR_DATA_KEY) to its key",
        place.display()
    )]
    Another {
        /// Which key this server has.
        held: &'static str,
        /// Where the right one belongs.
        place: PathBuf,
    },
    /// The store does not say.
    #[error("the store does not answer: {0}")]
    Store(#[from] StoreError),
}

/// The vault that the settings name. A database of several servers knows the key of its first one, and no other is
/// taken there; beside an embedded one another key is taken, as after a loss, and the log says so.
pub async fn vault(config: &Config, store: &dyn Store) -> Result<Vault, KeyError> {
    let known = store.label(KEY_LABEL).await?;
    let is_shared = config.store.url.reveal().is_some();
    let place = config.data.dir.join(KEY_FILE);
    let has_file = place.try_exists().map_err(|cause| VaultError::Io { path: place.clone(), cause })?;
    let held = match (config.data.key.reveal(), has_file) {
        (Some(_), _) => "data.key",
        (None, true) => "the one here",
        (None, false) if known.is_some() && is_shared => return Err(KeyError::Another { held: "none", place }),
        (None, false) => "a new one",
    };
    let vault = Vault::of(&config.data)?;
    let known = match known {
        Some(known) => known,
        None => store.put_label(KEY_LABEL, vault.fingerprint()).await?,
    };
    if known == vault.fingerprint() {
        return Ok(vault);
    }
    if is_shared {
        return Err(KeyError::Another { held, place });
    }
    tracing::error!(
        "Secrets in the database were sealed with another key and cannot be opened; put the right {KEY_FILE} back"
    );
    Ok(vault)
}
