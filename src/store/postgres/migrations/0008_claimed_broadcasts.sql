-- Of several servers one works on a message to everybody, for as long as it says so by the database's own clock. What is sent to those
-- who are connected is not kept, so that two at work would be heard twice.
alter table broadcasts
  add column claimed_by bigint not null default 0,
  add column claimed_until timestamptz not null default '-infinity';
