//! Service conversations: beginning, moving through stages, what the visitor told and thought.

use sqlx::{Row, query};

use super::{
    conversations::{join, load, lock_service},
    error::{Work, or_taken},
    logins::site_row,
    outbox,
    rows::{get, json, key_of, maybe, maybe_parsed, to_json},
    session::Session,
};
use crate::{
    model::{
        AppKey, Conversation, ConversationId, SiteKey, Stage, UserId,
        conversation::{Context, Rating},
    },
    store::{
        NewService, NewTicket, StoreError, Transition,
        records::{ended_by, merged},
    },
};

/// The visitor's open service conversation with a site.
pub(super) async fn open_service(
    s: &mut Session<'_>,
    app: &AppKey,
    visitor: &UserId,
    site: &SiteKey,
) -> Work<Option<Conversation>> {
    let row = query(
        "select c.id
        from conversations c
        where c.visitor_id = (
            select u.id
            from users u
            join apps p on p.id = u.app_id
            where p.key = $1
              and u.key = $2
          )
          and c.site_id = (
            select s.id
            from sites s
            where s.key = $3
          )
          and c.stage in ('queued', 'offline', 'human')",
    )
    .bind(app.as_str())
    .bind(visitor.as_str())
    .bind(site.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    match maybe(row.as_ref(), |row| get(row, 0))? {
        Some(row) => load(s, row).await.map(Some),
        None => Ok(None),
    }
}

/// Begins a service conversation, or returns the visitor's open one with that site. Of several that begin at once one does,
/// and the others wait for that one's commit.
pub(super) async fn begin(s: &mut Session<'_>, app_key: &AppKey, new: &NewService) -> Work<Conversation> {
    if let Some(open) = open_service(s, app_key, &new.visitor, &new.site).await? {
        return Ok(open);
    }
    let app = s.app(app_key).await?;
    let visitor = s.user(app, &new.visitor).await?;
    let site = site_row(s, app, &new.site).await?;
    let columns = Columns::of(s, app, &new.stage).await?;
    let made = query(
        "insert into conversations
          (app_id, key, kind, created_at, changed_at, site_id, visitor_id, stage, stage_at, agent_id, ended_by,
            waiting_since, context)
        values ($1, $2, 5, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        on conflict (visitor_id, site_id) where stage in ('queued', 'offline', 'human') do nothing
        returning id",
    )
    .bind(app)
    .bind(&key_of(new.id)[..])
    .bind(new.at.get())
    .bind(site)
    .bind(visitor)
    .bind(columns.stage)
    .bind(columns.at)
    .bind(columns.agent)
    .bind(columns.ended_by)
    .bind(columns.waits.then_some(columns.at))
    .bind(to_json(&new.context))
    .fetch_optional(&mut *s.conn)
    .await
    .map_err(or_taken)?;
    let Some(made) = made else {
        return Ok(open_service(s, app_key, &new.visitor, &new.site).await?.ok_or(StoreError::NoConversation)?);
    };
    let row = made.try_get(0)?;
    join(s, row, &[visitor], new.at).await?;
    if let (Stage::Human { .. }, Some(agent)) = (&new.stage, columns.agent) {
        join(s, row, &[agent], new.at).await?;
    }
    let begun = load(s, row).await?;
    outbox::service_began(s, app, &begun).await?;
    Ok(begun)
}

/// A stage as the columns keep it.
struct Columns {
    stage: &'static str,
    at: i64,
    agent: Option<i64>,
    ended_by: Option<&'static str>,
    waits: bool,
}

impl Columns {
    async fn of(s: &mut Session<'_>, app: i64, stage: &Stage) -> Work<Self> {
        let agent = match stage.agent() {
            Some(agent) => Some(s.user(app, agent).await?),
            None => None,
        };
        Ok(Self {
            stage: stage.name(),
            at: stage.since().get(),
            agent,
            ended_by: ended_by(stage),
            waits: matches!(stage, Stage::Queued { .. } | Stage::Offline { .. }),
        })
    }
}

/// Moves a service conversation to another stage, if it is in one of those allowed. Of several agents who take it at
/// once the lock lets one in at a time.
pub(super) async fn transition(s: &mut Session<'_>, app: &AppKey, transition: &Transition) -> Work<Conversation> {
    let app = s.app(app).await?;
    let row = lock_service(s, app, transition.conversation).await?;
    check_stage(s, row, transition).await?;
    let columns = Columns::of(s, app, &transition.to).await?;
    query(
        "update conversations
        set stage = $2, stage_at = $3, agent_id = $4, ended_by = $5, changed_at = greatest(changed_at + 1, $6),
          waiting_since = case
            when $5 is not null then null
            when $7 then coalesce(waiting_since, $3)
            else waiting_since
          end
        where id = $1",
    )
    .bind(row)
    .bind(columns.stage)
    .bind(columns.at)
    .bind(columns.agent)
    .bind(columns.ended_by)
    .bind(transition.at.get())
    .bind(columns.waits)
    .execute(&mut *s.conn)
    .await
    .map_err(or_taken)?;
    if let (Stage::Human { .. }, Some(agent)) = (&transition.to, columns.agent) {
        join(s, row, &[agent], transition.at).await?;
    }
    let moved = load(s, row).await?;
    outbox::service_moved(s, app, &moved).await?;
    Ok(moved)
}

async fn check_stage(s: &mut Session<'_>, row: i64, transition: &Transition) -> Work<()> {
    let found = query(
        "select c.stage, a.key
        from conversations c
        left join users a on a.id = c.agent_id
        where c.id = $1",
    )
    .bind(row)
    .fetch_one(&mut *s.conn)
    .await?;
    let (stage, agent): (String, Option<UserId>) = (get(&found, 0)?, maybe_parsed(&found, 1)?);
    let others = stage == "human" && transition.only_agent.is_some() && transition.only_agent != agent;
    if others || !transition.from.contains(&stage.as_str()) { Err(StoreError::WrongStage.into()) } else { Ok(()) }
}

/// Adds what the visitor's browser told to what is known.
pub(super) async fn set_context(s: &mut Session<'_>, app: &AppKey, id: ConversationId, told: &Context) -> Work<()> {
    let app = s.app(app).await?;
    let row = lock_service(s, app, id).await?;
    let known = query("select context from conversations where id = $1").bind(row).fetch_one(&mut *s.conn).await?;
    query("update conversations set context = $2 where id = $1")
        .bind(row)
        .bind(to_json(&merged(json(&known, 0)?, told)))
        .execute(&mut *s.conn)
        .await?;
    Ok(())
}

/// Keeps the visitor's rating.
pub(super) async fn rate(s: &mut Session<'_>, app: &AppKey, id: ConversationId, rating: &Rating) -> Work<Conversation> {
    let app = s.app(app).await?;
    let row = lock_service(s, app, id).await?;
    query("update conversations set rating = $2 where id = $1")
        .bind(row)
        .bind(to_json(rating))
        .execute(&mut *s.conn)
        .await?;
    let rated = load(s, row).await?;
    outbox::service_rated(s, app, &rated, rating.at).await?;
    Ok(rated)
}

/// Keeps a left message.
pub(super) async fn create_ticket(s: &mut Session<'_>, app: &AppKey, ticket: &NewTicket) -> Work<()> {
    let app = s.app(app).await?;
    let row = lock_service(s, app, ticket.conversation).await?;
    query("insert into tickets (conversation_id, answers, created_at) values ($1, $2, $3)")
        .bind(row)
        .bind(&ticket.answers)
        .bind(ticket.at.get())
        .execute(&mut *s.conn)
        .await?;
    outbox::ticket_left(s, app, ticket).await
}
