-- What chatrooms have besides being conversations; no row for those that have ended.
create table chatrooms (
  conversation_id integer primary key references conversations (id),
  app_id integer not null references apps (id),
  -- When to look whether it must end.
  due_at integer not null,
  -- Ends after so many seconds of silence; null: as the app has it.
  idle_secs integer check (idle_secs > 0),
  -- Ends then, whatever happens.
  ends_at integer,
  -- Changes of attributes so far.
  changes integer not null default 0 check (changes >= 0),
  check (idle_secs is null or ends_at is null)
) strict;

create index chatrooms_due on chatrooms (due_at);
create index chatrooms_of_app on chatrooms (app_id);

create table chatroom_attributes (
  conversation_id integer not null references conversations (id),
  name text not null check (length(name) between 1 and 128),
  value text not null,
  user_id integer not null references users (id),
  auto_delete integer not null check (auto_delete in (0, 1)),
  at integer not null,
  primary key (conversation_id, name)
) strict, without rowid;

-- What the back end decided about users; an empty handle means every chatroom of the app. Outlives the room.
create table chatroom_rights (
  app_id integer not null references apps (id),
  handle text not null,
  name text not null check (name in ('gagged', 'blocked', 'allowed', 'protected')),
  user_id integer not null references users (id),
  until integer,
  primary key (app_id, handle, name, user_id)
) strict, without rowid;

-- What it decided about whole chatrooms.
create table chatroom_rules (
  app_id integer not null references apps (id),
  name text not null check (name in ('silenced', 'stopped', 'kept_alive')),
  handle text not null,
  primary key (app_id, name, handle)
) strict, without rowid;

-- Message types that are refused first, or never, in a flood.
create table chatroom_types (
  app_id integer not null references apps (id),
  priority text not null check (priority in ('low', 'high')),
  name text not null,
  primary key (app_id, priority, name)
) strict, without rowid;
