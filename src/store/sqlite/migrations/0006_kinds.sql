-- All kinds of conversation, and the app's own ids of them. Which kinds there are is the program's to check from now on.
create table conversations_new (
  id integer primary key,
  app_id integer not null references apps (id),
  key blob not null unique check (length(key) = 16),
  kind integer not null check (kind between 1 and 8),
  -- The app's own id of it.
  handle text check (length(handle) between 1 and 64),
  -- The newest message's place, and how many messages up to there raise unread counts.
  seq integer not null default 0 check (seq >= 0),
  counted integer not null default 0 check (counted between 0 and seq),
  created_at integer not null,
  changed_at integer not null,
  -- Conversations between two: the two users, the lower row first.
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
  -- Discussions, groups and chatrooms.
  name text,
  silenced integer not null default 0 check (silenced in (0, 1)),
  dismissed_at integer,
  check ((kind in (2, 3, 4)) = (name is not null)),
  check ((kind in (1, 6, 7, 8)) = (low_user_id is not null and high_user_id is not null)),
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
  stage_at, agent_id, ended_by, waiting_since, context, rating, name, silenced, dismissed_at)
select id, app_id, key, kind, seq, counted, created_at, changed_at, low_user_id, high_user_id, site_id, visitor_id, stage,
  stage_at, agent_id, ended_by, waiting_since, context, rating, name, silenced, dismissed_at
from conversations;

drop table conversations;
alter table conversations_new rename to conversations;

create unique index conversations_pair on conversations (low_user_id, high_user_id, kind) where low_user_id is not null;
create unique index conversations_by_handle on conversations (app_id, kind, handle) where handle is not null;
-- A visitor has at most one open service conversation.
create unique index conversations_open on conversations (visitor_id) where stage in ('queued', 'offline', 'human');
create index conversations_waiting on conversations (app_id, waiting_since, key) where stage in ('queued', 'offline');
create index conversations_of_agent on conversations (agent_id) where stage = 'human';
create index conversations_ended on conversations (app_id, changed_at, key) where stage = 'ended';
create index conversations_service on conversations (app_id, changed_at, key) where kind = 5;

-- What each app may do, as JSON; what is missing has its default.
alter table apps add column features text not null default '{}' check (json_valid(features));
