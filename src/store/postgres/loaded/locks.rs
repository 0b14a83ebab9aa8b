//! What is locked or looked at behind the conversations' locks, in one way to the server and back.

use std::collections::{BTreeSet, HashMap};

use sqlx::{Row, postgres::PgRow, query};

use super::{Head, Known, Loaded, Member, load::newest};
use crate::{
    model::{AppKey, ConversationId, UserId},
    store::postgres::{
        batcher::{Append, Mark},
        error::Work,
        messages::by_numbers,
        rows::get,
        session::Session,
    },
};

/// Parts of a union run one after the other, so rows are locked in their order: the apps' times, shared unless a large group
/// raises them; the users' times; those who write and read. The conversations are locked already: nobody uses a client id
/// there meanwhile.
macro_rules! locks {
    ($apps:literal) => {
        concat!(
            "with apps as (
              select app_id, everybody from app_moments where app_id = any($1) order by app_id for ",
            $apps,
            "
            ), people as (
              select user_id, at from moments where user_id = any($2) order by user_id for no key update
            ), members as (
              select p.conversation_id, p.user_id, p.delivered, p.read, p.read_counted, p.read_at, p.owner or p.allowed as privileged,
                p.silenced, p.silenced_until
              from unnest($3::bigint[], $4::bigint[]) as w (conversation, id)
              join participants p on p.conversation_id = w.conversation and p.user_id = w.id
              order by p.conversation_id, p.user_id
              for no key update of p
            )
            select 1, app_id, everybody, 0::bigint, 0::bigint, 0::bigint, null::bigint, false, false, null::bigint, null::text from apps
            union all
            select 2, user_id, at, 0, 0, 0, null, false, false, null, null from people
            union all
            select 3, conversation_id, user_id, delivered, read, read_counted, read_at, privileged, silenced, silenced_until, null
            from members
            union all
            select 4, m.conversation_id, m.sender_id, m.id, 0, 0, null, false, false, null, m.client_id
            from unnest($5::bigint[], $6::bigint[], $7::text[]) as w (conversation, sender, client_id)
            join messages m on m.conversation_id = w.conversation and m.sender_id = w.sender
              and m.client_id = w.client_id
            union all
            select 5, app_id, 0, 0, 0, 0, null, false, false, null, null
            from webhooks
            where app_id = any($1) and enabled and not deleted"
        )
    };
}

impl Loaded<'_> {
    /// Locks times and members, and finds who used client ids before.
    pub(super) async fn load_locked(
        &mut self,
        s: &mut Session<'_>,
        appends: &[&Append],
        marks: &[&Mark],
        to_lock: &BTreeSet<ConversationId>,
    ) -> Work<()> {
        let heads: Vec<&Head> = to_lock.iter().filter_map(|id| self.heads.get(id)).collect();
        let apps: BTreeSet<i64> = heads.iter().map(|head| head.app).collect();
        let people: BTreeSet<i64> = heads.iter().filter_map(|head| head.inside.as_ref()).flatten().copied().collect();
        let any_large = heads.iter().any(|head| head.inside.is_none());
        let members = self.named(appends, marks);
        let asked = self.client_ids(appends);
        let rows = query(if any_large { locks!("update") } else { locks!("share") })
            .bind(apps.into_iter().collect::<Vec<_>>())
            .bind(people.into_iter().collect::<Vec<_>>())
            .bind(members.iter().map(|(conversation, _)| *conversation).collect::<Vec<_>>())
            .bind(members.iter().map(|(_, user)| *user).collect::<Vec<_>>())
            .bind(asked.iter().map(|(conversation, ..)| *conversation).collect::<Vec<_>>())
            .bind(asked.iter().map(|(_, sender, _)| *sender).collect::<Vec<_>>())
            .bind(asked.iter().map(|(.., client_id)| *client_id).collect::<Vec<_>>())
            .fetch_all(&mut *s.conn)
            .await?;
        let mut used = Vec::new();
        for row in &rows {
            match row.try_get::<i32, _>(0)? {
                1 => drop(self.everybody.insert(get(row, 1)?, get(row, 2)?)),
                2 => drop(self.moments.insert(get(row, 1)?, get(row, 2)?)),
                3 => drop(self.members.insert((get(row, 1)?, get(row, 2)?), member(row)?)),
                4 => used.push((get(row, 3)?, (get(row, 1)?, get(row, 2)?, get(row, 10)?))),
                _ => drop(self.listened.insert(get(row, 1)?)),
            }
        }
        if any_large {
            self.ceiling = newest(s).await?;
        }
        self.load_known(s, used).await
    }

    /// Who writes and reads where, as far as both are there.
    fn named(&self, appends: &[&Append], marks: &[&Mark]) -> BTreeSet<(i64, i64)> {
        let of = |app: &AppKey, id: ConversationId, user: &UserId| {
            let user = self.user(self.app(app).ok()?, user).ok()?;
            Some((self.heads.get(&id)?.row, user))
        };
        let writers = appends.iter().filter_map(|job| of(&job.app, job.new.conversation, &job.new.from.id));
        let readers = marks.iter().filter_map(|job| of(&job.app, job.conversation, &job.user));
        writers.chain(readers).collect()
    }

    /// Client ids, by conversations and senders.
    fn client_ids<'a>(&self, appends: &[&'a Append]) -> Vec<(i64, i64, &'a str)> {
        let of = |job: &&'a Append| {
            let client_id = job.new.client_id.as_ref()?;
            let sender = self.user(self.app(&job.app).ok()?, &job.new.from.id).ok()?;
            Some((self.heads.get(&job.new.conversation)?.row, sender, client_id.as_str()))
        };
        appends.iter().filter_map(of).collect()
    }

    /// The messages that used client ids before, given by their numbers.
    async fn load_known(&mut self, s: &mut Session<'_>, used: Vec<(i64, (i64, i64, String))>) -> Work<()> {
        if used.is_empty() {
            return Ok(());
        }
        let numbers: Vec<i64> = used.iter().map(|(number, _)| *number).collect();
        let mut found: HashMap<i64, Known> = by_numbers(s, &numbers)
            .await?
            .into_iter()
            .map(|(message, original)| (message.uid.number(), Known { message, original }))
            .collect();
        self.known.extend(used.into_iter().filter_map(|(number, by)| Some((by, found.remove(&number)?))));
        Ok(())
    }
}

fn member(row: &PgRow) -> sqlx::Result<Member> {
    Ok(Member {
        delivered: row.try_get(3)?,
        read: row.try_get(4)?,
        read_counted: row.try_get(5)?,
        read_at: row.try_get(6)?,
        privileged: row.try_get(7)?,
        silenced: row.try_get(8)?,
        silenced_until: row.try_get(9)?,
        moved: false,
    })
}
