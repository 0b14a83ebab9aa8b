//! Service conversations: beginning, moving through stages, what the visitor told and thought.

use rusqlite::{OptionalExtension, params};

use super::{
    conversations::{join, load, service_row},
    error::{Work, or_taken},
    ledger::Ledger,
    outbox,
    rows::{View, json, key_of, maybe_parsed, to_json},
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
pub(super) fn open_service(
    view: &View<'_>,
    app: &AppKey,
    visitor: &UserId,
    site: &SiteKey,
) -> Work<Option<Conversation>> {
    let row = view
        .conn
        .prepare_cached(
            "select c.id
            from conversations c
            where c.visitor_id = (
                select u.id
                from users u
                join apps p on p.id = u.app_id
                where p.key = ?1
                  and u.key = ?2
              )
              and c.site_id = (
                select s.id
                from sites s
                where s.key = ?3
              )
              and c.stage in ('queued', 'offline', 'human')",
        )?
        .query_row(params![app.as_str(), visitor.as_str(), site.as_str()], |row| row.get(0))
        .optional()?;
    row.map(|row| load(view, row)).transpose()
}

/// Begins a service conversation, or returns the visitor's open one with that site.
pub(super) fn begin(ledger: &mut Ledger, app_key: &AppKey, new: &NewService) -> Work<Conversation> {
    if let Some(open) = open_service(&ledger.view(), app_key, &new.visitor, &new.site)? {
        return Ok(open);
    }
    let app = ledger.app(app_key)?;
    let visitor = ledger.user(app, &new.visitor)?;
    let site: i64 = ledger
        .conn
        .prepare_cached(
            "select id
            from sites
            where key = ?1
              and app_id = ?2",
        )?
        .query_row(params![new.site.as_str(), app], |row| row.get(0))
        .optional()?
        .ok_or(StoreError::Missing("site"))?;
    let columns = Columns::of(ledger, app, &new.stage)?;
    ledger
        .conn
        .prepare_cached(
            "insert into conversations
              (app_id, key, kind, created_at, changed_at, site_id, visitor_id, stage, stage_at, agent_id, ended_by,
                waiting_since, context)
            values (?1, ?2, 5, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            app,
            key_of(new.id),
            new.at.get(),
            site,
            visitor,
            columns.stage,
            columns.at,
            columns.agent,
            columns.ended_by,
            columns.waits.then_some(columns.at),
            to_json(&new.context)
        ])
        .map_err(or_taken)?;
    let row = ledger.conn.last_insert_rowid();
    join(ledger, row, visitor, new.at)?;
    if let (Stage::Human { .. }, Some(agent)) = (&new.stage, columns.agent) {
        join(ledger, row, agent, new.at)?;
    }
    let begun = load(&ledger.view(), row)?;
    outbox::service_began(ledger, app, &begun)?;
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
    fn of(ledger: &mut Ledger, app: i64, stage: &Stage) -> Work<Self> {
        Ok(Self {
            stage: stage.name(),
            at: stage.since().get(),
            agent: stage.agent().map(|agent| ledger.user(app, agent)).transpose()?,
            ended_by: ended_by(stage),
            waits: matches!(stage, Stage::Queued { .. } | Stage::Offline { .. }),
        })
    }
}

/// Moves a service conversation to another stage, if it is in one of those allowed.
pub(super) fn transition(ledger: &mut Ledger, app: &AppKey, transition: &Transition) -> Work<Conversation> {
    let app = ledger.app(app)?;
    let row = service_row(&ledger.view(), app, transition.conversation)?;
    check_stage(ledger, row, transition)?;
    let columns = Columns::of(ledger, app, &transition.to)?;
    ledger
        .conn
        .prepare_cached(
            "update conversations
            set stage = ?2, stage_at = ?3, agent_id = ?4, ended_by = ?5, changed_at = max(changed_at + 1, ?6),
              waiting_since = case
                when ?5 is not null then null
                when ?7 then coalesce(waiting_since, ?3)
                else waiting_since
              end
            where id = ?1",
        )?
        .execute(params![
            row,
            columns.stage,
            columns.at,
            columns.agent,
            columns.ended_by,
            transition.at.get(),
            columns.waits
        ])
        .map_err(or_taken)?;
    if let (Stage::Human { .. }, Some(agent)) = (&transition.to, columns.agent) {
        join(ledger, row, agent, transition.at)?;
    }
    ledger.forget(transition.conversation);
    let moved = load(&ledger.view(), row)?;
    outbox::service_moved(ledger, app, &moved)?;
    Ok(moved)
}

fn check_stage(ledger: &Ledger, row: i64, transition: &Transition) -> Work<()> {
    let (stage, agent): (String, Option<UserId>) = ledger
        .conn
        .prepare_cached(
            "select c.stage, a.key
            from conversations c
            left join users a on a.id = c.agent_id
            where c.id = ?1",
        )?
        .query_row([row], |row| Ok((row.get(0)?, maybe_parsed(row, 1)?)))?;
    let others = stage == "human" && transition.only_agent.is_some() && transition.only_agent != agent;
    if others || !transition.from.contains(&stage.as_str()) { Err(StoreError::WrongStage.into()) } else { Ok(()) }
}

/// Adds what the visitor's browser told to what is known.
pub(super) fn set_context(ledger: &mut Ledger, app: &AppKey, id: ConversationId, told: &Context) -> Work<()> {
    let app = ledger.app(app)?;
    let row = service_row(&ledger.view(), app, id)?;
    let known: Context = ledger
        .conn
        .prepare_cached(
            "select context
            from conversations
            where id = ?1",
        )?
        .query_row([row], |row| json(row, 0))?;
    ledger
        .conn
        .prepare_cached(
            "update conversations
            set context = ?2
            where id = ?1",
        )?
        .execute(params![row, to_json(&merged(known, told))])?;
    Ok(())
}

/// Keeps the visitor's rating.
pub(super) fn rate(ledger: &mut Ledger, app: &AppKey, id: ConversationId, rating: &Rating) -> Work<Conversation> {
    let app = ledger.app(app)?;
    let row = service_row(&ledger.view(), app, id)?;
    ledger
        .conn
        .prepare_cached(
            "update conversations
            set rating = ?2
            where id = ?1",
        )?
        .execute(params![row, to_json(rating)])?;
    let rated = load(&ledger.view(), row)?;
    outbox::service_rated(ledger, app, &rated, rating.at)?;
    Ok(rated)
}

/// Keeps a left message.
pub(super) fn create_ticket(ledger: &mut Ledger, app: &AppKey, ticket: &NewTicket) -> Work<()> {
    let app = ledger.app(app)?;
    let row = service_row(&ledger.view(), app, ticket.conversation)?;
    ledger
        .conn
        .prepare_cached(
            "insert into tickets (conversation_id, answers, created_at)
            values (?1, ?2, ?3)",
        )?
        .execute(params![row, ticket.answers, ticket.at.get()])?;
    outbox::ticket_left(ledger, app, ticket)
}
