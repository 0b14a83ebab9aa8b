-- Apps whose conversations are led by another service. The secret is sealed under a key outside the database.
create table upstreams (
  app_id integer primary key references apps (id),
  settings text not null check (json_valid(settings)),
  secret blob not null
) strict;

-- Which message here is the copy of which one there.
create table mirrored (
  app_id integer not null references apps (id),
  uid text not null check (length(uid) between 1 and 64),
  message_id integer not null unique,
  primary key (app_id, uid)
) strict, without rowid;

-- How far the copy of what a visitor said and heard has come, in the other service's time, and what is on its way there.
create table seats (
  user_id integer primary key references users (id),
  received_at integer not null default 0,
  sent_at integer not null default 0,
  pending_conversation blob check (length(pending_conversation) = 16),
  pending_client_id text check (length(pending_client_id) between 1 and 64),
  pending_name text,
  pending_digest blob check (length(pending_digest) = 32),
  pending_at integer,
  check ((pending_client_id is null) = (pending_conversation is null)),
  check ((pending_client_id is null) = (pending_name is null)),
  check ((pending_client_id is null) = (pending_digest is null)),
  check ((pending_client_id is null) = (pending_at is null))
) strict;
