-- What changed of late, for servers that hear of each other: whatever the bus lost is found by looking here. `xact` gives a
-- place in the order in which transactions can be seen: everything from the oldest that was under way at the last look on.
-- Rows are kept for minutes. Only servers with a bus say `parlor.nodes`, so that one alone pays nothing.
create table changes (
  xact xid8 not null default pg_current_xact_id(),
  at timestamptz not null default now(),
  conversation_id bigint not null,
  -- The newest place before.
  after bigint not null,
  turned boolean not null
);
create index changes_xact on changes (xact);

create function note_new_conversations() returns trigger language plpgsql as $$
begin
  insert into changes (conversation_id, after, turned)
  select id, 0, true from new_rows;
  return null;
end
$$;

create function note_changed_conversations() returns trigger language plpgsql as $$
begin
  insert into changes (conversation_id, after, turned)
  select n.id, o.seq, t.turned
  from new_rows n
  join old_rows o on o.id = n.id
  cross join lateral (
    select (n.stage, n.agent_id, n.name, n.silenced, n.dismissed_at, n.rating)
      is distinct from (o.stage, o.agent_id, o.name, o.silenced, o.dismissed_at, o.rating) as turned
  ) t
  where n.seq <> o.seq or t.turned;
  return null;
end
$$;

create trigger note_new after insert on conversations
referencing new table as new_rows for each statement
when (current_setting('parlor.nodes', true) = 'on')
execute function note_new_conversations();

create trigger note_changed after update on conversations
referencing old table as old_rows new table as new_rows for each statement
when (current_setting('parlor.nodes', true) = 'on')
execute function note_changed_conversations();
