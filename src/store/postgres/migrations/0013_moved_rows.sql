-- Every message moves its conversation's row. While an index holds anything that it moves, PostgreSQL gives the row a new
-- place in all of the table's indexes, each time; otherwise in none. So lists are in the order of the minute of the last
-- change, and only service conversations have one; what is in the same minute is sorted when it is asked for. Likewise only
-- who is in line stands in line. Programs of the version before write neither column and need not know of them.
drop index conversations_ended;
drop index conversations_service;
drop index conversations_waiting;

alter table conversations
  add column changed_minute bigint generated always as (case when kind = 5 then changed_at / 60000 end) stored,
  add column queued_since bigint
    generated always as (case when stage in ('queued', 'offline') then waiting_since end) stored,
  -- Room for the next state of a row beside it: without it the row would have to move after all.
  set (fillfactor = 85);

create index conversations_ended on conversations (app_id, changed_minute) where stage = 'ended';
create index conversations_service on conversations (app_id, changed_minute) where kind = 5;
create index conversations_waiting on conversations (app_id, queued_since, key) where stage in ('queued', 'offline');

alter table participants set (fillfactor = 85);
alter table moments set (fillfactor = 85);
