-- Messages to everybody, sent in the background. `place` is the last user's row that had its turn.
create table broadcasts (
  id integer primary key,
  app_id integer not null references apps (id),
  key text not null unique,
  client_id text,
  sender_id integer not null references users (id),
  kind integer not null check (kind in (6, 7, 8)),
  name text not null,
  body text not null,
  online_only integer not null check (online_only in (0, 1)),
  created_at integer not null,
  last_user_id integer not null,
  place integer not null default 0,
  sent integer not null default 0,
  passed_over integer not null default 0,
  finished_at integer,
  unique (app_id, client_id)
) strict;

create index broadcasts_unfinished on broadcasts (id) where finished_at is null;

-- Accounts that speak to many.
create table public_services (
  user_id integer primary key references users (id),
  app_id integer not null references apps (id),
  kind integer not null check (kind in (7, 8)),
  about text not null,
  created_at integer not null
) strict;

create index public_services_of_app on public_services (app_id);

create table follows (
  account_id integer not null references public_services (user_id),
  user_id integer not null references users (id),
  at integer not null,
  primary key (account_id, user_id)
) strict, without rowid;
