//! What nearly every batch writes, in one way to the server and back.

use sqlx::query;

use super::Moved;
use crate::{
    model::ClientId,
    store::postgres::{append::Kept, error::Work, loaded::Head, session::Session, statistics::Tally},
};

/// Rows to write; any of them may be none.
#[derive(Default)]
pub(in crate::store::postgres) struct AtOnce<'a> {
    /// Messages.
    pub(in crate::store::postgres) messages: &'a [Kept<'a>],
    /// Watermarks of those who wrote and read. Their rows are locked.
    pub(in crate::store::postgres) members: Vec<Moved<'a>>,
    /// Conversations, and until when their people's rows know that something was said. Their rows are locked.
    pub(in crate::store::postgres) heads: Vec<(&'a Head, i64)>,
    /// Conversations that others may miss something of, and the newest place before.
    pub(in crate::store::postgres) changed: Vec<(i64, i64)>,
    /// The newest times of receivers, by their rows, which are locked.
    pub(in crate::store::postgres) moments: Vec<(i64, i64)>,
    /// What messages are found by, beside their numbers.
    pub(in crate::store::postgres) found: Vec<(i64, String)>,
    /// What is counted.
    pub(in crate::store::postgres) tally: Tally,
}

/// Every table stands in it once: parts of one statement do not see each other. Days are in their order, so that nodes never
/// wait in a circle.
const SQL: &str = "
with kept as (
  insert into messages
    (id, conversation_id, seq, sender_id, client_id, sent_at, name, body, counted, checksum, directed)
  select *
  from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::text[], $8::text[],
    $9::bigint[], $10::bigint[], $11::boolean[])
), members as (
  update participants p
  set delivered = w.delivered, read = w.read, read_counted = w.read_counted, read_at = w.read_at
  from unnest($12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[])
    as w (conversation, id, delivered, read, read_counted, read_at)
  where p.conversation_id = w.conversation
    and p.user_id = w.id
), heads as (
  update conversations c
  set seq = w.seq, newest = w.newest, counted = w.counted, told = w.told, said_at = w.said_at,
    changed_at = w.changed_at, waiting_since = w.waiting_since, stirred_until = w.stirred_until
  from unnest($18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[], $24::bigint[],
    $25::bigint[], $26::bigint[])
    as w (id, seq, newest, counted, told, said_at, changed_at, waiting_since, stirred_until)
  where c.id = w.id
), moments as (
  update moments m
  set at = w.at
  from unnest($27::bigint[], $28::bigint[]) as w (id, at)
  where m.user_id = w.id
    and m.at < w.at
), findable as (
  insert into found (message_id, grams)
  select w.id, string_to_array(w.pieces, ' ')
  from unnest($29::bigint[], $30::text[]) as w (id, pieces)
), counted as (
  insert into daily_messages (app_id, day, kind, count)
  select * from unnest($31::bigint[], $32::bigint[], $33::bigint[], $34::bigint[])
), noted as (
  insert into changes (conversation_id, after, turned)
  select w.id, w.after, false
  from unnest($38::bigint[], $39::bigint[]) as w (id, after)
)
insert into daily_active (app_id, day, user_id)
select w.*
from unnest($35::bigint[], $36::bigint[], $37::bigint[]) as w (app_id, day, user_id)
where not exists (
    select 1
    from daily_active a
    where (a.app_id, a.day, a.user_id) = (w.app_id, w.day, w.user_id)
  )
order by 1, 2, 3
on conflict do nothing";

impl AtOnce<'_> {
    /// Writes them.
    pub(in crate::store::postgres) async fn write(&self, s: &mut Session<'_>) -> Work<()> {
        let kept = |which: fn(&Kept<'_>) -> i64| self.messages.iter().map(which).collect::<Vec<_>>();
        let head = |which: fn(&Head) -> i64| self.heads.iter().map(|(head, _)| which(head)).collect::<Vec<_>>();
        let [apps, days, kinds, counts] = self.tally.messages();
        let [active_apps, active_days, active_users] = self.tally.active();
        query(SQL)
            .bind(kept(|kept| kept.id))
            .bind(kept(|kept| kept.conversation))
            .bind(kept(|kept| kept.seq))
            .bind(kept(|kept| kept.sender))
            .bind(self.messages.iter().map(|it| it.new.client_id.as_ref().map(ClientId::as_str)).collect::<Vec<_>>())
            .bind(kept(|kept| kept.at))
            .bind(self.messages.iter().map(|kept| kept.new.content.name.as_str()).collect::<Vec<_>>())
            .bind(self.messages.iter().map(|kept| kept.new.content.body()).collect::<Vec<_>>())
            .bind(kept(|kept| kept.counted))
            .bind(kept(|kept| kept.checksum))
            .bind(self.messages.iter().map(|kept| !kept.recipients.is_empty()).collect::<Vec<_>>())
            .bind(self.members.iter().map(|((conversation, _), _)| *conversation).collect::<Vec<_>>())
            .bind(self.members.iter().map(|((_, user), _)| *user).collect::<Vec<_>>())
            .bind(self.members.iter().map(|(_, member)| member.delivered).collect::<Vec<_>>())
            .bind(self.members.iter().map(|(_, member)| member.read).collect::<Vec<_>>())
            .bind(self.members.iter().map(|(_, member)| member.read_counted).collect::<Vec<_>>())
            .bind(self.members.iter().map(|(_, member)| member.read_at).collect::<Vec<_>>())
            .bind(head(|head| head.row))
            .bind(head(|head| head.seq))
            .bind(head(|head| head.newest))
            .bind(head(|head| head.counted))
            .bind(head(|head| head.told))
            .bind(head(|head| head.said_at))
            .bind(head(|head| head.changed_at))
            .bind(self.heads.iter().map(|(head, _)| head.waiting_since).collect::<Vec<_>>())
            .bind(self.heads.iter().map(|(_, until)| *until).collect::<Vec<_>>())
            .bind(self.moments.iter().map(|(user, _)| *user).collect::<Vec<_>>())
            .bind(self.moments.iter().map(|(_, at)| *at).collect::<Vec<_>>())
            .bind(self.found.iter().map(|(id, _)| *id).collect::<Vec<_>>())
            .bind(self.found.iter().map(|(_, pieces)| pieces.as_str()).collect::<Vec<_>>())
            .bind(apps)
            .bind(days)
            .bind(kinds)
            .bind(counts)
            .bind(active_apps)
            .bind(active_days)
            .bind(active_users)
            .bind(self.changed.iter().map(|(conversation, _)| *conversation).collect::<Vec<_>>())
            .bind(self.changed.iter().map(|(_, after)| *after).collect::<Vec<_>>())
            .execute(&mut *s.conn)
            .await?;
        self.tally.write_answers(s).await
    }
}
