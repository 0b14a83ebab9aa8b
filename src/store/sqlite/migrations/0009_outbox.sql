-- Addresses that hear of an app's notices. Secrets are sealed under a key outside the database.
create table webhooks (
  id integer primary key,
  app_id integer not null references apps (id),
  key text not null unique check (length(key) between 4 and 32),
  url text not null,
  description text not null,
  topics text not null check (json_valid(topics)),
  enabled integer not null,
  gone integer not null default 0,
  secret blob not null,
  old_secret blob,
  old_until integer,
  -- The place of the newest notice recorded for it.
  sequence integer not null default 0,
  failures integer not null default 0,
  paused_until integer,
  created_at integer not null,
  changed_at integer not null,
  -- Ended; its deliveries are removed bit by bit, then this row.
  deleted integer not null default 0,
  check ((old_secret is null) = (old_until is null))
) strict;

create index webhooks_of_app on webhooks (app_id) where deleted = 0;

create table notices (
  id integer primary key,
  key blob not null check (length(key) = 16),
  topic text not null,
  conversation blob check (length(conversation) = 16),
  seq integer,
  at integer not null,
  body text not null
) strict;

-- One notice on its way to one webhook.
create table deliveries (
  webhook_id integer not null references webhooks (id),
  sequence integer not null check (sequence > 0),
  notice_id integer not null references notices (id),
  -- Those of one lane are delivered one after the other; without one it depends on nobody.
  lane blob,
  state text not null check (state in ('waiting', 'delivered', 'parked')),
  -- Waiting without it: another of the lane stands before.
  due_at integer check (due_at is null or state = 'waiting'),
  attempts integer not null default 0,
  outcome text,
  at integer not null,
  primary key (webhook_id, sequence)
) strict, without rowid;

create index deliveries_due on deliveries (webhook_id, due_at) where due_at is not null;
create index deliveries_by_time on deliveries (due_at) where due_at is not null;
create index deliveries_in_lane on deliveries (webhook_id, lane, sequence) where state = 'waiting';
create index deliveries_at_head on deliveries (webhook_id, lane) where due_at is not null;
create index deliveries_by_state on deliveries (state, at);
create index deliveries_of_notice on deliveries (notice_id);

create table attempts (
  webhook_id integer not null,
  sequence integer not null,
  at integer not null,
  millis integer not null,
  outcome text not null,
  foreign key (webhook_id, sequence) references deliveries (webhook_id, sequence) on delete cascade
) strict;

create index attempts_of_delivery on attempts (webhook_id, sequence);
