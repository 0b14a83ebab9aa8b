//! Searching: the index names candidates, newest first; each is read from the database before it counts.
//!
//! One thread of its own answers, so that searches keep nobody else waiting. What takes too long is cut off.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use tokio::sync::{mpsc, oneshot};

use super::{
    OpenError, SqliteStore, closed, connect, enqueue,
    error::{Trouble, Work},
    messages::by_number,
    readers::{self, Read},
    rows::{View, key_of, to_json},
    stats::SqliteStats,
};
use crate::{
    model::{
        AppKey, Content, Message, MessageUid, Millis,
        search::{Search, find, text_of},
    },
    store::{
        Result, StoreError, grams,
        records::first_number,
        search::{Finding, Searcher, Searches},
    },
};

mod daily;
pub(super) mod index;

/// Questions that may wait.
pub(super) const QUEUE: usize = 64;
/// After this long an answer is cut off.
const TIME: Duration = Duration::from_millis(400);
/// Candidates read for one answer at most.
const MOST_READ: usize = 20_000;
/// Of the messages that the index does not have yet, so many are read one by one.
const MOST_NEW: i64 = 2_000;
/// Conversations of one's own that are searched at once: those that changed last.
const MOST_CONVERSATIONS: i64 = 500;
/// Steps of SQLite's machine between two looks at the clock.
const STEPS: i32 = 2_000;

/// Starts the thread that searches. It ends when the sender is gone or a [`Read::Close`] came.
pub(super) fn start(
    database: &Path,
    questions: mpsc::Receiver<Read>,
    epoch: u64,
    stats: &Arc<SqliteStats>,
) -> std::result::Result<thread::JoinHandle<()>, OpenError> {
    let (mut conn, began) = (connect::reader(database)?, Instant::now());
    let index = index::file_in(database.parent().unwrap_or(Path::new(".")));
    conn.execute("attach database ?1 as found", [index.to_string_lossy()])?;
    let (due, stats) = (Arc::new(AtomicU64::new(u64::MAX)), stats.clone());
    let watch = due.clone();
    conn.progress_handler(STEPS, Some(move || millis_since(began) > watch.load(Ordering::Relaxed)))?;
    let questions = Mutex::new(questions);
    let run = move || {
        while let Some(question) = readers::next(&questions) {
            let time = u64::try_from(TIME.as_millis()).unwrap_or(u64::MAX);
            due.store(millis_since(began).saturating_add(time), Ordering::Relaxed);
            readers::answer(&conn, epoch, &stats, question);
            due.store(u64::MAX, Ordering::Relaxed);
        }
    };
    Ok(thread::Builder::new().name("store-search".into()).spawn(run)?)
}

fn millis_since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[async_trait]
impl Searches for SqliteStore {
    async fn search(&self, app: &AppKey, by: Searcher, words: Vec<String>, search: Search) -> Result<Finding> {
        let app = app.clone();
        self.look_long(move |view| answer_to(view, &app, &by, words, &search)).await
    }
}

impl SqliteStore {
    /// Asks the thread that takes its time.
    pub(super) async fn look_long<T: Send + 'static>(
        &self,
        question: impl FnOnce(&View<'_>) -> Work<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let searches = self.searches.as_ref().ok_or_else(closed)?;
        let ask = Read::Question(Box::new(move |view: &View<'_>| {
            let _ = reply.send(question(view).map_err(StoreError::from));
        }));
        enqueue(searches, ask, self.patience).await?;
        answer.await.map_err(|_| closed())?
    }
}

fn answer_to(view: &View<'_>, app: &AppKey, by: &Searcher, words: Vec<String>, search: &Search) -> Work<Finding> {
    let Some(seeker) = Seeker::of(view, app, by, words, search)? else {
        return Ok(Finding { messages: Vec::new(), next: None, partial: false });
    };
    let limit = usize::from(search.limit.max(1));
    let mut gathered =
        Gathered { messages: Vec::new(), last: None, read: 0, limit, behind: false, began: Instant::now() };
    let outcome = seeker.look(view, &mut gathered);
    let cut = match outcome {
        Ok(cut) => cut,
        Err(Trouble::Engine(error)) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => true,
        Err(trouble) => return Err(trouble),
    };
    let full = gathered.messages.len() >= gathered.limit;
    let next = if full || cut { gathered.last.map(MessageUid::from_number) } else { None };
    Ok(Finding { messages: gathered.messages, next, partial: (cut && !full) || gathered.behind })
}

/// What was found so far.
struct Gathered {
    messages: Vec<Message>,
    /// The candidate looked at last.
    last: Option<i64>,
    read: usize,
    limit: usize,
    /// So many messages are not in the index yet that not all of them were read.
    behind: bool,
    began: Instant,
}

impl Gathered {
    fn is_over(&self) -> bool {
        self.read >= MOST_READ || self.began.elapsed() > TIME
    }
}

/// Somebody who looks for something.
struct Seeker {
    app: i64,
    /// Their row; nobody for the back end.
    user: Option<i64>,
    is_agent: bool,
    conversation: Option<i64>,
    sender: Option<i64>,
    kinds: String,
    name: Option<String>,
    words: Vec<String>,
    /// What is asked of the index.
    expression: String,
    /// Numbers of messages: from this one …
    low: i64,
    /// … up to and without this one.
    high: i64,
    after_at: i64,
    before_at: i64,
    /// Up to which message the index goes.
    indexed: i64,
}

impl Seeker {
    /// `None` when what is named does not exist: then nothing can be found.
    fn of(view: &View<'_>, app: &AppKey, by: &Searcher, words: Vec<String>, search: &Search) -> Work<Option<Self>> {
        let one = |sql: &str, values: &[&dyn rusqlite::ToSql]| -> rusqlite::Result<Option<i64>> {
            view.conn.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()
        };
        let Some(app) = one("select id from apps where key = ?1", &[&app.as_str()])? else { return Ok(None) };
        let user_row = |user: &str| one("select id from users where app_id = ?1 and key = ?2", &[&app, &user]);
        let user = match by {
            Searcher::BackEnd => None,
            Searcher::User(user) | Searcher::Agent(user) => match user_row(user.as_str())? {
                None => return Ok(None),
                some => some,
            },
        };
        let (mut conversation, mut sender) = (None, None);
        if let Some(id) = search.conversation {
            conversation = one("select id from conversations where key = ?1 and app_id = ?2", &[&key_of(id), &app])?;
            if conversation.is_none() {
                return Ok(None);
            }
        }
        if let Some(from) = &search.from {
            sender = user_row(from.as_str())?;
            if sender.is_none() {
                return Ok(None);
            }
        }
        let indexed = index_goes_to(view.conn)?;
        let newest = one("select coalesce(max(id), 0) from messages", &[])?.unwrap_or(0);
        let mut seeker = Self {
            app,
            user,
            is_agent: matches!(by, Searcher::Agent(_)),
            conversation,
            sender,
            kinds: to_json(&search.kinds.iter().map(|kind| kind.number()).collect::<Vec<_>>()),
            name: search.name.as_ref().map(|name| name.as_str().to_owned()),
            words,
            expression: String::new(),
            // Numbers never lie before their messages' times; behind them they lie only after a clock was put back.
            low: search.after_at.map_or(0, first_number),
            high: search
                .before
                .map_or(i64::MAX, MessageUid::number)
                .min(search.before_at.map_or(i64::MAX, |at| first_number(at.plus_secs(24 * 3600))))
                .min(newest.saturating_add(1)),
            after_at: search.after_at.map_or(i64::MIN, Millis::get),
            before_at: search.before_at.map_or(i64::MAX, Millis::get),
            indexed,
        };
        seeker.expression = seeker.ask(view, search)?;
        Ok(Some(seeker))
    }

    /// The question to the index: one of the places, and all of the pieces. Everything is quoted; nothing that was
    /// typed can be an operator (W9).
    fn ask(&self, view: &View<'_>, search: &Search) -> Work<String> {
        let mut places = Vec::new();
        if let Some(conversation) = self.conversation {
            places.push(index::in_conversation(conversation));
        } else if self.user.is_none() {
            places.extend(search.kinds.iter().map(|kind| index::of_kind(self.app, i64::from(kind.number()))));
            if places.is_empty() {
                places.push(index::in_app(self.app));
            }
        } else {
            if self.is_agent {
                places.push(index::of_kind(self.app, i64::from(crate::model::Kind::Service.number())));
            }
            places.extend(self.own_conversations(view)?.into_iter().map(index::in_conversation));
        }
        let quoted = |word: &String| format!("\"{}\"", word.replace('"', "\"\""));
        let mut all = BTreeSet::new();
        for word in &self.words {
            all.extend(grams::of_query(word).into_iter().map(str::to_owned));
        }
        all.extend(self.sender.map(index::by_sender));
        let places = places.iter().map(quoted).collect::<Vec<_>>().join(" OR ");
        let mut expression = format!("({places})");
        for word in &all {
            expression.push_str(" AND ");
            expression.push_str(&quoted(word));
        }
        Ok(if places.is_empty() { String::new() } else { expression })
    }

    /// Conversations that the user takes part in, those that changed last.
    fn own_conversations(&self, view: &View<'_>) -> rusqlite::Result<Vec<i64>> {
        view.conn
            .prepare_cached(
                "select c.id
                from participants m
                join conversations c on c.id = m.conversation_id
                where m.user_id = ?1
                  and not (?2 and c.kind = 5)
                  and (?3 = '[]' or c.kind in (select value from json_each(?3)))
                order by c.changed_at desc
                limit ?4",
            )?
            .query_map(params![self.user, self.is_agent, self.kinds, MOST_CONVERSATIONS], |row| row.get(0))?
            .collect()
    }

    /// Gathers hits; tells whether it was cut off.
    fn look(&self, view: &View<'_>, gathered: &mut Gathered) -> Work<bool> {
        let new = "select id from messages where id > ?1 and id < ?2 order by id desc limit ?3";
        let mut statement = view.conn.prepare_cached(new)?;
        let mut rows = statement.query(params![self.indexed.max(self.low), self.high, MOST_NEW])?;
        let mut new = 0;
        while let Some(row) = rows.next()? {
            new += 1;
            gathered.behind = new == MOST_NEW;
            if self.take(view, row.get(0)?, gathered)? {
                return Ok(true);
            }
        }
        if self.expression.is_empty() || gathered.messages.len() >= gathered.limit {
            return Ok(false);
        }
        let known = "select rowid from found.grams where grams match ?1 and rowid < ?2 and rowid >= ?3
            order by rowid desc";
        let mut statement = view.conn.prepare_cached(known)?;
        let high = self.high.min(self.indexed.saturating_add(1));
        let mut rows = statement.query(params![self.expression, high, self.low])?;
        while let Some(row) = rows.next()? {
            if self.take(view, row.get(0)?, gathered)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Looks at a candidate; tells whether that was enough.
    fn take(&self, view: &View<'_>, id: i64, gathered: &mut Gathered) -> Work<bool> {
        if gathered.messages.len() >= gathered.limit || gathered.is_over() {
            return Ok(true);
        }
        gathered.read += 1;
        gathered.last = Some(id);
        if self.shows(view.conn, id)? {
            match by_number(view, id) {
                Ok(found) => gathered.messages.extend(found),
                Err(Trouble::Refused(StoreError::Damaged(_))) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(false)
    }

    /// Whether the seeker may see this message, it is what they ask for, and it holds the words.
    fn shows(&self, conn: &Connection, id: i64) -> rusqlite::Result<bool> {
        let mut statement = conn.prepare_cached(
            "select m.name, m.body
            from messages m
            join conversations c on c.id = m.conversation_id
            left join participants p on p.conversation_id = c.id and p.user_id = ?3
            where m.id = ?1
              and c.app_id = ?2
              and (?3 is null or p.user_id is not null or (?4 and c.kind = 5))
              and m.seq > coalesce(p.cleared, 0)
              and not exists (
                select 1
                from deleted d
                where d.conversation_id = c.id
                  and d.user_id = ?3
                  and d.seq = m.seq
              )
              and (
                ?3 is null
                or not m.directed
                or exists (
                  select 1
                  from directed r
                  where r.conversation_id = c.id
                    and r.user_id = ?3
                    and r.seq = m.seq
                )
              )
              and (?5 is null or c.id = ?5)
              and (?6 = '[]' or c.kind in (select value from json_each(?6)))
              and (?7 is null or m.sender_id = ?7)
              and (?8 is null or m.name = ?8)
              and m.sent_at > ?9
              and m.sent_at < ?10",
        )?;
        let mut rows = statement.query(params![
            id,
            self.app,
            self.user,
            self.is_agent,
            self.conversation,
            self.kinds,
            self.sender,
            self.name,
            self.after_at,
            self.before_at
        ])?;
        let Some(row) = rows.next()? else { return Ok(false) };
        let content = Content::from_stored(row.get_ref(0)?.as_str()?, row.get(1)?).ok();
        Ok(content.as_ref().and_then(text_of).is_some_and(|text| find(&text, &self.words).is_some()))
    }
}

fn index_goes_to(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("select value from found.state where name = 'up_to'")?.query_row([], |row| row.get(0))
}
