//! Whom a message is for, and who has read it.

use async_trait::async_trait;
use rusqlite::params;

use super::{
    SqliteStore, directed,
    error::Work,
    messages::{number, seq},
    rows::{View, key_of, maybe_millis, parsed, person},
};
use crate::{
    model::{AppKey, ConversationId, MessageUid, Seq, UserId},
    store::{
        Result,
        readership::{Reader, Readers, Readership, Unseen},
    },
};

#[async_trait]
impl Readership for SqliteStore {
    async fn recipients(&self, app: &AppKey, uid: MessageUid) -> Result<Vec<UserId>> {
        let app = app.clone();
        self.read(move |view| directed::recipients(view, &app, uid)).await
    }

    async fn unseen(&self, app: &AppKey, conversation: ConversationId, first: Seq, last: Seq) -> Result<Unseen> {
        let app = app.clone();
        self.read(move |view| unseen(view, &app, conversation, (first, last))).await
    }

    async fn readers(&self, app: &AppKey, uid: MessageUid, after: Option<&UserId>, limit: u16) -> Result<Readers> {
        let (app, after) = (app.clone(), after.cloned());
        self.read(move |view| readers(view, &app, uid, after.as_ref(), limit)).await
    }
}

/// Those inside for whom the message ?1 of the app ?2 is, but its sender; `x` is the message, `m` the participant.
macro_rules! meant {
    () => {
        "from messages x
        join conversations c on c.id = x.conversation_id
        join apps p on p.id = c.app_id
        join participants m on m.conversation_id = c.id
        join users u on u.id = m.user_id
        where x.id = ?1
          and p.key = ?2
          and m.user_id <> x.sender_id
          and m.cleared < x.seq
          and (not x.directed or exists (
              select 1
              from directed d
              where d.conversation_id = c.id
                and d.user_id = m.user_id
                and d.seq = x.seq
            ))"
    };
}

fn unseen(view: &View<'_>, app: &AppKey, conversation: ConversationId, (first, last): (Seq, Seq)) -> Work<Unseen> {
    let mut unseen = Unseen::default();
    let mut asked = view.conn.prepare_cached(
        "with here as (
          select c.id
          from conversations c
          join apps p on p.id = c.app_id
          where c.key = ?1
            and p.key = ?2
        )
        select f.what, u.key, f.seq
        from (
          select 1 as what, d.user_id, d.seq
          from here
          join messages x on x.conversation_id = here.id and x.seq between ?3 and ?4 and x.directed
          join directed d on d.conversation_id = here.id and d.seq = x.seq
          union all
          select 2, d.user_id, d.seq
          from here
          join deleted d on d.conversation_id = here.id and d.seq between ?3 and ?4
          union all
          select 3, m.user_id, m.cleared
          from here
          join participants m on m.conversation_id = here.id and m.cleared >= ?3
        ) as f
        join users u on u.id = f.user_id",
    )?;
    let mut rows = asked.query(params![key_of(conversation), app.as_str(), number(first), number(last)])?;
    while let Some(row) = rows.next()? {
        let (user, place) = (parsed(row, 1)?, seq(row.get(2)?));
        match row.get::<_, i64>(0)? {
            1 => {
                unseen.only.entry(place).or_default().insert(user);
            }
            2 => {
                unseen.thrown_away.insert((place, user));
            }
            _ => {
                unseen.cleared.insert(user, place);
            }
        }
    }
    Ok(unseen)
}

fn readers(view: &View<'_>, app: &AppKey, uid: MessageUid, after: Option<&UserId>, limit: u16) -> Work<Readers> {
    let (of, count): (i64, i64) = view
        .conn
        .prepare_cached(concat!("select count(*), count(*) filter (where m.read >= x.seq) ", meant!()))?
        .query_row(params![uid.number(), app.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let readers = view
        .conn
        .prepare_cached(concat!(
            "select u.key, u.name, u.role, u.portrait, m.read_at ",
            meant!(),
            " and m.read >= x.seq
              and u.key > ?3
            order by u.key
            limit ?4"
        ))?
        .query_map(params![uid.number(), app.as_str(), after.map_or("", UserId::as_str), limit], |row| {
            Ok(Reader { person: person(row, 0)?, read_at: maybe_millis(row, 4)? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Readers { count: count.unsigned_abs(), of: of.unsigned_abs(), readers })
}
