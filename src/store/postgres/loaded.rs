//! Everything that a batch of messages and receipts needs to know, locked where it will be written.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sqlx::{Row, postgres::PgRow, query};

use super::{
    append::Names,
    batcher::{Append, Copy, Mark},
    error::Work,
    files::Named,
    messages::by_numbers,
    rows::{all, get, key, text},
    session::Session,
};
use crate::{
    model::{AppKey, ConversationId, FileId, Message, MessageUid, UserId},
    store::{
        NewMessage, StoreError,
        records::{key_of, number},
    },
};

/// Most users inside a conversation whose times are looked at one by one.
pub(super) const FEW: i64 = 64;
/// An id from elsewhere that lies further ahead than this is not taken over: later ones of ours must be greater.
const MOST_AHEAD_SECS: i64 = 60;

/// Where a conversation stands.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) row: i64,
    pub(super) app: i64,
    pub(super) kind: i64,
    pub(super) began_at: i64,
    pub(super) seq: i64,
    /// The number of the newest message.
    pub(super) newest: i64,
    pub(super) counted: i64,
    pub(super) told: i64,
    pub(super) said_at: i64,
    pub(super) stirred_until: i64,
    pub(super) changed_at: i64,
    pub(super) waiting_since: Option<i64>,
    pub(super) visitor: Option<i64>,
    pub(super) desk: DeskSide,
    pub(super) silenced: bool,
    /// A message of this batch was kept in it.
    pub(super) moved: bool,
    /// Places given in this batch, and how many messages count up to each.
    pub(super) places: Vec<(i64, i64)>,
    /// Who is inside; nothing when they are too many to look at.
    pub(super) inside: Option<Vec<i64>>,
}

/// What the desk's stage means for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum DeskSide {
    /// Not a service conversation.
    #[default]
    None,
    /// Nobody has it.
    Waiting,
    /// An agent answers.
    Human,
    /// Over, or a group or chatroom that is.
    Ended,
}

/// One participant: how far they got, and what they may do.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) delivered: i64,
    pub(super) read: i64,
    pub(super) read_counted: i64,
    pub(super) read_at: Option<i64>,
    privileged: bool,
    silenced: bool,
    silenced_until: Option<i64>,
    pub(super) moved: bool,
}

impl Member {
    /// Whether they may write at this instant, while all others may or may not.
    pub(super) fn may_write(&self, all_silenced: bool, at: i64) -> bool {
        let silenced = self.silenced && self.silenced_until.is_none_or(|until| at < until);
        !silenced && (!all_silenced || self.privileged)
    }

    /// Moves the watermarks forward: what was read is a place and how many messages count up to there. Tells whether
    /// anything moved.
    pub(super) fn advance(&mut self, delivered: i64, read: Option<(i64, i64)>, at: i64) -> bool {
        let mut moved = false;
        if delivered > self.delivered {
            self.delivered = delivered;
            moved = true;
        }
        if let Some((seq, counted)) = read
            && seq > self.read
        {
            (self.read, self.read_counted, self.read_at) = (seq, counted, Some(at));
            self.delivered = self.delivered.max(seq);
            moved = true;
        }
        self.moved |= moved;
        moved
    }
}

/// A message that used a client id first, and what its sender wrote when that was changed on the way.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) message: Message,
    pub(super) original: Option<Vec<u8>>,
}

/// What a batch knows.
#[derive(Debug, Default)]
pub(super) struct Loaded<'j> {
    apps: HashMap<&'j str, i64>,
    users: HashMap<(i64, String), i64>,
    pub(super) heads: HashMap<ConversationId, Head>,
    pub(super) members: BTreeMap<(i64, i64), Member>,
    pub(super) files: HashMap<FileId, Named>,
    known: HashMap<(i64, i64, String), Known>,
    /// Copies that are there already, by their apps and their ids there.
    pub(super) mirrors: HashMap<(i64, String), Message>,
    /// Numbers that copies ask for and that are taken.
    pub(super) taken: HashSet<i64>,
    /// Counted messages up to places that receipts name.
    counted: HashMap<(i64, i64), i64>,
    /// The newest times of users, and of apps' large groups.
    pub(super) moments: BTreeMap<i64, i64>,
    pub(super) everybody: BTreeMap<i64, i64>,
    /// The newest time that anybody can have got, for large groups.
    ceiling: i64,
}

impl<'j> Loaded<'j> {
    pub(super) async fn load(s: &mut Session<'_>, appends: &[&'j Append], marks: &[&'j Mark]) -> Work<Self> {
        let mut loaded = Self::default();
        loaded.load_apps(s, appends, marks).await?;
        let to_lock: BTreeSet<ConversationId> = appends.iter().map(|job| job.new.conversation).collect();
        let to_see: BTreeSet<ConversationId> =
            marks.iter().map(|job| job.conversation).filter(|id| !to_lock.contains(id)).collect();
        loaded.load_heads(s, LOCKED, &to_lock).await?;
        loaded.load_heads(s, SEEN, &to_see).await?;
        let names = Names::of(appends, marks, &loaded.apps);
        loaded.load_users(s, &names).await?;
        loaded.load_inside(s, &to_lock).await?;
        loaded.load_moments(s, &to_lock).await?;
        loaded.load_members(s, appends, marks).await?;
        let files: Vec<FileId> = appends.iter().flat_map(|job| job.new.content.files()).collect();
        if !files.is_empty() {
            loaded.files = Named::load(s, &files).await?.into_iter().map(|named| (named.id, named)).collect();
        }
        loaded.load_known(s, appends).await?;
        loaded.load_counted(s, marks).await?;
        loaded.load_copies(s, appends).await?;
        Ok(loaded)
    }

    /// What is known of the originals of copies.
    async fn load_copies(&mut self, s: &mut Session<'_>, appends: &[&Append]) -> Work<()> {
        let copies: Vec<(i64, &Copy)> =
            appends.iter().filter_map(|job| Some((self.app(&job.app).ok()?, job.copy.as_ref()?))).collect();
        if copies.is_empty() {
            return Ok(());
        }
        let rows = query(
            "select m.app_id, m.uid, m.message_id
            from unnest($1::bigint[], $2::text[]) as w (app, uid)
            join mirrored m on m.app_id = w.app and m.uid = w.uid",
        )
        .bind(copies.iter().map(|(app, _)| *app).collect::<Vec<_>>())
        .bind(copies.iter().map(|(_, copy)| copy.uid.as_str()).collect::<Vec<_>>())
        .fetch_all(&mut *s.conn)
        .await?;
        let numbers: Vec<i64> = all(&rows, |row| row.try_get(2))?;
        let mut found: HashMap<i64, Message> =
            by_numbers(s, &numbers).await?.into_iter().map(|(message, _)| (message.uid.number(), message)).collect();
        for row in &rows {
            if let Some(message) = found.remove(&row.try_get(2)?) {
                self.mirrors.insert((row.try_get(0)?, get(row, 1)?), message);
            }
        }
        let wanted: Vec<i64> =
            copies.iter().filter_map(|(_, copy)| copy.uid.parse().ok()).map(|uid: MessageUid| uid.number()).collect();
        let rows = query("select id from messages where id = any($1)").bind(&wanted).fetch_all(&mut *s.conn).await?;
        self.taken = all(&rows, |row| row.try_get(0))?.into_iter().collect();
        Ok(())
    }

    /// The number inside the id of a copy's original, when we may have it too.
    pub(super) fn free_number(&self, copy: &Copy) -> Option<i64> {
        let uid: MessageUid = copy.uid.parse().ok()?;
        let ours = uid.number() > 0 && uid.minted_at() <= copy.now.plus_secs(MOST_AHEAD_SECS);
        (ours && !self.taken.contains(&uid.number())).then_some(uid.number())
    }

    async fn load_apps(&mut self, s: &mut Session<'_>, appends: &[&'j Append], marks: &[&'j Mark]) -> Work<()> {
        let keys: BTreeSet<&'j str> =
            appends.iter().map(|job| job.app.as_str()).chain(marks.iter().map(|job| job.app.as_str())).collect();
        let keys: Vec<&'j str> = keys.into_iter().collect();
        let rows = query("select key, id from apps where key = any($1)").bind(&keys).fetch_all(&mut *s.conn).await?;
        let found: HashMap<String, i64> =
            all(&rows, |row| Ok((text(row, 0)?.to_owned(), row.try_get(1)?)))?.into_iter().collect();
        self.apps = keys.into_iter().filter_map(|key| Some((key, *found.get(key)?))).collect();
        Ok(())
    }

    async fn load_heads(&mut self, s: &mut Session<'_>, sql: &'static str, ids: &BTreeSet<ConversationId>) -> Work<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let keys: Vec<Vec<u8>> = ids.iter().map(|id| key_of(*id).to_vec()).collect();
        let rows = query(sql).bind(&keys).fetch_all(&mut *s.conn).await?;
        for row in &rows {
            self.heads.insert(ConversationId::from_u128(key(row, 0)?), head(row)?);
        }
        Ok(())
    }

    async fn load_users(&mut self, s: &mut Session<'_>, names: &Names<'_>) -> Work<()> {
        let rows = query(
            "select u.app_id, u.key, u.id
            from unnest($1::bigint[], $2::text[]) as w (app, key)
            join users u on u.app_id = w.app and u.key = w.key",
        )
        .bind(names.users.iter().map(|(app, _)| *app).collect::<Vec<_>>())
        .bind(names.users.iter().map(|(_, user)| *user).collect::<Vec<_>>())
        .fetch_all(&mut *s.conn)
        .await?;
        self.users = all(&rows, |row| Ok(((row.try_get(0)?, get(row, 1)?), row.try_get(2)?)))?.into_iter().collect();
        Ok(())
    }

    /// Who is inside the conversations that get messages, as long as they are few.
    async fn load_inside(&mut self, s: &mut Session<'_>, to_lock: &BTreeSet<ConversationId>) -> Work<()> {
        let rows: Vec<i64> = to_lock.iter().filter_map(|id| self.heads.get(id)).map(|head| head.row).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let rows = query(
            "select c.id, p.user_id
            from unnest($1::bigint[]) as c (id)
            join lateral (
              select user_id from participants where conversation_id = c.id limit $2
            ) as p on true",
        )
        .bind(&rows)
        .bind(FEW + 1)
        .fetch_all(&mut *s.conn)
        .await?;
        let mut inside: HashMap<i64, Vec<i64>> = HashMap::new();
        for row in &rows {
            inside.entry(row.try_get(0)?).or_default().push(row.try_get(1)?);
        }
        for head in self.heads.values_mut() {
            let people = inside.remove(&head.row).unwrap_or_default();
            head.inside = (i64::try_from(people.len()).unwrap_or(i64::MAX) <= FEW).then_some(people);
        }
        Ok(())
    }

    /// The times that receivers got last, locked: of the apps first, shared unless a large group raises them.
    async fn load_moments(&mut self, s: &mut Session<'_>, to_lock: &BTreeSet<ConversationId>) -> Work<()> {
        let heads: Vec<&Head> = to_lock.iter().filter_map(|id| self.heads.get(id)).collect();
        if heads.is_empty() {
            return Ok(());
        }
        let apps: BTreeSet<i64> = heads.iter().map(|head| head.app).collect();
        let apps: Vec<i64> = apps.into_iter().collect();
        let any_large = heads.iter().any(|head| head.inside.is_none());
        let sql = if any_large {
            "select app_id, everybody from app_moments where app_id = any($1) order by app_id for update"
        } else {
            "select app_id, everybody from app_moments where app_id = any($1) order by app_id for share"
        };
        let rows = query(sql).bind(&apps).fetch_all(&mut *s.conn).await?;
        self.everybody = all(&rows, |row| Ok((row.try_get(0)?, row.try_get(1)?)))?.into_iter().collect();
        let users: BTreeSet<i64> = heads.iter().filter_map(|head| head.inside.as_ref()).flatten().copied().collect();
        let users: Vec<i64> = users.into_iter().collect();
        self.moments = lock_moments(s, &users).await?;
        if self.moments.len() < users.len() {
            query(
                "insert into moments (user_id, at)
                select w.id, 0 from unnest($1::bigint[]) as w (id)
                order by w.id
                on conflict do nothing",
            )
            .bind(&users)
            .execute(&mut *s.conn)
            .await?;
            self.moments = lock_moments(s, &users).await?;
        }
        if any_large {
            self.ceiling = newest(s).await?;
        }
        Ok(())
    }

    /// Those who write and read, locked in the order of their ids.
    async fn load_members(&mut self, s: &mut Session<'_>, appends: &[&Append], marks: &[&Mark]) -> Work<()> {
        let of = |app: &AppKey, id: ConversationId, user: &UserId| {
            let app = self.apps.get(app.as_str())?;
            let head = self.heads.get(&id)?;
            Some((head.row, *self.users.get(&(*app, user.as_str().to_owned()))?))
        };
        let writers = appends.iter().filter_map(|job| of(&job.app, job.new.conversation, &job.new.from.id));
        let readers = marks.iter().filter_map(|job| of(&job.app, job.conversation, &job.user));
        let who: BTreeSet<(i64, i64)> = writers.chain(readers).collect();
        let rows = query(
            "select p.conversation_id, p.user_id, p.delivered, p.read, p.read_counted, p.read_at, p.owner or p.allowed,
              p.silenced, p.silenced_until
            from unnest($1::bigint[], $2::bigint[]) as w (conversation, id)
            join participants p on p.conversation_id = w.conversation and p.user_id = w.id
            order by p.conversation_id, p.user_id
            for no key update of p",
        )
        .bind(who.iter().map(|(conversation, _)| *conversation).collect::<Vec<_>>())
        .bind(who.iter().map(|(_, user)| *user).collect::<Vec<_>>())
        .fetch_all(&mut *s.conn)
        .await?;
        for row in &rows {
            let member = Member {
                delivered: row.try_get(2)?,
                read: row.try_get(3)?,
                read_counted: row.try_get(4)?,
                read_at: row.try_get(5)?,
                privileged: row.try_get(6)?,
                silenced: row.try_get(7)?,
                silenced_until: row.try_get(8)?,
                moved: false,
            };
            self.members.insert((row.try_get(0)?, row.try_get(1)?), member);
        }
        Ok(())
    }

    /// The messages that used the client ids before. The conversations are locked: nobody uses one meanwhile.
    async fn load_known(&mut self, s: &mut Session<'_>, appends: &[&Append]) -> Work<()> {
        let mut asked: Vec<(i64, i64, &str)> = Vec::new();
        for job in appends {
            let Some(client_id) = &job.new.client_id else { continue };
            let (Ok(app), Some(head)) = (self.app(&job.app), self.heads.get(&job.new.conversation)) else { continue };
            let Ok(sender) = self.user(app, &job.new.from.id) else { continue };
            asked.push((head.row, sender, client_id.as_str()));
        }
        if asked.is_empty() {
            return Ok(());
        }
        let rows = query(
            "select m.id, m.conversation_id, m.sender_id, m.client_id
            from unnest($1::bigint[], $2::bigint[], $3::text[]) as w (conversation, sender, client_id)
            join messages m on m.conversation_id = w.conversation and m.sender_id = w.sender
              and m.client_id = w.client_id",
        )
        .bind(asked.iter().map(|(conversation, ..)| *conversation).collect::<Vec<_>>())
        .bind(asked.iter().map(|(_, sender, _)| *sender).collect::<Vec<_>>())
        .bind(asked.iter().map(|(.., client_id)| *client_id).collect::<Vec<_>>())
        .fetch_all(&mut *s.conn)
        .await?;
        if rows.is_empty() {
            return Ok(());
        }
        let numbers: Vec<i64> = all(&rows, |row| row.try_get(0))?;
        let mut found: HashMap<i64, Known> = by_numbers(s, &numbers)
            .await?
            .into_iter()
            .map(|(message, original)| (message.uid.number(), Known { message, original }))
            .collect();
        for row in &rows {
            let Some(known) = found.remove(&row.try_get(0)?) else { continue };
            self.known.insert((row.try_get(1)?, row.try_get(2)?, get(row, 3)?), known);
        }
        Ok(())
    }

    /// How many messages count up to the places that receipts name.
    async fn load_counted(&mut self, s: &mut Session<'_>, marks: &[&Mark]) -> Work<()> {
        let mut asked = BTreeSet::new();
        for mark in marks {
            let (Some(head), Some(read)) = (self.heads.get(&mark.conversation), mark.read.map(number)) else {
                continue;
            };
            if read <= head.seq {
                asked.insert((head.row, read));
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let rows = query(
            "select w.conversation, w.seq, coalesce(m.counted, 0)
            from unnest($1::bigint[], $2::bigint[]) as w (conversation, seq)
            left join lateral (
              select m.counted
              from messages m
              where m.conversation_id = w.conversation
                and m.seq <= w.seq
              order by m.seq desc
              limit 1
            ) as m on true",
        )
        .bind(asked.iter().map(|(conversation, _)| *conversation).collect::<Vec<_>>())
        .bind(asked.iter().map(|(_, seq)| *seq).collect::<Vec<_>>())
        .fetch_all(&mut *s.conn)
        .await?;
        self.counted =
            all(&rows, |row| Ok(((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?)))?.into_iter().collect();
        Ok(())
    }

    /// The app's row.
    pub(super) fn app(&self, key: &AppKey) -> Result<i64, StoreError> {
        self.apps.get(key.as_str()).copied().ok_or(StoreError::Missing("app"))
    }

    /// The user's row.
    pub(super) fn user(&self, app: i64, id: &UserId) -> Result<i64, StoreError> {
        self.users.get(&(app, id.as_str().to_owned())).copied().ok_or(StoreError::Missing("user"))
    }

    /// The head of the app's conversation.
    pub(super) fn head(&self, app: i64, id: ConversationId) -> Result<&Head, StoreError> {
        self.heads.get(&id).filter(|head| head.app == app).ok_or(StoreError::NoConversation)
    }

    /// The message that used this client id first.
    pub(super) fn known(&self, conversation: i64, sender: i64, new: &NewMessage) -> Option<&Known> {
        let client_id = new.client_id.as_ref()?;
        self.known.get(&(conversation, sender, client_id.as_str().to_owned()))
    }

    /// A message of this batch used its client id first.
    pub(super) fn remember(&mut self, (conversation, sender): (i64, i64), new: &NewMessage, known: Known) {
        if let Some(client_id) = &new.client_id {
            self.known.insert((conversation, sender, client_id.as_str().to_owned()), known);
        }
    }

    /// The time of a new message in a conversation, when the clock says `clock`: after everything that anybody inside
    /// got, and at the clock unless that is not after it.
    pub(super) fn moment(&mut self, app: i64, id: ConversationId, clock: i64) -> i64 {
        let Some(head) = self.heads.get(&id) else { return clock };
        let everybody = self.everybody.get(&app).copied().unwrap_or(0);
        let theirs = match &head.inside {
            None => self.ceiling,
            Some(users) => users.iter().filter_map(|user| self.moments.get(user)).copied().max().unwrap_or(0),
        };
        let at = clock.max(everybody.max(theirs).max(head.said_at) + 1);
        match &head.inside {
            None => drop(self.everybody.insert(app, at)),
            Some(users) => self.moments.extend(users.iter().map(|user| (*user, at))),
        }
        self.ceiling = self.ceiling.max(at);
        at
    }

    /// Counted messages up to a place.
    pub(super) fn counted_at(&self, id: ConversationId, seq: i64) -> i64 {
        let Some(head) = self.heads.get(&id) else { return 0 };
        let here = head.places.iter().rev().find(|(place, _)| *place <= seq).map(|(_, counted)| *counted);
        // The head as it was before the batch counts where nothing was kept since.
        here.or_else(|| self.counted.get(&(head.row, seq)).copied()).unwrap_or(head.counted)
    }
}

/// Locks the conversations that get messages, in the order of their rows.
const LOCKED: &str = "select key, id, app_id, kind, created_at, seq, newest, counted, told, said_at, stirred_until,
      changed_at, waiting_since, visitor_id, stage, dismissed_at is not null, silenced
    from conversations
    where key = any($1)
    order by id
    for no key update";

/// Looks at the conversations that get receipts only: their heads move forward only.
const SEEN: &str = "select key, id, app_id, kind, created_at, seq, newest, counted, told, said_at, stirred_until,
      changed_at, waiting_since, visitor_id, stage, dismissed_at is not null, silenced
    from conversations
    where key = any($1)";

fn head(row: &PgRow) -> sqlx::Result<Head> {
    let stage: Option<&str> = row.try_get(14)?;
    Ok(Head {
        row: row.try_get(1)?,
        app: row.try_get(2)?,
        kind: row.try_get(3)?,
        began_at: row.try_get(4)?,
        seq: row.try_get(5)?,
        newest: row.try_get(6)?,
        counted: row.try_get(7)?,
        told: row.try_get(8)?,
        said_at: row.try_get(9)?,
        stirred_until: row.try_get(10)?,
        changed_at: row.try_get(11)?,
        waiting_since: row.try_get(12)?,
        visitor: row.try_get(13)?,
        desk: match stage {
            _ if row.try_get(15)? => DeskSide::Ended,
            None => DeskSide::None,
            Some("human") => DeskSide::Human,
            Some("ended") => DeskSide::Ended,
            Some(_) => DeskSide::Waiting,
        },
        silenced: row.try_get(16)?,
        moved: false,
        places: Vec::new(),
        inside: None,
    })
}

/// The newest time that any message can have got. Numbers are never older than the times of their messages. Of an app of
/// which the moments are locked for update nobody keeps one meanwhile.
pub(super) async fn newest(s: &mut Session<'_>) -> Work<i64> {
    let row = query("select coalesce(max(id), 0) from messages").fetch_one(&mut *s.conn).await?;
    Ok((row.try_get::<i64, _>(0)? >> 22) + MessageUid::EPOCH_MS)
}

async fn lock_moments(s: &mut Session<'_>, users: &[i64]) -> Work<BTreeMap<i64, i64>> {
    let rows = query("select user_id, at from moments where user_id = any($1) order by user_id for no key update")
        .bind(users)
        .fetch_all(&mut *s.conn)
        .await?;
    Ok(all(&rows, |row| Ok((row.try_get(0)?, row.try_get(1)?)))?.into_iter().collect())
}
