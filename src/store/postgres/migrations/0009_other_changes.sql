-- What else changed of late and the bus may have lost (see 0003): how far somebody read, how they keep a conversation, messages
-- that were taken back or thrown away, whom somebody lists. A table of its own: a program of the version before takes every
-- row of `changes` for messages. Rights of single members and who is inside are how a conversation stands: they go there.
create table other_changes (
  xact xid8 not null default pg_current_xact_id(),
  at timestamptz not null default now(),
  -- 1 read, 2 kept otherwise in the own list, 3 another content in a message's place, 4 thrown away, 5 lists of people, 6 not inside any more.
  what smallint not null,
  conversation_id bigint,
  user_id bigint,
  seq bigint
);
create index other_changes_xact on other_changes (xact);

create function note_people_inside() returns trigger language plpgsql as $$
begin
  insert into changes (conversation_id, after, turned)
  select c.id, c.seq, true
  from conversations c
  where c.id in (select conversation_id from some_rows);
  return null;
end
$$;

create function note_who_went() returns trigger language plpgsql as $$
begin
  insert into other_changes (what, conversation_id, user_id)
  select 6, conversation_id, user_id from some_rows;
  return null;
end
$$;

create function note_rights() returns trigger language plpgsql as $$
begin
  insert into changes (conversation_id, after, turned)
  select c.id, c.seq, true
  from conversations c
  where c.id = new.conversation_id;
  return null;
end
$$;

create function note_kept() returns trigger language plpgsql as $$
begin
  insert into other_changes (what, conversation_id, user_id) values (2, new.conversation_id, new.user_id);
  return null;
end
$$;

create function note_replaced() returns trigger language plpgsql as $$
begin
  insert into other_changes (what, conversation_id, seq) values (3, new.conversation_id, new.seq);
  return null;
end
$$;

create function note_thrown_away() returns trigger language plpgsql as $$
begin
  insert into other_changes (what, conversation_id, user_id, seq)
  select 4, conversation_id, user_id, seq from new_rows;
  return null;
end
$$;

create function note_lists() returns trigger language plpgsql as $$
begin
  insert into other_changes (what, user_id)
  select distinct 5, user_id from some_rows;
  return null;
end
$$;

create trigger note_came after insert on participants
referencing new table as some_rows for each statement
when (current_setting('parlor.nodes', true) = 'on')
execute function note_people_inside();

create trigger note_went after delete on participants
referencing old table as some_rows for each statement
when (current_setting('parlor.nodes', true) = 'on')
execute function note_people_inside();

create trigger note_who_went after delete on participants
referencing old table as some_rows for each statement
when (current_setting('parlor.nodes', true) = 'on')
execute function note_who_went();

-- By row, because columns can be named: what every message writes there wakes neither of these two.
create trigger note_rights after update of owner, silenced, silenced_until, allowed on participants
for each row
when (
  (new.owner, new.silenced, new.silenced_until, new.allowed)
    is distinct from (old.owner, old.silenced, old.silenced_until, old.allowed)
  and current_setting('parlor.nodes', true) = 'on'
)
execute function note_rights();

create trigger note_kept after update of pinned, muted, removed, cleared on participants
for each row
when (current_setting('parlor.nodes', true) = 'on')
execute function note_kept();

create trigger note_replaced after update of body on messages
for each row
when (current_setting('parlor.nodes', true) = 'on')
execute function note_replaced();

create trigger note_thrown_away after insert on deleted
referencing new table as new_rows for each statement
when (current_setting('parlor.nodes', true) = 'on')
execute function note_thrown_away();

create trigger note_listed after insert on blocks
referencing new table as some_rows for each statement
when (current_setting('parlor.nodes', true) = 'on')
execute function note_lists();

create trigger note_unlisted after delete on blocks
referencing old table as some_rows for each statement
when (current_setting('parlor.nodes', true) = 'on')
execute function note_lists();

create trigger note_listed after insert on allowances
referencing new table as some_rows for each statement
when (current_setting('parlor.nodes', true) = 'on')
execute function note_lists();

create trigger note_unlisted after delete on allowances
referencing old table as some_rows for each statement
when (current_setting('parlor.nodes', true) = 'on')
execute function note_lists();
