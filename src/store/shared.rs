//! What the servers on one store share besides the data: labels of the whole, counts, and notes that pass.

use async_trait::async_trait;

use super::Result;

/// What the store keeps for all servers on it.
#[async_trait]
pub trait Shared: Send + Sync {
    /// What is kept under a name about the store as a whole; for ever.
    async fn label(&self, name: &str) -> Result<Option<Vec<u8>>>;
    /// Keeps a label unless there is one under its name; what is kept then.
    async fn put_label(&self, name: &str, value: Vec<u8>) -> Result<Vec<u8>>;
}
