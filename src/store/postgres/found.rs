//! Finding messages by what they say: pieces of their words in a table with an inverted index, kept in the transaction
//! that keeps the message. The index names candidates; each is read with the rights of who asks.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use sqlx::{Row, query};

use super::{
    PostgresStore,
    error::{Trouble, Work, code},
    messages::by_numbers,
    own::numbers,
    rows::{all, get, key_of, maybe},
    session::{Session, reading},
    written::AtOnce,
};
use crate::{
    model::{
        AppKey, Content, Message, MessageUid, Millis,
        fold::{Marks, fold},
        search::{Search, find, text_of},
    },
    store::{
        Result, grams,
        records::first_number,
        search::{Finding, Searcher, Searches},
    },
};

/// After this long an answer is cut off.
const TIME: Duration = Duration::from_millis(400);
/// Candidates of one question to the index.
const AT_ONCE: i64 = 200;
/// Conversations of one's own that are searched at once: those that changed last.
const MOST_CONVERSATIONS: i64 = 500;
/// Begins pieces that tell where a message stands rather than what it says: no letter looks like it.
const PLACE: char = '\u{e000}';

fn in_conversation(row: i64) -> String {
    format!("{PLACE}c{row}")
}

fn in_app(row: i64) -> String {
    format!("{PLACE}a{row}")
}

fn of_kind(app: i64, kind: i64) -> String {
    format!("{PLACE}k{kind}a{app}")
}

fn by_sender(row: i64) -> String {
    format!("{PLACE}u{row}")
}

/// Where a message stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stand {
    pub(super) app: i64,
    pub(super) conversation: i64,
    pub(super) kind: i64,
    pub(super) sender: i64,
}

/// What a message is found by, with spaces between; nothing when it says nothing.
pub(super) fn pieces(stand: Stand, content: &Content) -> Option<String> {
    let text = text_of(content)?;
    let places = [
        in_conversation(stand.conversation),
        in_app(stand.app),
        of_kind(stand.app, stand.kind),
        by_sender(stand.sender),
    ];
    Some(grams::joined(&places, &fold(&text, Marks::Drop)))
}

/// A message says something else.
pub(super) async fn again(s: &mut Session<'_>, id: i64, content: &Content) -> Work<()> {
    query("delete from found where message_id = $1").bind(id).execute(&mut *s.conn).await?;
    let row = query(
        "select c.app_id, c.id, c.kind, m.sender_id
        from messages m
        join conversations c on c.id = m.conversation_id
        where m.id = $1",
    )
    .bind(id)
    .fetch_optional(&mut *s.conn)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let stand = Stand { app: get(&row, 0)?, conversation: get(&row, 1)?, kind: get(&row, 2)?, sender: get(&row, 3)? };
    match pieces(stand, content) {
        Some(pieces) => AtOnce { found: vec![(id, pieces)], ..AtOnce::default() }.write(s).await,
        None => Ok(()),
    }
}

#[async_trait]
impl Searches for PostgresStore {
    async fn search(&self, app: &AppKey, by: Searcher, words: Vec<String>, search: Search) -> Result<Finding> {
        reading!(self, s => answer_to(s, app, &by, &words, &search))
    }
}

async fn answer_to(
    s: &mut Session<'_>,
    app: &AppKey,
    by: &Searcher,
    words: &[String],
    search: &Search,
) -> Work<Finding> {
    let nothing = Finding { messages: Vec::new(), next: None, partial: false };
    let Some(seeker) = Seeker::of(s, app, by, words, search).await? else { return Ok(nothing) };
    let (began, limit) = (Instant::now(), usize::from(search.limit.max(1)));
    let (mut messages, mut high): (Vec<Message>, i64) = (Vec::new(), seeker.high);
    loop {
        let left = TIME.saturating_sub(began.elapsed());
        let (candidates, mut shown) = match seeker.look(s, high, left).await {
            Ok(looked) => looked,
            // Cut off: the server was asked to stop. The transaction can do no more.
            Err(Trouble::Engine(error)) if code(&error).as_deref() == Some("57014") => {
                let next = (high < seeker.high).then(|| MessageUid::from_number(high));
                return Ok(Finding { messages, next, partial: true });
            }
            Err(trouble) => return Err(trouble),
        };
        for id in &candidates {
            high = *id;
            messages.extend(shown.remove(id));
            if messages.len() >= limit {
                return Ok(Finding { messages, next: Some(MessageUid::from_number(high)), partial: false });
            }
        }
        if candidates.len() < usize::try_from(AT_ONCE).unwrap_or(0) {
            return Ok(Finding { messages, next: None, partial: false });
        }
        if began.elapsed() > TIME {
            return Ok(Finding { messages, next: Some(MessageUid::from_number(high)), partial: true });
        }
    }
}

/// Somebody who looks for something.
struct Seeker<'w> {
    app: i64,
    /// Their row; nobody for the back end.
    user: Option<i64>,
    is_agent: bool,
    conversation: Option<i64>,
    sender: Option<i64>,
    kinds: Vec<i64>,
    name: Option<String>,
    words: &'w [String],
    places: Vec<String>,
    grams: Vec<String>,
    /// Numbers of messages: from this one …
    low: i64,
    /// … up to and without this one.
    high: i64,
    after_at: i64,
    before_at: i64,
}

impl<'w> Seeker<'w> {
    /// `None` when what is named does not exist: then nothing can be found.
    async fn of(
        s: &mut Session<'_>,
        app_key: &AppKey,
        by: &Searcher,
        words: &'w [String],
        search: &Search,
    ) -> Work<Option<Self>> {
        let row =
            query("select id from apps where key = $1").bind(app_key.as_str()).fetch_optional(&mut *s.conn).await?;
        let Some(app) = maybe(row.as_ref(), |row| get::<i64>(row, 0))? else { return Ok(None) };
        let user = match by {
            Searcher::BackEnd => None,
            Searcher::User(user) | Searcher::Agent(user) => match s.find_user(app, user).await? {
                None => return Ok(None),
                some => some,
            },
        };
        let mut conversation = None;
        if let Some(id) = search.conversation {
            let row = query("select id from conversations where key = $1 and app_id = $2")
                .bind(&key_of(id)[..])
                .bind(app)
                .fetch_optional(&mut *s.conn)
                .await?;
            conversation = maybe(row.as_ref(), |row| get::<i64>(row, 0))?;
            if conversation.is_none() {
                return Ok(None);
            }
        }
        let mut sender = None;
        if let Some(from) = &search.from {
            sender = s.find_user(app, from).await?;
            if sender.is_none() {
                return Ok(None);
            }
        }
        let mut seeker = Self {
            app,
            user,
            is_agent: matches!(by, Searcher::Agent(_)),
            conversation,
            sender,
            kinds: numbers(&search.kinds),
            name: search.name.as_ref().map(|name| name.as_str().to_owned()),
            words,
            places: Vec::new(),
            grams: words
                .iter()
                .flat_map(|word| grams::of_query(word))
                .map(str::to_owned)
                .chain(sender.map(by_sender))
                .collect(),
            // Numbers never lie before their messages' times; behind them they lie only after a clock was put back.
            low: search.after_at.map_or(0, first_number),
            high: search
                .before
                .map_or(i64::MAX, MessageUid::number)
                .min(search.before_at.map_or(i64::MAX, |at| first_number(at.plus_secs(24 * 3600)))),
            after_at: search.after_at.map_or(i64::MIN, Millis::get),
            before_at: search.before_at.map_or(i64::MAX, Millis::get),
        };
        seeker.places = seeker.places(s).await?;
        Ok((!seeker.places.is_empty()).then_some(seeker))
    }

    /// Where to look.
    async fn places(&self, s: &mut Session<'_>) -> Work<Vec<String>> {
        if let Some(conversation) = self.conversation {
            return Ok(vec![in_conversation(conversation)]);
        }
        if self.user.is_none() {
            let kinds: Vec<String> = self.kinds.iter().map(|kind| of_kind(self.app, *kind)).collect();
            return Ok(if kinds.is_empty() { vec![in_app(self.app)] } else { kinds });
        }
        let rows = query(
            "select c.id
            from participants m
            join conversations c on c.id = m.conversation_id
            where m.user_id = $1
              and not ($2 and c.kind = 5)
              and (cardinality($3::bigint[]) = 0 or c.kind = any($3))
            order by c.changed_at desc
            limit $4",
        )
        .bind(self.user)
        .bind(self.is_agent)
        .bind(&self.kinds)
        .bind(MOST_CONVERSATIONS)
        .fetch_all(&mut *s.conn)
        .await?;
        let mut places: Vec<String> = all(&rows, |row| get(row, 0).map(in_conversation))?;
        if self.is_agent {
            places.push(of_kind(self.app, i64::from(crate::model::Kind::Service.number())));
        }
        Ok(places)
    }

    /// The newest messages before a number that may hold what is looked for, and those of them that do.
    async fn look(&self, s: &mut Session<'_>, high: i64, left: Duration) -> Work<(Vec<i64>, HashMap<i64, Message>)> {
        let candidates = self.candidates(s, high, left).await?;
        let shown = self.shown(s, &candidates).await?;
        Ok((candidates, shown.into_iter().map(|message| (message.uid.number(), message)).collect()))
    }

    /// The newest messages before a number that may hold what is looked for.
    async fn candidates(&self, s: &mut Session<'_>, high: i64, left: Duration) -> Work<Vec<i64>> {
        query("select set_config('statement_timeout', $1, true)")
            .bind(left.as_millis().max(1).to_string())
            .execute(&mut *s.conn)
            .await?;
        let rows = query(
            "select message_id
            from found
            where grams && $1
              and grams @> $2
              and message_id < $3
              and message_id >= $4
            order by message_id desc
            limit $5",
        )
        .bind(&self.places)
        .bind(&self.grams)
        .bind(high)
        .bind(self.low)
        .bind(AT_ONCE)
        .fetch_all(&mut *s.conn)
        .await?;
        Ok(all(&rows, |row| get(row, 0))?)
    }

    /// Those of these messages that the seeker may see, that are what they ask for, and that hold the words.
    async fn shown(&self, s: &mut Session<'_>, candidates: &[i64]) -> Work<Vec<Message>> {
        let rows = query(
            "select m.id
            from messages m
            join conversations c on c.id = m.conversation_id
            left join participants p on p.conversation_id = c.id and p.user_id = $3
            where m.id = any($1)
              and c.app_id = $2
              and ($3 is null or p.user_id is not null or ($4 and c.kind = 5))
              and m.seq > coalesce(p.cleared, 0)
              and not exists (
                select 1
                from deleted d
                where d.conversation_id = c.id
                  and d.user_id = $3
                  and d.seq = m.seq
              )
              and (
                $3 is null
                or not m.directed
                or exists (
                  select 1
                  from directed r
                  where r.conversation_id = c.id
                    and r.user_id = $3
                    and r.seq = m.seq
                )
              )
              and ($5 is null or c.id = $5)
              and (cardinality($6::bigint[]) = 0 or c.kind = any($6))
              and ($7 is null or m.sender_id = $7)
              and ($8 is null or m.name = $8)
              and m.sent_at > $9
              and m.sent_at < $10",
        )
        .bind(candidates)
        .bind(self.app)
        .bind(self.user)
        .bind(self.is_agent)
        .bind(self.conversation)
        .bind(&self.kinds)
        .bind(self.sender)
        .bind(&self.name)
        .bind(self.after_at)
        .bind(self.before_at)
        .fetch_all(&mut *s.conn)
        .await?;
        let allowed: Vec<i64> = rows.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?;
        let holds = |content: &Content| text_of(content).is_some_and(|text| find(&text, self.words).is_some());
        let found = by_numbers(s, &allowed).await?;
        Ok(found.into_iter().map(|(message, _)| message).filter(|message| holds(&message.content)).collect())
    }
}
