//! Counts that all servers on one store share, each under the name of what is limited. One server alone counts in its
//! memory and asks for none of this.

use async_trait::async_trait;

use super::{Result, StoreError};
use crate::model::tally::{Rule, Tally};

/// Names a count. Nobody can tell from it what is counted.
pub type TallyName = [u8; 16];

/// Something to take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draw {
    /// From what.
    pub name: TallyName,
    /// By which rule.
    pub rule: Rule,
    /// What was taken before without being counted here.
    pub owed: f64,
    /// So many, or none.
    pub count: u32,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawn {
    /// It was taken.
    pub taken: bool,
    /// How the count stands now.
    pub tally: Tally,
    /// When that is, by the store's clock.
    pub now: i64,
}

/// What the store does for limits.
#[async_trait]
pub trait Tallies: Send + Sync {
    /// Whether other servers count here, too.
    fn shares_tallies(&self) -> bool {
        false
    }
    /// Takes one after the other. It ends with the first that cannot be taken; what follows it is not looked at. These
    /// counts may be forgotten when the store fails: they are no truth.
    async fn draw(&self, _draws: Vec<Draw>) -> Result<Vec<Drawn>> {
        Err(StoreError::Unavailable("nothing is counted here".to_owned()))
    }
    /// Forgets a count.
    async fn forget_tally(&self, _name: TallyName) -> Result<()> {
        Ok(())
    }
}
