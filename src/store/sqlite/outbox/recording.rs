//! Recording notices, in the transaction of what they tell.

use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    model::{Features, Notice, Topic, notice::Topics},
    store::{
        sqlite::{
            error::Work,
            ledger::Ledger,
            messages::number,
            rows::{json, key_of},
        },
        told::lane,
    },
};

/// An app's enabled webhooks, as the writer remembers them: one look-up tells that nobody listens.
#[derive(Debug, Default)]
pub(in crate::store::sqlite) struct Listeners {
    webhooks: Vec<Listener>,
    /// What the app's own back end sent is told too.
    pub(in crate::store::sqlite) echo: bool,
}

#[derive(Debug)]
struct Listener {
    row: i64,
    topics: Topics,
}

impl Listeners {
    pub(in crate::store::sqlite) fn load(conn: &Connection, app: i64) -> rusqlite::Result<Self> {
        let webhooks = conn
            .prepare_cached(
                "select id, topics
                from webhooks
                where app_id = ?1
                  and enabled = 1
                  and deleted = 0",
            )?
            .query_map([app], |row| {
                let names: Vec<String> = json(row, 1)?;
                let topics: Vec<Topic> = names.iter().filter_map(|name| Topic::from_name(name)).collect();
                Ok(Listener { row: row.get(0)?, topics: Topics::wanted_by(&topics) })
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        if webhooks.is_empty() {
            return Ok(Self::default());
        }
        let features: Option<Features> = conn
            .prepare_cached(
                "select features
                from apps
                where id = ?1",
            )?
            .query_row([app], |row| json(row, 0))
            .optional()?;
        Ok(Self { webhooks, echo: features.is_some_and(|features| features.echo_back_end) })
    }

    fn want(&self, topic: Topic) -> bool {
        self.webhooks.iter().any(|webhook| webhook.topics.has(topic))
    }
}

/// Records a notice for every webhook that wants its topic. It is made only when somebody listens.
pub(super) fn tell(
    ledger: &mut Ledger,
    app: i64,
    topic: Topic,
    notice: impl FnOnce(&mut Ledger) -> Work<Notice>,
) -> Work<()> {
    let listeners = ledger.listeners(app)?;
    if !listeners.want(topic) {
        return Ok(());
    }
    let notice = notice(ledger)?;
    let row = keep(ledger, &notice)?;
    for webhook in listeners.webhooks.iter().filter(|webhook| webhook.topics.has(topic)) {
        send(ledger, webhook.row, row, &notice)?;
    }
    Ok(())
}

/// Records a notice for one webhook; returns its place there.
pub(super) fn tell_one(ledger: &mut Ledger, webhook: i64, notice: &Notice) -> Work<u64> {
    let row = keep(ledger, notice)?;
    let sequence = send(ledger, webhook, row, notice)?;
    Ok(u64::try_from(sequence).unwrap_or(0))
}

/// Keeps a notice under a random id.
fn keep(ledger: &mut Ledger, notice: &Notice) -> rusqlite::Result<i64> {
    ledger.recorded = true;
    ledger
        .conn
        .prepare_cached(
            "insert into notices (key, topic, conversation, seq, at, body)
            values (randomblob(16), ?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            notice.topic.name(),
            notice.conversation.map(key_of),
            notice.seq.map(number),
            notice.at.get(),
            notice.body.get()
        ])?;
    Ok(ledger.conn.last_insert_rowid())
}

/// Puts a kept notice on its way to a webhook: at once, or behind those of its lane.
fn send(ledger: &Ledger, webhook: i64, notice_row: i64, notice: &Notice) -> rusqlite::Result<i64> {
    let sequence: i64 = ledger
        .conn
        .prepare_cached(
            "update webhooks
            set sequence = sequence + 1
            where id = ?1
            returning sequence",
        )?
        .query_row([webhook], |row| row.get(0))?;
    ledger
        .conn
        .prepare_cached(
            "insert into deliveries (webhook_id, sequence, notice_id, lane, state, due_at, at)
            values (?1, ?2, ?3, ?4, 'waiting',
              iif(exists (
                select 1
                from deliveries
                where webhook_id = ?1
                  and lane = ?4
                  and state = 'waiting'
              ), null, ?5), ?5)",
        )?
        .execute(params![webhook, sequence, notice_row, lane(notice), notice.at.get()])?;
    Ok(sequence)
}
