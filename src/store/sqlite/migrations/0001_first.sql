-- Numbers about the store itself: `epoch` names the order of all conversations; a restore raises it.
create table meta (
  name text primary key,
  value integer not null
) strict, without rowid;

insert into meta (name, value)
values ('epoch', 1), ('probe', 0);

create table apps (
  id integer primary key,
  key text not null unique check (length(key) between 4 and 32),
  name text not null,
  created_at integer not null
) strict;

create table sites (
  id integer primary key,
  app_id integer not null references apps (id),
  key text not null unique check (length(key) between 4 and 32),
  name text not null,
  origins text not null check (json_valid(origins)),
  look text not null check (json_valid(look)),
  created_at integer not null
) strict;

create index sites_of_app on sites (app_id);

create table users (
  id integer primary key,
  app_id integer not null references apps (id),
  key text not null check (length(key) between 1 and 64),
  role text not null check (role in ('visitor', 'user', 'agent', 'robot', 'system')),
  name text not null,
  portrait text,
  created_at integer not null,
  changed_at integer not null,
  unique (app_id, key)
) strict;

create table agents (
  user_id integer primary key references users (id),
  email text not null unique,
  password_hash text not null,
  created_at integer not null
) strict;

-- Tokens are kept as SHA-256 only.
create table logins (
  token blob primary key check (length(token) = 32),
  user_id integer not null references users (id),
  site_id integer references sites (id),
  created_at integer not null,
  expires_at integer not null
) strict, without rowid;

create index logins_of_user on logins (user_id);
create index logins_by_expiry on logins (expires_at);

-- The one set-up code.
create table setup_codes (
  id integer primary key check (id = 1),
  code blob not null check (length(code) = 32),
  expires_at integer not null
) strict;

create table conversations (
  id integer primary key,
  app_id integer not null references apps (id),
  key blob not null unique check (length(key) = 16),
  kind integer not null check (kind in (1, 5)),
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
  check ((kind = 1) = (low_user_id is not null and high_user_id is not null)),
  check (low_user_id <= high_user_id),
  check ((kind = 5) = (site_id is not null and visitor_id is not null and stage is not null
    and stage_at is not null and context is not null)),
  check (stage is not 'human' or agent_id is not null),
  check ((stage is 'ended') = (ended_by is not null)),
  check (stage is not 'ended' or waiting_since is null),
  check (stage is null or stage not in ('queued', 'offline') or waiting_since is not null)
) strict;

create unique index conversations_private on conversations (low_user_id, high_user_id) where kind = 1;
-- A visitor has at most one open service conversation.
create unique index conversations_open on conversations (visitor_id) where stage in ('queued', 'offline', 'human');
create index conversations_waiting on conversations (app_id, waiting_since, key) where stage in ('queued', 'offline');
create index conversations_of_agent on conversations (agent_id) where stage = 'human';
create index conversations_ended on conversations (app_id, changed_at, key) where stage = 'ended';
create index conversations_service on conversations (app_id, changed_at, key) where kind = 5;

-- Who takes part, and how far they got. `read_counted` is the conversation's `counted` at `read`, so that
-- unread = conversations.counted - participants.read_counted.
create table participants (
  conversation_id integer not null references conversations (id),
  user_id integer not null references users (id),
  delivered integer not null default 0,
  read integer not null default 0 check (read between 0 and delivered),
  read_counted integer not null default 0 check (read_counted between 0 and read),
  read_at integer,
  joined_at integer not null,
  primary key (conversation_id, user_id)
) strict, without rowid;

create index participants_of_user on participants (user_id);

create table messages (
  -- The number inside the public message id.
  id integer primary key check (id > 0),
  conversation_id integer not null references conversations (id),
  seq integer not null check (seq > 0),
  sender_id integer not null references users (id),
  client_id text check (length(client_id) between 1 and 64),
  sent_at integer not null,
  name text not null,
  body text not null,
  -- Messages of the conversation that raise unread counts, up to and including this one.
  counted integer not null check (counted between 0 and seq),
  checksum integer not null,
  unique (conversation_id, seq)
) strict;

create unique index messages_by_client_id on messages (conversation_id, sender_id, client_id)
where client_id is not null;

create table tickets (
  id integer primary key,
  conversation_id integer not null references conversations (id),
  answers text not null check (json_valid(answers)),
  created_at integer not null
) strict;

create index tickets_of_conversation on tickets (conversation_id);
