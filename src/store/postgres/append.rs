//! Keeping messages and receipts: the hot path, a whole batch at once.
//!
//! Everything that is asked of the database comes first, in a fixed order of locks: conversations, times of apps, times
//! of users, participants, files, webhooks, each by their ids. Then every job is decided in memory, in the order in which
//! they came, as if each had a transaction of its own. Then everything is written, what nearly every batch writes in one
//! statement: each way to the server is a wait for everybody who writes meanwhile.

use std::collections::BTreeMap;

use super::{
    batcher::{Append, Job, Mark, Outcome},
    changes,
    error::Work,
    files::Named,
    found,
    loaded::{DeskSide, Head, Known, Loaded},
    names::Names,
    session::{Session, commit_like_a_write},
    written::Writing,
};
use crate::{
    model::{Message, MessageUid, Millis, Role, content::Mentions},
    store::{
        Appended, Demand, NewMessage, StoreError, Watermarks,
        records::{called, checksum, digest, number, seq},
        uid::Uids,
    },
};

/// Does all jobs of a batch; what became of each, and how many messages are new. A refusal of one leaves nothing behind and
/// touches no other. All is `noted` for servers that hear of each other.
pub(super) async fn all(
    s: &mut Session<'_>,
    (uids, names): (&mut Uids, &mut Names),
    batch: &[Job],
    noted: bool,
) -> Work<(Vec<Outcome>, u64)> {
    let appends: Vec<&Append> = batch
        .iter()
        .filter_map(|job| match job {
            Job::Append(job) => Some(&job.work),
            _ => None,
        })
        .collect();
    let marks: Vec<&Mark> = batch
        .iter()
        .filter_map(|job| match job {
            Job::Mark(job) => Some(&job.work),
            _ => None,
        })
        .collect();
    names.learn(s, &appends, &marks).await?;
    let mut loaded = Loaded::load(s, names, &appends, &marks).await?;
    let mut writing = Writing::default();
    let mut outcomes = Vec::with_capacity(batch.len());
    for job in batch {
        outcomes.push(match job {
            Job::Append(job) => Outcome::Append(Box::new(append(&mut loaded, &mut writing, uids, &job.work))),
            Job::Mark(job) => Outcome::Mark(mark(&mut loaded, &mut writing, &job.work)),
            Job::Close => Outcome::Close,
        });
    }
    let added = writing.messages.len() as u64;
    writing.write(s, &loaded, noted).await?;
    if noted && !writing.read.is_empty() {
        changes::note_read(s, &writing.read.iter().copied().collect::<Vec<_>>()).await?;
    }
    if added == 0 && outcomes.iter().any(Outcome::is_repeated) {
        // What a retry found was committed here, but perhaps nobody has waited until the standby has it: the connection that
        // did so was lost (D1).
        commit_like_a_write(s).await?;
    }
    Ok((outcomes, added))
}

/// A message that is kept, as the rows will have it.
pub(super) struct Kept<'j> {
    pub(super) id: i64,
    pub(super) app: i64,
    pub(super) conversation: i64,
    pub(super) seq: i64,
    pub(super) sender: i64,
    pub(super) at: i64,
    pub(super) counted: i64,
    pub(super) checksum: i64,
    pub(super) new: &'j NewMessage,
    /// Rows of those whom it is for, its sender among them; empty: everybody inside.
    pub(super) recipients: Vec<i64>,
    /// Rows of those whom it calls; nothing in the list: everybody.
    pub(super) called: Vec<Option<i64>>,
    /// Keys of files that it is the first to name.
    pub(super) binds: Vec<[u8; 16]>,
}

fn append<'j>(
    loaded: &mut Loaded<'j>,
    writing: &mut Writing<'j>,
    uids: &mut Uids,
    job: &'j Append,
) -> Result<Appended, StoreError> {
    let new = &job.new;
    let app = loaded.app(&job.app)?;
    let sender = loaded.user(app, &new.from.id)?;
    let visitor = job.copy.as_ref().map(|copy| loaded.user(app, &copy.visitor)).transpose()?;
    if let Some((copy, visitor)) = job.copy.as_ref().zip(visitor)
        && let Some(message) = loaded.mirrors.get(&(app, copy.uid.clone()))
    {
        writing.came_to(visitor, copy, new);
        return Ok(Appended { message: message.clone(), repeated: true });
    }
    let conversation = loaded.head(app, new.conversation)?.row;
    let refusal = match refusal(loaded, sender, new)? {
        None => missing_file(loaded, (app, conversation, sender), new),
        refusal => refusal,
    };
    let known = loaded.known(conversation, sender, new);
    let mut recipients = match refusal {
        None => new.only.iter().map(|user| loaded.user(app, user)).collect::<Result<Vec<i64>, _>>()?,
        // What was taken before the door closed stays taken.
        Some(_) if known.is_some() => Vec::new(),
        Some(refusal) => return Err(refusal),
    };
    if let Some(known) = known {
        let first = repeated(known, new)?;
        if let Some((copy, visitor)) = job.copy.as_ref().zip(visitor) {
            writing.came_to(visitor, copy, new);
        }
        return Ok(first);
    }
    if !recipients.is_empty() {
        recipients.push(sender);
    }
    let kept = place(loaded, uids, (app, sender), job, recipients);
    let message = Message {
        uid: MessageUid::from_number(kept.id),
        conversation: new.conversation,
        seq: Some(seq(kept.seq)),
        at: Millis::new(kept.at),
        from: new.from.clone(),
        client_id: new.client_id.clone(),
        content: new.content.clone(),
    };
    if new.client_id.is_some() {
        let original = new.original.as_ref().map(|original| digest(original).to_vec());
        loaded.remember((conversation, sender), new, Known { message: message.clone(), original });
    }
    if let Some((copy, visitor)) = job.copy.as_ref().zip(visitor) {
        loaded.mirrors.insert((app, copy.uid.clone()), message.clone());
        writing.mirrored.push((app, &copy.uid, kept.id));
        writing.came_to(visitor, copy, new);
    }
    writing.messages.push(kept);
    Ok(Appended { message, repeated: false })
}

/// Why a message is not taken, as things stand in this transaction.
fn refusal(loaded: &Loaded<'_>, sender: i64, new: &NewMessage) -> Result<Option<StoreError>, StoreError> {
    let head = loaded.heads.get(&new.conversation).ok_or(StoreError::NoConversation)?;
    Ok(match new.demand {
        Demand::Nothing => None,
        Demand::Again => Some(StoreError::Missing("message that is sent again")),
        _ if head.desk == DeskSide::Ended => Some(StoreError::WrongStage),
        Demand::Open => None,
        Demand::Inside | Demand::MayWrite => match loaded.members.get(&(head.row, sender)) {
            None => Some(StoreError::NoConversation),
            Some(member) if new.demand == Demand::MayWrite && !member.may_write(head.silenced, new.at.get()) => {
                Some(StoreError::Silenced)
            }
            Some(_) => None,
        },
    })
}

/// A file that the message names and may not.
fn missing_file(
    loaded: &Loaded<'_>,
    (app, conversation, sender): (i64, i64, i64),
    new: &NewMessage,
) -> Option<StoreError> {
    let fits = |file| loaded.files.get(file).is_some_and(|named: &Named| named.fits(app, conversation, sender));
    (!new.content.files().iter().all(fits)).then_some(StoreError::Missing("file"))
}

/// The answer to a retry.
fn repeated(known: &Known, new: &NewMessage) -> Result<Appended, StoreError> {
    let sent = new.original.as_ref().unwrap_or(&new.content);
    let same = known.message.content == *sent
        || known.original.as_deref().is_some_and(|original| original == digest(sent))
        || known.message.content.is_gone();
    if same { Ok(Appended { message: known.message.clone(), repeated: true }) } else { Err(StoreError::ClientIdReused) }
}

/// Gives a message its place, time and number, and moves what it moves.
fn place<'j>(
    loaded: &mut Loaded<'j>,
    uids: &mut Uids,
    (app, sender): (i64, i64),
    job: &'j Append,
    recipients: Vec<i64>,
) -> Kept<'j> {
    let new = &job.new;
    // Later messages here are later than a copy, though that one has the time of its original.
    let moment = loaded.moment(app, new.conversation, new.at.get());
    let at = if job.copy.is_some() { new.at.get() } else { moment };
    let taken_over = job.copy.as_ref().and_then(|copy| loaded.free_number(copy));
    let called = match called(new) {
        Mentions::Nobody => Vec::new(),
        Mentions::Everybody => vec![None],
        // Ids that nobody has call nobody.
        Mentions::These(users) => users.iter().filter_map(|user| loaded.user(app, user).ok()).map(Some).collect(),
    };
    let head = loaded.heads.entry(new.conversation).or_default();
    let id = match taken_over {
        Some(number) => uids.pass(number),
        None => uids.mint_above(Millis::new(moment), head.newest),
    };
    head.seq += 1;
    head.newest = head.newest.max(id);
    head.said_at = head.said_at.max(moment);
    head.moved = true;
    if new.only.is_empty() {
        head.counted += i64::from(new.counted);
        head.told = head.seq;
        head.changed_at = head.changed_at.max(at);
    }
    head.places.push((head.seq, head.counted));
    follow_waiting(head, sender, new, at);
    let (row, place, counted) = (head.row, head.seq, head.counted);
    loaded.taken.insert(id);
    if let Some(member) = loaded.members.get_mut(&(row, sender)) {
        member.advance(place, Some((place, counted)), at);
    }
    let mut binds = Vec::new();
    for file in new.content.files() {
        if loaded.files.get_mut(&file).is_some_and(|named| named.bind(row)) {
            binds.push(file.as_u128().to_be_bytes());
        }
    }
    Kept {
        id,
        app,
        conversation: row,
        seq: place,
        sender,
        at,
        counted,
        checksum: checksum(id, place, new.content.name.as_str(), new.content.body()),
        new,
        recipients,
        called,
        binds,
    }
}

/// Whoever writes to the desk waits from then on; whom an agent answers waits no more.
fn follow_waiting(head: &mut Head, sender: i64, new: &NewMessage, at: i64) {
    if !matches!(head.desk, DeskSide::Waiting | DeskSide::Human) {
        return;
    }
    if head.visitor == Some(sender) {
        head.waiting_since = head.waiting_since.or(Some(at));
    } else if head.desk == DeskSide::Human && new.counted && new.from.role == Role::Agent {
        head.waiting_since = None;
    }
}

/// Moves somebody's watermarks forward.
fn mark(loaded: &mut Loaded<'_>, writing: &mut Writing<'_>, mark: &Mark) -> Result<Watermarks, StoreError> {
    let app = loaded.app(&mark.app)?;
    let user = loaded.user(app, &mark.user)?;
    let head = loaded.head(app, mark.conversation)?;
    let (row, head_seq) = (head.row, head.seq);
    let member = loaded.members.get(&(row, user)).ok_or(StoreError::NoConversation)?;
    let cut = |seq| number(seq).min(head_seq);
    let read = mark.read.map(cut).filter(|read| *read > member.read);
    let delivered = mark.delivered.map_or(0, cut).max(read.unwrap_or(0));
    let read = read.map(|seq| (seq, loaded.counted_at(mark.conversation, seq)));
    let member = loaded.members.get_mut(&(row, user)).ok_or(StoreError::NoConversation)?;
    let moved = member.advance(delivered, read, mark.at.get());
    if moved {
        writing.read.insert((row, user));
    }
    Ok(Watermarks { delivered: seq(member.delivered), read: seq(member.read), moved })
}

/// What kept messages are found by, beside their numbers.
pub(super) fn pieces(kept: &[Kept<'_>], kinds: &BTreeMap<i64, i64>) -> Vec<(i64, String)> {
    kept.iter()
        .filter_map(|kept| {
            let stand = found::Stand {
                app: kept.app,
                conversation: kept.conversation,
                kind: kinds.get(&kept.conversation).copied().unwrap_or(0),
                sender: kept.sender,
            };
            Some((kept.id, found::pieces(stand, &kept.new.content)?))
        })
        .collect()
}
