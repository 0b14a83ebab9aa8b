//! The rows of apps and users by their names, remembered from batch to batch: neither a name nor a row ever goes to
//! another.

use std::collections::{BTreeSet, HashMap};

use sqlx::query;

use super::{
    batcher::{Append, Mark},
    error::Work,
    rows::{all, get, text},
    session::Session,
};
use crate::{
    model::{AppKey, UserId, content::Mentions},
    store::StoreError,
};

/// With more users than this all are forgotten, and those who write are looked up again.
const MOST: usize = 1 << 16;

/// What one connection has looked up. It goes with it: a standby that took over, and lost what was not there yet, may give
/// the same rows to others.
#[derive(Debug, Default)]
pub(super) struct Names {
    apps: HashMap<String, i64>,
    users: HashMap<i64, HashMap<String, i64>>,
}

impl Names {
    /// Looks up whom the jobs name, as far as they are not known yet.
    pub(super) async fn learn(&mut self, s: &mut Session<'_>, appends: &[&Append], marks: &[&Mark]) -> Work<()> {
        if self.users.values().map(HashMap::len).sum::<usize>() > MOST {
            self.users.clear();
        }
        let named = || named_by_appends(appends).chain(marks.iter().map(|job| (&job.app, &job.user)));
        let apps: BTreeSet<&str> =
            named().map(|(app, _)| app.as_str()).filter(|app| !self.apps.contains_key(*app)).collect();
        if !apps.is_empty() {
            self.learn_apps(s, apps).await?;
        }
        let unknown: BTreeSet<(i64, &str)> = named()
            .filter_map(|(app, user)| Some((self.app(app).ok()?, user)))
            .filter(|(app, user)| self.user(*app, user).is_err())
            .map(|(app, user)| (app, user.as_str()))
            .collect();
        if unknown.is_empty() { Ok(()) } else { self.learn_users(s, unknown).await }
    }

    async fn learn_apps(&mut self, s: &mut Session<'_>, keys: BTreeSet<&str>) -> Work<()> {
        let keys: Vec<&str> = keys.into_iter().collect();
        let rows = query("select key, id from apps where key = any($1)").bind(&keys).fetch_all(&mut *s.conn).await?;
        self.apps.extend(all(&rows, |row| Ok((text(row, 0)?.to_owned(), get(row, 1)?)))?);
        Ok(())
    }

    async fn learn_users(&mut self, s: &mut Session<'_>, users: BTreeSet<(i64, &str)>) -> Work<()> {
        let (apps, keys): (Vec<i64>, Vec<&str>) = users.into_iter().unzip();
        let rows = query(
            "select u.app_id, u.key, u.id
            from unnest($1::bigint[], $2::text[]) as w (app, key)
            join users u on u.app_id = w.app and u.key = w.key",
        )
        .bind(&apps)
        .bind(&keys)
        .fetch_all(&mut *s.conn)
        .await?;
        for row in &rows {
            self.users.entry(get(row, 0)?).or_default().insert(text(row, 1)?.to_owned(), get(row, 2)?);
        }
        Ok(())
    }

    /// The app's row.
    pub(super) fn app(&self, key: &AppKey) -> Result<i64, StoreError> {
        self.apps.get(key.as_str()).copied().ok_or(StoreError::Missing("app"))
    }

    /// The user's row.
    pub(super) fn user(&self, app: i64, id: &UserId) -> Result<i64, StoreError> {
        let row = self.users.get(&app).and_then(|users| users.get(id.as_str()));
        row.copied().ok_or(StoreError::Missing("user"))
    }
}

/// Everybody whom messages name: senders, recipients, who is called, whose copies they are.
fn named_by_appends<'j>(appends: &[&'j Append]) -> impl Iterator<Item = (&'j AppKey, &'j UserId)> {
    appends.iter().flat_map(|job| {
        let called: &[UserId] = match &job.new.mentions {
            Mentions::These(users) => users,
            _ => &[],
        };
        let visitor = job.copy.as_ref().map(|copy| &copy.visitor);
        let all = [&job.new.from.id].into_iter().chain(&job.new.only).chain(called).chain(visitor);
        all.map(|user| (&job.app, user))
    })
}
