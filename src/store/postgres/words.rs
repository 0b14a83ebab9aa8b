//! Word lists.

use async_trait::async_trait;
use sqlx::{postgres::PgRow, query};

use super::{
    PostgresStore,
    error::Work,
    rows::{all, get, millis, whole},
    session::{Session, glancing, writing},
};
use crate::{
    model::{AppKey, words::Word},
    store::{Result, words::Words},
};

#[async_trait]
impl Words for PostgresStore {
    async fn put_words(&self, app: &AppKey, words: Vec<(String, Word)>, most: u32) -> Result<bool> {
        writing!(self, s => put(s, app, &words, most))
    }

    async fn remove_words(&self, app: &AppKey, folded: Vec<String>) -> Result<u64> {
        writing!(self, s => remove(s, app, &folded))
    }

    async fn words(&self, app: &AppKey) -> Result<Vec<Word>> {
        glancing!(self, s => list(s, app))
    }
}

async fn put(s: &mut Session<'_>, app: &AppKey, words: &[(String, Word)], most: u32) -> Work<bool> {
    let app = s.lock_app(app).await?;
    // Of a word that comes twice the last one counts.
    let new: std::collections::BTreeMap<&str, &Word> =
        words.iter().map(|(folded, word)| (folded.as_str(), word)).collect();
    let folded: Vec<&str> = new.keys().copied().collect();
    let others = query("select count(*) from words where app_id = $1 and not folded = any($2)")
        .bind(app)
        .bind(&folded)
        .fetch_one(&mut *s.conn)
        .await?;
    if whole(&others, 0)? + folded.len() as u64 > u64::from(most) {
        return Ok(false);
    }
    query(
        "insert into words (app_id, folded, word, replacement, whole, added_at)
        select $1, w.*
        from unnest($2::text[], $3::text[], $4::text[], $5::boolean[], $6::bigint[]) as w
        on conflict (app_id, folded) do update
        set word = excluded.word, replacement = excluded.replacement, whole = excluded.whole,
          added_at = excluded.added_at",
    )
    .bind(app)
    .bind(&folded)
    .bind(new.values().map(|word| word.word.as_str()).collect::<Vec<_>>())
    .bind(new.values().map(|word| word.replacement.clone()).collect::<Vec<_>>())
    .bind(new.values().map(|word| word.whole).collect::<Vec<_>>())
    .bind(new.values().map(|word| word.added_at.get()).collect::<Vec<_>>())
    .execute(&mut *s.conn)
    .await?;
    Ok(true)
}

async fn remove(s: &mut Session<'_>, app: &AppKey, folded: &[String]) -> Work<u64> {
    let app = s.app(app).await?;
    let done = query("delete from words where app_id = $1 and folded = any($2)")
        .bind(app)
        .bind(folded)
        .execute(&mut *s.conn)
        .await?;
    Ok(done.rows_affected())
}

async fn list(s: &mut Session<'_>, app: &AppKey) -> Work<Vec<Word>> {
    let rows = query(
        "select w.word, w.replacement, w.whole, w.added_at
        from words w
        join apps p on p.id = w.app_id
        where p.key = $1
        order by w.folded",
    )
    .bind(app.as_str())
    .fetch_all(&mut *s.conn)
    .await?;
    let read = |row: &PgRow| {
        Ok(Word { word: get(row, 0)?, replacement: get(row, 1)?, whole: get(row, 2)?, added_at: millis(row, 3)? })
    };
    Ok(all(&rows, read)?)
}
