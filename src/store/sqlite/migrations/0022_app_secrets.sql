-- The secrets that an app shares with its back ends, for requests and callbacks signed in the older form: two at most,
-- sealed under a key outside the database.
create table app_secrets (
  id integer primary key,
  app_id integer not null references apps (id),
  key text not null unique check (length(key) between 4 and 32),
  sealed blob not null,
  created_at integer not null
) strict;

create index app_secrets_of_app on app_secrets (app_id);

-- How what a webhook hears is written and signed.
alter table webhooks add column form text not null default 'standard' check (form in ('standard', 'compatible'));

-- Which groups are silenced, for their app's back end.
create index conversations_silenced on conversations (app_id, handle) where silenced = 1;
