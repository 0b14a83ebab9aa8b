-- What is under way and will be written down: a stop in between loses nothing.
create table audit_begun (
  id integer primary key,
  app_id integer not null references apps (id),
  at integer not null,
  who text not null,
  what text not null,
  target text not null,
  address text not null,
  request_id text not null
) strict;

create index audit_begun_by_time on audit_begun (at);

-- Nobody lived to say whether it was done.
alter table audit add column unsure integer not null default 0 check (unsure in (0, 1));
