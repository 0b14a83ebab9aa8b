//! Recording notices, in the transaction of what they tell.

use std::collections::{BTreeMap, HashMap, HashSet};

use rand::RngCore;
use sqlx::query;

use crate::{
    model::{Features, Notice, Topic, notice::Topics},
    store::{
        postgres::{
            error::Work,
            rows::{all, get, json, key_of},
            session::Session,
        },
        records::number,
        told::lane,
    },
};

/// The enabled webhooks of some apps, as this transaction sees them. One look-up in an index tells that nobody listens.
#[derive(Debug, Default)]
pub(in crate::store::postgres) struct Listeners {
    webhooks: BTreeMap<i64, Listener>,
    /// Apps whose own back end hears of what it sent itself.
    echo: HashSet<i64>,
}

#[derive(Debug)]
struct Listener {
    app: i64,
    topics: Topics,
}

/// A notice to record.
#[derive(Debug)]
pub(in crate::store::postgres) struct Record {
    /// The app's row.
    pub(in crate::store::postgres) app: i64,
    /// What happened.
    pub(in crate::store::postgres) notice: Notice,
}

impl Listeners {
    pub(in crate::store::postgres) async fn load(s: &mut Session<'_>, apps: &[i64]) -> Work<Self> {
        let rows = query(
            "select w.id, w.app_id, w.topics, p.features
            from webhooks w
            join apps p on p.id = w.app_id
            where w.app_id = any($1)
              and w.enabled
              and not w.deleted",
        )
        .bind(apps)
        .fetch_all(&mut *s.conn)
        .await?;
        let mut listeners = Self::default();
        for row in &rows {
            let names: Vec<String> = json(row, 2)?;
            let topics: Vec<Topic> = names.iter().filter_map(|name| Topic::from_name(name)).collect();
            let app = get(row, 1)?;
            if json::<Features>(row, 3)?.echo_back_end {
                listeners.echo.insert(app);
            }
            listeners.webhooks.insert(get(row, 0)?, Listener { app, topics: Topics::wanted_by(&topics) });
        }
        Ok(listeners)
    }

    /// Whether anybody of the app wants to hear of this.
    pub(in crate::store::postgres) fn want(&self, app: i64, topic: Topic) -> bool {
        self.webhooks.values().any(|webhook| webhook.app == app && webhook.topics.has(topic))
    }

    /// Whether the app's own back end hears of what it sent itself.
    pub(in crate::store::postgres) fn echo(&self, app: i64) -> bool {
        self.echo.contains(&app)
    }
}

/// Records notices in their order, each for every webhook that wants its topic: a few statements, however many there are.
pub(in crate::store::postgres) async fn record_all(
    s: &mut Session<'_>,
    listeners: &Listeners,
    records: &[Record],
) -> Work<()> {
    // For each webhook, in the order of their rows so that nobody waits in a circle: which notices it gets.
    let wanted: BTreeMap<i64, Vec<usize>> = listeners
        .webhooks
        .iter()
        .map(|(row, webhook)| {
            let wants = |record: &Record| record.app == webhook.app && webhook.topics.has(record.notice.topic);
            (*row, (0..).zip(records).filter(|(_, record)| wants(record)).map(|(place, _)| place).collect())
        })
        .filter(|(_, places): &(i64, Vec<usize>)| !places.is_empty())
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let told: HashSet<usize> = wanted.values().flatten().copied().collect();
    let mut ordered: Vec<usize> = told.into_iter().collect();
    ordered.sort_unstable();
    let notices: Vec<&Notice> =
        ordered.iter().filter_map(|place| records.get(*place)).map(|record| &record.notice).collect();
    let rows = keep(s, &notices).await?;
    let row_of: HashMap<usize, i64> = ordered.into_iter().zip(rows).collect();
    let mut sends = Vec::new();
    for (webhook, places) in wanted {
        for place in places {
            if let (Some(row), Some(record)) = (row_of.get(&place), records.get(place)) {
                sends.push((webhook, *row, &record.notice));
            }
        }
    }
    send(s, &sends).await.map(drop)
}

/// Records a notice for one webhook, which is locked; returns its place there.
pub(super) async fn tell_one(s: &mut Session<'_>, webhook: i64, notice: &Notice) -> Work<u64> {
    let rows = keep(s, &[notice]).await?;
    let sends: Vec<_> = rows.into_iter().map(|row| (webhook, row, notice)).collect();
    let places = send(s, &sends).await?;
    Ok(places.first().map_or(0, |place| u64::try_from(*place).unwrap_or(0)))
}

/// Keeps notices under random ids; their rows in the same order.
async fn keep(s: &mut Session<'_>, notices: &[&Notice]) -> Work<Vec<i64>> {
    s.recorded = true;
    let keys: Vec<Vec<u8>> = notices
        .iter()
        .map(|_| {
            let mut key = vec![0; 16];
            rand::rng().fill_bytes(&mut key);
            key
        })
        .collect();
    let rows = query(
        "insert into notices (key, topic, conversation, seq, at, body)
        select w.key, w.topic, w.conversation, w.seq, w.at, w.body
        from unnest($1::bytea[], $2::text[], $3::bytea[], $4::bigint[], $5::bigint[], $6::text[])
          with ordinality as w (key, topic, conversation, seq, at, body, place)
        order by w.place
        returning id, key",
    )
    .bind(&keys)
    .bind(notices.iter().map(|notice| notice.topic.name()).collect::<Vec<_>>())
    .bind(notices.iter().map(|notice| notice.conversation.map(|id| key_of(id).to_vec())).collect::<Vec<_>>())
    .bind(notices.iter().map(|notice| notice.seq.map(number)).collect::<Vec<_>>())
    .bind(notices.iter().map(|notice| notice.at.get()).collect::<Vec<_>>())
    .bind(notices.iter().map(|notice| notice.body.get()).collect::<Vec<_>>())
    .fetch_all(&mut *s.conn)
    .await?;
    let by_key: HashMap<Vec<u8>, i64> = all(&rows, |row| Ok((get(row, 1)?, get(row, 0)?)))?.into_iter().collect();
    Ok(keys.iter().filter_map(|key| by_key.get(key).copied()).collect())
}

/// Puts kept notices on their way: at once, or behind those of their lane. Sorted by webhook; their places there.
async fn send(s: &mut Session<'_>, sends: &[(i64, i64, &Notice)]) -> Work<Vec<i64>> {
    let webhooks: Vec<i64> = sends.iter().map(|(webhook, ..)| *webhook).collect();
    // The lock on a webhook's row gives places without gaps, and keeps its lanes still while they are looked at.
    query("select id from webhooks where id = any($1) order by id for no key update")
        .bind(&webhooks)
        .execute(&mut *s.conn)
        .await?;
    let lanes: Vec<Option<Vec<u8>>> = sends.iter().map(|(.., notice)| lane(notice)).collect();
    let rows = query(
        "with w as (
          select w.webhook, w.notice, w.lane, w.at, w.place,
            row_number() over (partition by w.webhook order by w.place) as turn,
            w.lane is not null and row_number() over (partition by w.webhook, w.lane order by w.place) > 1 as behind
          from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[])
            with ordinality as w (webhook, notice, lane, at, place)
        ), moved as (
          update webhooks h
          set sequence = h.sequence + more.count
          from (select webhook, count(*) as count from w group by webhook) as more
          where h.id = more.webhook
          returning h.id, h.sequence - more.count as sequence
        )
        insert into deliveries (webhook_id, sequence, notice_id, lane, state, due_at, at)
        select w.webhook, m.sequence + w.turn, w.notice, w.lane, 'waiting',
          case
            when w.behind or exists (
              select 1
              from deliveries d
              where d.webhook_id = w.webhook
                and d.lane = w.lane
                and d.state = 'waiting'
            ) then null
            else w.at
          end,
          w.at
        from w
        join moved m on m.id = w.webhook
        order by w.place
        returning sequence",
    )
    .bind(&webhooks)
    .bind(sends.iter().map(|(_, notice, _)| *notice).collect::<Vec<_>>())
    .bind(&lanes)
    .bind(sends.iter().map(|(.., notice)| notice.at.get()).collect::<Vec<_>>())
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, |row| get(row, 0))?)
}
