//! Writing a decided batch: a few statements, however many messages there are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::{Row, query};

use super::{
    append::{Kept, pieces},
    batcher::Copy,
    error::Work,
    loaded::{FEW, Head, Loaded, Member},
    outbox::{Listeners, Record, record_all},
    rows::{get, small},
    session::Session,
    statistics::Tally,
    upstreams::Seats,
};
use crate::{
    model::{Kind, MessageUid, Millis, Source, Topic},
    store::{
        NewMessage,
        records::{digest, seq},
        told,
    },
};

pub(super) use at_once::AtOnce;

mod at_once;

/// Participants' rows know when something was last said to the minute.
const STEP_MS: i64 = 60_000;

/// Whose watermarks moved, by conversation and user, and where to.
type Moved<'a> = (&'a (i64, i64), &'a Member);

/// What is to be written.
#[derive(Default)]
pub(super) struct Writing<'j> {
    pub(super) messages: Vec<Kept<'j>>,
    /// Copies: app, id there, number here.
    pub(super) mirrored: Vec<(i64, &'j str, i64)>,
    pub(super) seats: Seats<'j>,
    /// Whose watermarks receipts moved: rows of conversations and users.
    pub(super) read: BTreeSet<(i64, i64)>,
}

impl<'j> Writing<'j> {
    /// A visitor's copy has come to this message.
    pub(super) fn came_to(&mut self, visitor: i64, copy: &Copy, new: &'j NewMessage) {
        let until = self.seats.until.entry(visitor).or_default();
        let side = if new.from.id == copy.visitor { &mut until.1 } else { &mut until.0 };
        *side = (*side).max(new.at.get());
        self.seats.arrived.extend(new.client_id.as_ref().map(|client_id| (visitor, client_id.as_str())));
    }

    /// Writes it, `noted` for servers that hear of each other.
    pub(super) async fn write(&self, s: &mut Session<'_>, loaded: &Loaded<'_>, noted: bool) -> Work<()> {
        let moved: Vec<_> = loaded.members.iter().filter(|(_, member)| member.moved).collect();
        if self.messages.is_empty() {
            members(s, &moved).await?;
            return self.seats.write(s).await;
        }
        let heads: Vec<(&Head, i64)> =
            loaded.heads.values().filter(|head| head.moved).map(|head| (head, stirred_until(head))).collect();
        let stirred: Vec<(i64, i64)> = heads
            .iter()
            .filter(|(head, until)| *until > head.stirred_until)
            .map(|(head, until)| (head.row, *until))
            .collect();
        if !stirred.is_empty() {
            stir_people(s, &stirred).await?;
        }
        self.seats.write(s).await?;
        let kinds: BTreeMap<i64, i64> = loaded.heads.values().map(|head| (head.row, head.kind)).collect();
        let rows = AtOnce {
            messages: &self.messages,
            members: moved,
            changed: heads.iter().filter(|_| noted).map(|(head, _)| (head.row, head.seq_before)).collect(),
            heads,
            moments: loaded.moments.iter().map(|(user, at)| (*user, *at)).collect(),
            found: pieces(&self.messages, &kinds),
            tally: self.tally(loaded, &kinds),
        };
        rows.write(s).await?;
        self.insert_around(s).await?;
        self.insert_mirrored(s).await?;
        raise_everybody(s, loaded).await?;
        self.tell(s, loaded).await
    }

    fn tally(&self, loaded: &Loaded<'_>, kinds: &BTreeMap<i64, i64>) -> Tally {
        let began: HashMap<i64, i64> = loaded.heads.values().map(|head| (head.row, head.began_at)).collect();
        let mut tally = Tally::default();
        for kept in &self.messages {
            let of = |map: Option<&i64>| map.copied().unwrap_or(0);
            let place = (kept.conversation, of(kinds.get(&kept.conversation)), of(began.get(&kept.conversation)));
            tally.add(kept.app, place, (kept.sender, kept.new.from.role), kept.at);
        }
        tally
    }

    async fn insert_mirrored(&self, s: &mut Session<'_>) -> Work<()> {
        if self.mirrored.is_empty() {
            return Ok(());
        }
        query(
            "insert into mirrored (app_id, uid, message_id)
            select * from unnest($1::bigint[], $2::text[], $3::bigint[])",
        )
        .bind(self.mirrored.iter().map(|(app, ..)| *app).collect::<Vec<_>>())
        .bind(self.mirrored.iter().map(|(_, uid, _)| *uid).collect::<Vec<_>>())
        .bind(self.mirrored.iter().map(|(.., number)| *number).collect::<Vec<_>>())
        .execute(&mut *s.conn)
        .await?;
        Ok(())
    }

    /// What few messages have: originals, recipients, who is called, files.
    async fn insert_around(&self, s: &mut Session<'_>) -> Work<()> {
        let originals: Vec<(i64, Vec<u8>)> = self
            .messages
            .iter()
            .filter_map(|kept| Some((kept.id, digest(kept.new.original.as_ref()?).to_vec())))
            .collect();
        if !originals.is_empty() {
            let (ids, digests): (Vec<i64>, Vec<Vec<u8>>) = originals.into_iter().unzip();
            query("insert into rewritten (message_id, original) select * from unnest($1::bigint[], $2::bytea[])")
                .bind(&ids)
                .bind(&digests)
                .execute(&mut *s.conn)
                .await?;
        }
        let directed: Vec<(&Kept<'_>, i64)> =
            self.messages.iter().flat_map(|kept| kept.recipients.iter().map(move |user| (kept, *user))).collect();
        if !directed.is_empty() {
            query(
                "insert into directed (conversation_id, user_id, seq, sent_at, counted)
                select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::boolean[])
                on conflict do nothing",
            )
            .bind(directed.iter().map(|(kept, _)| kept.conversation).collect::<Vec<_>>())
            .bind(directed.iter().map(|(_, user)| *user).collect::<Vec<_>>())
            .bind(directed.iter().map(|(kept, _)| kept.seq).collect::<Vec<_>>())
            .bind(directed.iter().map(|(kept, _)| kept.at).collect::<Vec<_>>())
            .bind(directed.iter().map(|(kept, user)| kept.new.counted && *user != kept.sender).collect::<Vec<_>>())
            .execute(&mut *s.conn)
            .await?;
        }
        let calls: Vec<(&Kept<'_>, Option<i64>)> =
            self.messages.iter().flat_map(|kept| kept.called.iter().map(move |user| (kept, *user))).collect();
        if !calls.is_empty() {
            query(
                "insert into mentions (conversation_id, seq, user_id)
                select * from unnest($1::bigint[], $2::bigint[], $3::bigint[])",
            )
            .bind(calls.iter().map(|(kept, _)| kept.conversation).collect::<Vec<_>>())
            .bind(calls.iter().map(|(kept, _)| kept.seq).collect::<Vec<_>>())
            .bind(calls.iter().map(|(_, user)| *user).collect::<Vec<_>>())
            .execute(&mut *s.conn)
            .await?;
        }
        let binds: Vec<(&Kept<'_>, &[u8; 16])> =
            self.messages.iter().flat_map(|kept| kept.binds.iter().map(move |file| (kept, file))).collect();
        if !binds.is_empty() {
            query(
                "update files f
                set conversation_id = w.conversation, message_id = w.message
                from unnest($1::bytea[], $2::bigint[], $3::bigint[]) as w (key, conversation, message)
                where f.key = w.key",
            )
            .bind(binds.iter().map(|(_, file)| file.to_vec()).collect::<Vec<_>>())
            .bind(binds.iter().map(|(kept, _)| kept.conversation).collect::<Vec<_>>())
            .bind(binds.iter().map(|(kept, _)| kept.id).collect::<Vec<_>>())
            .execute(&mut *s.conn)
            .await?;
        }
        Ok(())
    }

    /// Tells back ends, in the same transaction.
    async fn tell(&self, s: &mut Session<'_>, loaded: &Loaded<'_>) -> Work<()> {
        let mut apps: Vec<i64> =
            self.messages.iter().map(|kept| kept.app).filter(|app| loaded.listened.contains(app)).collect();
        apps.sort_unstable();
        apps.dedup();
        if apps.is_empty() {
            return Ok(());
        }
        let listeners = Listeners::load(s, &apps).await?;
        let told: Vec<&Kept<'_>> = self
            .messages
            .iter()
            .filter(|kept| listeners.want(kept.app, Topic::MessageSent))
            .filter(|kept| kept.new.source != Source::Api || listeners.echo(kept.app))
            .collect();
        if told.is_empty() {
            return Ok(());
        }
        let targets = Target::load(s, &told).await?;
        let mut records = Vec::with_capacity(told.len());
        for kept in told {
            let Some(target) = targets.get(&kept.conversation) else { continue };
            let spot = (MessageUid::from_number(kept.id), seq(kept.seq), Millis::new(kept.at));
            let notice = told::message_sent(kept.new, spot, target.kind, &target.seen_by(kept));
            records.push(Record { app: kept.app, notice });
        }
        record_all(s, &listeners, &records).await
    }
}

/// The other sides of a conversation.
struct Target {
    kind: Kind,
    handle: Option<String>,
    low: Option<String>,
    high: Option<String>,
    visitor: Option<String>,
    site: Option<String>,
}

impl Target {
    async fn load(s: &mut Session<'_>, told: &[&Kept<'_>]) -> Work<HashMap<i64, Self>> {
        let conversations: Vec<i64> = told.iter().map(|kept| kept.conversation).collect();
        let rows = query(
            "select c.id, c.kind, c.handle, l.key, h.key, v.key, s.key
            from conversations c
            left join users l on l.id = c.low_user_id
            left join users h on h.id = c.high_user_id
            left join users v on v.id = c.visitor_id
            left join sites s on s.id = c.site_id
            where c.id = any($1)",
        )
        .bind(&conversations)
        .fetch_all(&mut *s.conn)
        .await?;
        let mut targets = HashMap::new();
        for row in &rows {
            let target = Self {
                kind: Kind::from_number(small(row, 1)?).unwrap_or(Kind::Private),
                handle: get(row, 2)?,
                low: get(row, 3)?,
                high: get(row, 4)?,
                visitor: get(row, 5)?,
                site: get(row, 6)?,
            };
            targets.insert(get(row, 0)?, target);
        }
        Ok(targets)
    }

    /// To whom or what a message of its sender goes there.
    fn seen_by(&self, kept: &Kept<'_>) -> String {
        let sender = Some(kept.new.from.id.as_str());
        let pair = if self.low.as_deref() == sender { &self.high } else { &self.low };
        let desk = if self.visitor.as_deref() == sender { &self.site } else { &self.visitor };
        let target = self.handle.as_ref().or(pair.as_ref()).or(desk.as_ref());
        target.cloned().unwrap_or_else(|| kept.new.conversation.to_string())
    }
}

/// Watermarks of those who read, when nothing was written. Their rows are locked.
async fn members(s: &mut Session<'_>, moved: &[Moved<'_>]) -> Work<()> {
    if moved.is_empty() {
        return Ok(());
    }
    query(
        "update participants p
        set delivered = w.delivered, read = w.read, read_counted = w.read_counted, read_at = w.read_at
        from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
          as w (conversation, id, delivered, read, read_counted, read_at)
        where p.conversation_id = w.conversation
          and p.user_id = w.id",
    )
    .bind(moved.iter().map(|((conversation, _), _)| *conversation).collect::<Vec<_>>())
    .bind(moved.iter().map(|((_, user), _)| *user).collect::<Vec<_>>())
    .bind(moved.iter().map(|(_, member)| member.delivered).collect::<Vec<_>>())
    .bind(moved.iter().map(|(_, member)| member.read).collect::<Vec<_>>())
    .bind(moved.iter().map(|(_, member)| member.read_counted).collect::<Vec<_>>())
    .bind(moved.iter().map(|(_, member)| member.read_at).collect::<Vec<_>>())
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}

/// Until when the participants' rows shall know that something was said: the end of the minute, and for ever in large
/// groups, so that most messages touch none of them.
fn stirred_until(head: &Head) -> i64 {
    if head.said_at <= head.stirred_until {
        return head.stirred_until;
    }
    if head.inside.is_none() { i64::MAX } else { end_of_step(head.said_at) }
}

fn end_of_step(at: i64) -> i64 {
    at.saturating_add(STEP_MS - 1 - at.rem_euclid(STEP_MS))
}

/// Lets the people of a conversation, whose row is locked, know that something came at this time.
pub(super) async fn stir(s: &mut Session<'_>, conversation: i64, at: Millis) -> Work<()> {
    let few = query("select count(*) from (select 1 from participants where conversation_id = $1 limit $2) as p")
        .bind(conversation)
        .bind(FEW + 1)
        .fetch_one(&mut *s.conn)
        .await?;
    let until = if few.try_get::<i64, _>(0)? > FEW { i64::MAX } else { end_of_step(at.get()) };
    let moved = query("update conversations set stirred_until = $2 where id = $1 and stirred_until < $3")
        .bind(conversation)
        .bind(until)
        .bind(at.get())
        .execute(&mut *s.conn)
        .await?;
    if moved.rows_affected() == 0 { Ok(()) } else { stir_people(s, &[(conversation, until)]).await }
}

/// Raises the rows of the people of conversations, each until an instant.
async fn stir_people(s: &mut Session<'_>, stirred: &[(i64, i64)]) -> Work<()> {
    query(
        "with rows as (
          select p.conversation_id, p.user_id, w.until
          from unnest($1::bigint[], $2::bigint[]) as w (conversation, until)
          join participants p on p.conversation_id = w.conversation
          where p.quiet_after < w.until
          order by p.conversation_id, p.user_id
          for no key update of p
        )
        update participants p
        set quiet_after = rows.until
        from rows
        where p.conversation_id = rows.conversation_id
          and p.user_id = rows.user_id",
    )
    .bind(stirred.iter().map(|(row, _)| *row).collect::<Vec<_>>())
    .bind(stirred.iter().map(|(_, until)| *until).collect::<Vec<_>>())
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}

/// The newest times of large groups' apps, whose rows are locked.
async fn raise_everybody(s: &mut Session<'_>, loaded: &Loaded<'_>) -> Work<()> {
    if !loaded.heads.values().any(|head| head.moved && head.inside.is_none()) {
        return Ok(());
    }
    query(
        "update app_moments m
        set everybody = w.at
        from unnest($1::bigint[], $2::bigint[]) as w (id, at)
        where m.app_id = w.id
          and m.everybody < w.at",
    )
    .bind(loaded.everybody.keys().copied().collect::<Vec<_>>())
    .bind(loaded.everybody.values().copied().collect::<Vec<_>>())
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}
