-- What an app's back end calls a user: plain words, as a JSON list.
alter table users add column tags text not null default '[]' check (json_valid(tags));

-- What users may not do. `what` is the program's number of it; without `until` it is for ever.
create table restraints (
  user_id integer not null references users (id),
  what integer not null check (what >= 0),
  until integer,
  primary key (user_id, what)
) strict, without rowid;

create index restraints_by_what on restraints (what, user_id);

-- Whom alone a user hears in private, where the app wants it so.
create table allowances (
  user_id integer not null references users (id),
  other_id integer not null references users (id),
  at integer not null,
  primary key (user_id, other_id)
) strict, without rowid;

-- Users whose logins or restraints changed: a running server reads here what another process did.
create table proofs_asked (
  id integer primary key autoincrement,
  user_id integer not null references users (id)
) strict;
