//! Counts that all servers share, in an unlogged table: a commit of these rows waits for no disk and no standby, and what a
//! crash takes away is a few minutes' counting.
//!
//! One task per server takes whatever waits into one transaction. It locks the rows in the order of their names, decides
//! each draw in memory by the rule that also holds for counts in memory, and writes one statement.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use async_trait::async_trait;
use sqlx::{PgPool, query};
use tokio::sync::{mpsc, oneshot};

use super::{
    PostgresStore, closed,
    error::Work,
    loan::Loan,
    rows::get,
    session::{Session, glancing},
};
use crate::{
    model::tally::{Rule, Tally},
    store::{
        Result, StoreError,
        tallies::{Draw, Drawn, Tallies, TallyName},
    },
};

/// Most jobs in one transaction.
const MOST: usize = 256;
/// Jobs that may wait.
pub(super) const QUEUE: usize = 4096;
/// Nobody waits longer for a batch.
const PATIENCE: Duration = Duration::from_secs(1);

/// Draws that belong together, and who waits for them.
pub(super) struct Asked {
    draws: Vec<Draw>,
    reply: oneshot::Sender<Result<Vec<Drawn>>>,
}

#[async_trait]
impl Tallies for PostgresStore {
    fn shares_tallies(&self) -> bool {
        self.has_company
    }

    async fn draw(&self, draws: Vec<Draw>) -> Result<Vec<Drawn>> {
        let (reply, answer) = oneshot::channel();
        let asked = Asked { draws, reply };
        let full = |_| StoreError::Unavailable("too much is counted already".to_owned());
        self.counting.try_send(asked).map_err(full)?;
        answer.await.map_err(|_| closed())?
    }

    async fn forget_tally(&self, name: TallyName) -> Result<()> {
        glancing!(self, s => remove(s, name))
    }
}

async fn remove(s: &mut Session<'_>, name: TallyName) -> Work<()> {
    query("delete from tallies where name = $1").bind(&name[..]).execute(&mut *s.conn).await?;
    Ok(())
}

/// Forgets counts that say nothing any more.
pub(super) async fn forget(s: &mut Session<'_>) -> Work<()> {
    query("delete from tallies where ends < (extract(epoch from clock_timestamp()) * 1000000)::bigint")
        .execute(&mut *s.conn)
        .await?;
    Ok(())
}

/// Answers draws until the store closes.
pub(super) async fn run(pool: PgPool, mut asked: mpsc::Receiver<Asked>) {
    let mut batch = Vec::with_capacity(MOST);
    loop {
        tokio::select! {
            () = pool.close_event() => return,
            taken = asked.recv_many(&mut batch, MOST) => if taken == 0 { return },
        }
        // Whoever waits no longer took it without us, and will tell.
        batch.retain(|asked: &Asked| !asked.reply.is_closed());
        if batch.is_empty() {
            continue;
        }
        let outcome = match tokio::time::timeout(PATIENCE, count(&pool, &batch)).await {
            Ok(Ok(drawn)) => Ok(drawn),
            Ok(Err(trouble)) => Err(StoreError::from(trouble)),
            Err(_) => Err(StoreError::Unavailable("counting takes too long".to_owned())),
        };
        let answers = match outcome {
            Ok(drawn) => drawn.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error); batch.len()],
        };
        for (asked, answer) in batch.drain(..).zip(answers) {
            // Nobody may be waiting any more.
            drop(asked.reply.send(answer));
        }
    }
}

/// A row under lock.
struct Locked {
    tally: Tally,
    /// When it was locked.
    now: i64,
    /// By which rule it ends; `None` while nothing was taken.
    rule: Option<Rule>,
}

async fn count(pool: &PgPool, batch: &[Asked]) -> Work<Vec<Vec<Drawn>>> {
    let mut loan = Loan::of(pool).await?;
    let outcome = counted(&mut loan, batch).await;
    loan.end(&outcome);
    outcome
}

async fn counted(loan: &mut Loan, batch: &[Asked]) -> Work<Vec<Vec<Drawn>>> {
    let mut transaction = loan.begin(None).await?;
    let mut locked = lock(&mut transaction, batch).await?;
    let drawn = batch.iter().map(|asked| decide(&mut locked, &asked.draws)).collect();
    write(&mut transaction, &locked).await?;
    transaction.commit().await?;
    Ok(drawn)
}

/// Locks the rows of all draws, in their order, so that servers never wait in a circle; makes those that are missing.
async fn lock(conn: &mut sqlx::PgConnection, batch: &[Asked]) -> Work<HashMap<TallyName, Locked>> {
    let names: BTreeSet<TallyName> = batch.iter().flat_map(|asked| &asked.draws).map(|draw| draw.name).collect();
    let names: Vec<&[u8]> = names.iter().map(|name| &name[..]).collect();
    let rows = query(
        "insert into tallies as t (name, since, used, ends)
        select n, 0, 0, 0
        from unnest($1::bytea[]) as n
        order by n
        on conflict (name) do update set used = t.used
        returning name, since, used, (extract(epoch from clock_timestamp()) * 1000000)::bigint",
    )
    .bind(&names)
    .fetch_all(conn)
    .await?;
    let mut locked = HashMap::with_capacity(rows.len());
    for row in &rows {
        let name: &[u8] = get(row, 0)?;
        let Ok(name) = TallyName::try_from(name) else { continue };
        let tally = Tally { since: get(row, 1)?, used: get(row, 2)? };
        locked.insert(name, Locked { tally, now: get(row, 3)?, rule: None });
    }
    Ok(locked)
}

/// One after the other, until one is refused.
fn decide(locked: &mut HashMap<TallyName, Locked>, draws: &[Draw]) -> Vec<Drawn> {
    let mut drawn = Vec::with_capacity(draws.len());
    for draw in draws {
        let Some(Locked { tally, now, rule }) = locked.get_mut(&draw.name) else { break };
        tally.add(draw.rule, draw.owed, *now);
        let taken = tally.take(draw.rule, draw.count, *now);
        *rule = Some(draw.rule);
        drawn.push(Drawn { taken, tally: *tally, now: *now });
        if !taken {
            break;
        }
    }
    drawn
}

async fn write(conn: &mut sqlx::PgConnection, locked: &HashMap<TallyName, Locked>) -> Work<()> {
    let (mut names, mut since, mut used, mut ends) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (name, Locked { tally, rule, .. }) in locked {
        let Some(rule) = rule else { continue };
        names.push(&name[..]);
        since.push(tally.since);
        used.push(tally.used);
        ends.push(tally.ends(*rule));
    }
    query(
        "update tallies t
        set since = w.since, used = w.used, ends = w.ends
        from unnest($1::bytea[], $2::bigint[], $3::float8[], $4::bigint[]) as w (name, since, used, ends)
        where t.name = w.name",
    )
    .bind(&names)
    .bind(&since)
    .bind(&used)
    .bind(&ends)
    .execute(conn)
    .await?;
    Ok(())
}
