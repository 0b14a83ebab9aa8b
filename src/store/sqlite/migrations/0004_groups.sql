-- More kinds of conversation: a check cannot be changed, so the table is made anew.
create table conversations_new (
  id integer primary key,
  app_id integer not null references apps (id),
  key blob not null unique check (length(key) = 16),
  kind integer not null check (kind in (1, 2, 3, 5)),
  -- The newest message's place, and how many messages up to there raise unread counts.
  seq integer not null default 0 check (seq >= 0),
  counted integer not null default 0 check (counted between 0 and seq),
  created_at integer not null,
  changed_at integer not null,
  -- Private conversations: the two users, the lower row first.
  low_user_id integer references users (id),
  high_user_id integer references users (id),
  -- Service conversations.
  site_id integer references sites (id),
  visitor_id integer references users (id),
  stage text check (stage in ('queued', 'offline', 'human', 'ended')),
  stage_at integer,
  agent_id integer references users (id),
  ended_by text check (ended_by in ('visitor_closed', 'visitor_timeout', 'agent_closed')),
  waiting_since integer,
  context text check (context is null or json_valid(context)),
  rating text check (rating is null or json_valid(rating)),
  -- Discussions and groups.
  name text,
  silenced integer not null default 0 check (silenced in (0, 1)),
  dismissed_at integer,
  check ((kind in (2, 3)) = (name is not null)),
  check ((kind = 1) = (low_user_id is not null and high_user_id is not null)),
  check (low_user_id <= high_user_id),
  check ((kind = 5) = (site_id is not null and visitor_id is not null and stage is not null
    and stage_at is not null and context is not null)),
  check (stage is not 'human' or agent_id is not null),
  check ((stage is 'ended') = (ended_by is not null)),
  check (stage is not 'ended' or waiting_since is null),
  check (stage is null or stage not in ('queued', 'offline') or waiting_since is not null)
) strict;

insert into conversations_new
  (id, app_id, key, kind, seq, counted, created_at, changed_at, low_user_id, high_user_id, site_id, visitor_id, stage,
  stage_at, agent_id, ended_by, waiting_since, context, rating)
select id, app_id, key, kind, seq, counted, created_at, changed_at, low_user_id, high_user_id, site_id, visitor_id, stage,
  stage_at, agent_id, ended_by, waiting_since, context, rating
from conversations;

drop table conversations;
alter table conversations_new rename to conversations;

create unique index conversations_private on conversations (low_user_id, high_user_id) where kind = 1;
-- A visitor has at most one open service conversation.
create unique index conversations_open on conversations (visitor_id) where stage in ('queued', 'offline', 'human');
create index conversations_waiting on conversations (app_id, waiting_since, key) where stage in ('queued', 'offline');
create index conversations_of_agent on conversations (agent_id) where stage = 'human';
create index conversations_ended on conversations (app_id, changed_at, key) where stage = 'ended';
create index conversations_service on conversations (app_id, changed_at, key) where kind = 5;

-- What a participant is in a discussion or group.
alter table participants add column owner integer not null default 0 check (owner in (0, 1));
alter table participants add column silenced integer not null default 0 check (silenced in (0, 1));
alter table participants add column allowed integer not null default 0 check (allowed in (0, 1));

create table bans (
  conversation_id integer not null references conversations (id),
  user_id integer not null references users (id),
  at integer not null,
  primary key (conversation_id, user_id)
) strict, without rowid;
