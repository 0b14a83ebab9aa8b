//! Whom a message is for, and who has read it.

use async_trait::async_trait;
use sqlx::{Row, query};

use super::{
    PostgresStore, directed,
    error::Work,
    messages::number,
    rows::{all, key_of, maybe_millis, parsed, person, whole},
    session::{Session, glancing, reading},
};
use crate::{
    model::{AppKey, ConversationId, MessageUid, Seq, UserId},
    store::{
        Result,
        readership::{Reader, Readers, Readership, Unseen},
    },
};

#[async_trait]
impl Readership for PostgresStore {
    async fn recipients(&self, app: &AppKey, uid: MessageUid) -> Result<Vec<UserId>> {
        glancing!(self, s => directed::recipients(s, app, uid))
    }

    async fn unseen(&self, app: &AppKey, conversation: ConversationId, first: Seq, last: Seq) -> Result<Unseen> {
        glancing!(self, s => unseen(s, app, conversation, (first, last)))
    }

    async fn readers(&self, app: &AppKey, uid: MessageUid, after: Option<&UserId>, limit: u16) -> Result<Readers> {
        reading!(self, s => readers(s, app, uid, after, limit))
    }
}

/// Those inside for whom the message $1 of the app $2 is, but its sender; `x` is the message, `m` the participant.
macro_rules! meant {
    () => {
        "from messages x
        join conversations c on c.id = x.conversation_id
        join apps p on p.id = c.app_id
        join participants m on m.conversation_id = c.id
        join users u on u.id = m.user_id
        where x.id = $1
          and p.key = $2
          and m.user_id <> x.sender_id
          and m.cleared < x.seq
          and (not x.directed or exists (
              select 1
              from directed d
              where d.conversation_id = c.id
                and d.user_id = m.user_id
                and d.seq = x.seq
            )) "
    };
}

async fn unseen(
    s: &mut Session<'_>,
    app: &AppKey,
    conversation: ConversationId,
    (first, last): (Seq, Seq),
) -> Work<Unseen> {
    let rows = query(
        "with here as (
          select c.id
          from conversations c
          join apps p on p.id = c.app_id
          where c.key = $1
            and p.key = $2
        )
        select f.what, u.key, f.seq
        from (
          select 1 as what, d.user_id, d.seq
          from here
          join messages x on x.conversation_id = here.id and x.seq between $3 and $4 and x.directed
          join directed d on d.conversation_id = here.id and d.seq = x.seq
          union all
          select 2, d.user_id, d.seq
          from here
          join deleted d on d.conversation_id = here.id and d.seq between $3 and $4
          union all
          select 3, m.user_id, m.cleared
          from here
          join participants m on m.conversation_id = here.id and m.cleared >= $3
        ) as f
        join users u on u.id = f.user_id",
    )
    .bind(&key_of(conversation)[..])
    .bind(app.as_str())
    .bind(number(first))
    .bind(number(last))
    .fetch_all(&mut *s.conn)
    .await?;
    let mut found = Unseen::default();
    for row in &rows {
        let (user, seq) = (parsed(row, 1)?, Seq(whole(row, 2)?));
        match row.try_get::<i32, _>(0)? {
            1 => {
                found.only.entry(seq).or_default().insert(user);
            }
            2 => {
                found.thrown_away.insert((seq, user));
            }
            _ => {
                found.cleared.insert(user, seq);
            }
        }
    }
    Ok(found)
}

async fn readers(
    s: &mut Session<'_>,
    app: &AppKey,
    uid: MessageUid,
    after: Option<&UserId>,
    limit: u16,
) -> Work<Readers> {
    let counts = query(concat!("select count(*), count(*) filter (where m.read >= x.seq) ", meant!()))
        .bind(uid.number())
        .bind(app.as_str())
        .fetch_one(&mut *s.conn)
        .await?;
    let rows = query(concat!(
        "select u.key, u.name, u.role, u.portrait, m.read_at ",
        meant!(),
        "and m.read >= x.seq
          and u.key > $3
        order by u.key
        limit $4"
    ))
    .bind(uid.number())
    .bind(app.as_str())
    .bind(after.map_or("", UserId::as_str))
    .bind(i64::from(limit))
    .fetch_all(&mut *s.conn)
    .await?;
    let readers = all(&rows, |row| Ok(Reader { person: person(row, 0)?, read_at: maybe_millis(row, 4)? }))?;
    Ok(Readers { count: whole(&counts, 1)?, of: whole(&counts, 0)?, readers })
}
