//! Word lists.

use async_trait::async_trait;
use rusqlite::params;

use super::{
    SqliteStore,
    error::Work,
    ledger::Ledger,
    rows::{View, millis, to_json},
};
use crate::{
    model::{AppKey, words::Word},
    store::{Result, words::Words},
};

#[async_trait]
impl Words for SqliteStore {
    async fn put_words(&self, app: &AppKey, words: Vec<(String, Word)>, most: u32) -> Result<bool> {
        let app = app.clone();
        self.write(move |ledger| put(ledger, &app, &words, most)).await
    }

    async fn remove_words(&self, app: &AppKey, folded: Vec<String>) -> Result<u64> {
        let app = app.clone();
        self.write(move |ledger| remove(ledger, &app, &folded)).await
    }

    async fn words(&self, app: &AppKey) -> Result<Vec<Word>> {
        let app = app.clone();
        self.read(move |view| list(view, &app)).await
    }
}

fn put(ledger: &mut Ledger, app: &AppKey, words: &[(String, Word)], most: u32) -> Work<bool> {
    let app = ledger.app(app)?;
    let folded: Vec<&str> = words.iter().map(|(folded, _)| folded.as_str()).collect();
    let others: i64 = ledger
        .conn
        .prepare_cached(
            "select count(*)
            from words
            where app_id = ?1
              and folded not in (select value from json_each(?2))",
        )?
        .query_row(params![app, to_json(&folded)], |row| row.get(0))?;
    let added: std::collections::BTreeSet<&str> = folded.into_iter().collect();
    if others + i64::try_from(added.len()).unwrap_or(i64::MAX) > i64::from(most) {
        return Ok(false);
    }
    for (folded, word) in words {
        ledger
            .conn
            .prepare_cached(
                "insert or replace into words (app_id, folded, word, replacement, whole, added_at)
                values (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![app, folded, word.word, word.replacement, word.whole, word.added_at.get()])?;
    }
    Ok(true)
}

fn remove(ledger: &mut Ledger, app: &AppKey, folded: &[String]) -> Work<u64> {
    let app = ledger.app(app)?;
    let rows = ledger
        .conn
        .prepare_cached(
            "delete from words
            where app_id = ?1
              and folded in (select value from json_each(?2))",
        )?
        .execute(params![app, to_json(&folded)])?;
    Ok(u64::try_from(rows).unwrap_or(0))
}

fn list(view: &View<'_>, app: &AppKey) -> Work<Vec<Word>> {
    let words = view
        .conn
        .prepare_cached(
            "select w.word, w.replacement, w.whole, w.added_at
            from words w
            join apps p on p.id = w.app_id
            where p.key = ?1
            order by w.folded",
        )?
        .query_map([app.as_str()], |row| {
            Ok(Word { word: row.get(0)?, replacement: row.get(1)?, whole: row.get(2)?, added_at: millis(row, 3)? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(words)
}
