//! What is told of each change that the engine makes. Messages are told in batches, where they are kept.

use sqlx::query;

use super::recording::{Listeners, Record, record_all};
use crate::{
    model::{AppKey, Conversation, ConversationId, Kind, Message, Millis, Notice, Topic},
    store::{
        GroupStep, NewTicket,
        postgres::{
            error::Work,
            rows::{get, key_of, small},
            session::Session,
        },
        told,
    },
};

/// Records a notice for every webhook that wants its topic. It is made only when somebody listens.
async fn tell(s: &mut Session<'_>, app: i64, topic: Topic, notice: impl FnOnce() -> Notice) -> Work<()> {
    let listeners = Listeners::load(s, &[app]).await?;
    if !listeners.want(app, topic) {
        return Ok(());
    }
    record_all(s, &listeners, &[Record { app, notice: notice() }]).await
}

/// A kept message was taken back: what stands in its place.
pub(in crate::store::postgres) async fn message_recalled(
    s: &mut Session<'_>,
    app: &AppKey,
    now: &Message,
    at: Millis,
) -> Work<()> {
    let app = s.app(app).await?;
    let listeners = Listeners::load(s, &[app]).await?;
    if !listeners.want(app, Topic::MessageRecalled) {
        return Ok(());
    }
    let (kind, target) = target(s, now.conversation, now.from.id.as_str()).await?;
    let notice = told::message_recalled(now, kind, &target, at);
    record_all(s, &listeners, &[Record { app, notice }]).await
}

/// The kind of a conversation and to whom a message of this sender goes there.
async fn target(s: &mut Session<'_>, id: ConversationId, sender: &str) -> Work<(Kind, String)> {
    let row = query(
        "select c.kind, coalesce(
            c.handle,
            case when l.key = $2 then h.key else l.key end,
            case when v.key = $2 then s.key else v.key end
          )
        from conversations c
        left join users l on l.id = c.low_user_id
        left join users h on h.id = c.high_user_id
        left join users v on v.id = c.visitor_id
        left join sites s on s.id = c.site_id
        where c.key = $1",
    )
    .bind(&key_of(id)[..])
    .bind(sender)
    .fetch_one(&mut *s.conn)
    .await?;
    let (kind, target): (u8, Option<String>) = (small(&row, 0)?, get(&row, 1)?);
    Ok((Kind::from_number(kind).unwrap_or(Kind::Private), target.unwrap_or_else(|| id.to_string())))
}

/// A visitor began a service conversation.
pub(in crate::store::postgres) async fn service_began(s: &mut Session<'_>, app: i64, now: &Conversation) -> Work<()> {
    let topic = Topic::ConversationStarted;
    tell(s, app, topic, || told::service(topic, now, now.changed_at)).await
}

/// A service conversation came to another stage. Those in which nobody answers yet are not told.
pub(in crate::store::postgres) async fn service_moved(s: &mut Session<'_>, app: i64, now: &Conversation) -> Work<()> {
    match told::moved(now) {
        Some(topic) => tell(s, app, topic, || told::service(topic, now, now.changed_at)).await,
        None => Ok(()),
    }
}

/// A visitor rated a service conversation.
pub(in crate::store::postgres) async fn service_rated(
    s: &mut Session<'_>,
    app: i64,
    now: &Conversation,
    at: Millis,
) -> Work<()> {
    let topic = Topic::ConversationRated;
    tell(s, app, topic, || told::service(topic, now, at)).await
}

/// A visitor left a message.
pub(in crate::store::postgres) async fn ticket_left(s: &mut Session<'_>, app: i64, ticket: &NewTicket) -> Work<()> {
    tell(s, app, Topic::MessageLeft, || told::ticket_left(ticket)).await
}

/// A group or discussion was founded (without a step) or changed.
pub(in crate::store::postgres) async fn group_changed(
    s: &mut Session<'_>,
    app: i64,
    now: &Conversation,
    step: Option<&GroupStep>,
) -> Work<()> {
    tell(s, app, Topic::GroupChanged, || told::group_changed(now, step)).await
}
