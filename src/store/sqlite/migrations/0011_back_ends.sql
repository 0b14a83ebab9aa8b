-- The keys of back ends. A bearer is known by the hash of its secret; signed requests need the secret itself, sealed with a
-- key outside the database.
create table api_keys (
  id integer primary key,
  app_id integer not null references apps (id),
  key text not null unique check (length(key) between 4 and 32),
  name text not null,
  scopes text not null check (json_valid(scopes)),
  secret_hash blob not null check (length(secret_hash) = 32),
  sealed_secret blob not null,
  created_at integer not null,
  expires_at integer,
  last_used_at integer
) strict;

create index api_keys_of_app on api_keys (app_id);

-- The first answer to each request that carried an idempotency key, sealed: it may hold a new secret.
create table kept_answers (
  id integer primary key,
  app_id integer not null references apps (id),
  name text not null check (length(name) between 1 and 64),
  request blob not null check (length(request) = 32),
  status integer not null,
  body blob not null,
  kept_at integer not null,
  unique (app_id, name)
) strict;

-- Signatures that were used, for as long as they would be valid.
create table seen_signatures (
  id integer primary key,
  api_key text not null,
  signature blob not null check (length(signature) = 32),
  expires_at integer not null,
  unique (api_key, signature)
) strict;

-- Who changed what. Nobody edits it, and nothing younger than its time of 400 days is removed.
create table audit (
  id integer primary key autoincrement,
  app_id integer not null references apps (id),
  at integer not null,
  who text not null,
  what text not null,
  target text not null,
  address text not null,
  request_id text not null
) strict;

create index audit_of_app on audit (app_id, id);

create trigger audit_is_not_edited before update on audit
begin
  select raise(abort, 'the audit record is not edited');
end;

create trigger audit_is_kept before delete on audit
when old.at > (select max(at) from audit where app_id = old.app_id) - 400 * 86400000
begin
  select raise(abort, 'the audit record is kept for 400 days');
end;

-- Since when an agent may not sign in any more.
alter table agents add column disabled_at integer;
