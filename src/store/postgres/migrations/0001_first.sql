-- Keys and ids sort by their bytes everywhere (collate "C"), as they do in the embedded store.
-- Rows that come with every message carry no foreign keys: whoever writes them has found and locked what they name in the
-- same transaction, and users and conversations are never deleted.

-- Numbers about the store itself: `epoch` names the order of all conversations; a restore raises it.
create table meta (
  name text primary key,
  value bigint not null
);

insert into meta (name, value)
values ('epoch', 1), ('probe', 0);

create table apps (
  id bigint generated always as identity primary key,
  key text collate "C" not null unique check (length(key) between 4 and 32),
  name text not null,
  features text not null default '{}',
  created_at bigint not null
);

create table sites (
  id bigint generated always as identity primary key,
  app_id bigint not null references apps (id),
  key text collate "C" not null unique check (length(key) between 4 and 32),
  name text not null,
  origins text not null,
  look text not null,
  created_at bigint not null
);

create index sites_of_app on sites (app_id);

create table users (
  id bigint generated always as identity primary key,
  app_id bigint not null references apps (id),
  key text collate "C" not null check (length(key) between 1 and 64),
  role text not null check (role in ('visitor', 'user', 'agent', 'robot', 'system')),
  name text not null,
  portrait text,
  -- What the app's back end calls them: plain words, as a JSON list.
  tags text not null default '[]',
  created_at bigint not null,
  changed_at bigint not null,
  unique (app_id, key)
);

create index users_by_day on users (app_id, created_at);

create table agents (
  user_id bigint primary key references users (id),
  email text collate "C" not null unique,
  password_hash text not null,
  created_at bigint not null,
  -- Since when they may not sign in any more.
  disabled_at bigint
);

-- Tokens are kept as SHA-256 only.
create table logins (
  token bytea primary key check (length(token) = 32),
  user_id bigint not null references users (id),
  site_id bigint references sites (id),
  created_at bigint not null,
  expires_at bigint not null
);

create index logins_of_user on logins (user_id);
create index logins_by_expiry on logins (expires_at);

-- The one set-up code.
create table setup_codes (
  id bigint primary key check (id = 1),
  code bytea not null check (length(code) = 32),
  expires_at bigint not null
);

create table conversations (
  id bigint generated always as identity primary key,
  app_id bigint not null references apps (id),
  key bytea not null unique check (length(key) = 16),
  kind bigint not null check (kind between 1 and 8),
  -- The app's own id of it.
  handle text collate "C" check (length(handle) between 1 and 64),
  -- The newest message's place and number, how many messages up to there raise unread counts, and the newest place that
  -- everybody was told of.
  seq bigint not null default 0 check (seq >= 0),
  newest bigint not null default 0,
  counted bigint not null default 0 check (counted between 0 and seq),
  told bigint not null default 0 check (told between 0 and seq),
  -- The time of the newest message, and until when the participants' rows know that something was said.
  said_at bigint not null default 0,
  stirred_until bigint not null default 0,
  created_at bigint not null,
  changed_at bigint not null,
  -- Conversations between two: the two users, the lower row first.
  low_user_id bigint references users (id),
  high_user_id bigint references users (id),
  -- Service conversations.
  site_id bigint references sites (id),
  visitor_id bigint references users (id),
  stage text check (stage in ('queued', 'offline', 'human', 'ended')),
  stage_at bigint,
  agent_id bigint references users (id),
  ended_by text check (ended_by in ('visitor_closed', 'visitor_timeout', 'agent_closed')),
  waiting_since bigint,
  context text,
  rating text,
  -- Discussions, groups and chatrooms.
  name text,
  silenced boolean not null default false,
  dismissed_at bigint,
  check ((kind in (2, 3, 4)) = (name is not null)),
  check ((kind in (1, 6, 7, 8)) = (low_user_id is not null and high_user_id is not null)),
  check (low_user_id <= high_user_id),
  check ((kind = 5) = (site_id is not null and visitor_id is not null and stage is not null
    and stage_at is not null and context is not null)),
  check (stage is distinct from 'human' or agent_id is not null),
  check ((stage is not distinct from 'ended') = (ended_by is not null)),
  check (stage is distinct from 'ended' or waiting_since is null),
  check (stage is null or stage not in ('queued', 'offline') or waiting_since is not null)
)
-- Room for versions of a row on its own page, so that most messages move no index.
with (fillfactor = 70);

create unique index conversations_pair on conversations (low_user_id, high_user_id, kind) where low_user_id is not null;
create unique index conversations_by_handle on conversations (app_id, kind, handle) where handle is not null;
-- A visitor has at most one open service conversation with a site.
create unique index conversations_open on conversations (visitor_id, site_id)
where stage in ('queued', 'offline', 'human');
create index conversations_of_visitor on conversations (visitor_id, site_id, created_at, key)
where visitor_id is not null;
create index conversations_waiting on conversations (app_id, waiting_since, key) where stage in ('queued', 'offline');
create index conversations_of_agent on conversations (agent_id) where stage = 'human';
create index conversations_ended on conversations (app_id, changed_at, key) where stage = 'ended';
create index conversations_service on conversations (app_id, changed_at, key) where kind = 5;
create index conversations_of_app on conversations (app_id, key);
-- Which groups are silenced, for their app's back end.
create index conversations_silenced on conversations (app_id, handle) where silenced;
create index conversations_begun on conversations (app_id, created_at) where kind = 5;

-- Who takes part, and how far they got. `read_counted` is the conversation's `counted` at `read`, so that
-- unread = conversations.counted - participants.read_counted.
create table participants (
  conversation_id bigint not null references conversations (id),
  user_id bigint not null references users (id),
  delivered bigint not null default 0,
  read bigint not null default 0 check (read between 0 and delivered),
  read_counted bigint not null default 0 check (read_counted between 0 and read),
  read_at bigint,
  joined_at bigint not null,
  -- How they keep it in their own list: out of it while nothing was said after `removed`; counted messages up to
  -- `dropped` raise no unread count though they were not read; nothing up to `cleared` is shown.
  pinned boolean not null default false,
  muted boolean not null default false,
  removed bigint not null default -1 check (removed >= -1),
  dropped bigint not null default 0 check (dropped >= 0),
  cleared bigint not null default 0 check (cleared >= 0),
  -- What they are in a discussion or group.
  owner boolean not null default false,
  silenced boolean not null default false,
  silenced_until bigint,
  allowed boolean not null default false,
  -- Nothing was said to them after this instant. Raised in steps of a minute, and in large groups for ever, so that few
  -- messages touch it.
  quiet_after bigint not null default 0,
  primary key (conversation_id, user_id)
)
with (fillfactor = 80);

create index participants_of_user on participants (user_id, quiet_after);

-- The newest time of a message that each user got, and that more people of an app than anybody looks through got. Whoever
-- keeps a message locks and raises them: times grow strictly for each receiver, whichever node keeps the message (D6).
create table moments (
  user_id bigint primary key,
  at bigint not null
)
with (fillfactor = 50);

create table app_moments (
  app_id bigint primary key references apps (id),
  everybody bigint not null
);

create table messages (
  -- The number inside the public message id.
  id bigint primary key check (id > 0),
  conversation_id bigint not null,
  seq bigint not null check (seq > 0),
  sender_id bigint not null,
  client_id text collate "C" check (length(client_id) between 1 and 64),
  sent_at bigint not null,
  name text not null,
  body text not null,
  -- Messages of the conversation that raise unread counts, up to and including this one.
  counted bigint not null check (counted between 0 and seq),
  checksum bigint not null,
  -- For some of those inside only.
  directed boolean not null,
  unique (conversation_id, seq)
);

-- The first place of a conversation, given by its row and head, whose message was sent at or after an instant; the one
-- behind the head when there is none. Goes back from the head in growing steps, then halves: it costs as much as there is
-- behind the instant. Places that a clock left out of order are told by who asks.
create function first_place_from(conversation bigint, head bigint, instant bigint) returns bigint
language plpgsql stable as $$
declare
  early bigint := 0;
  late bigint := head + 1;
  step bigint := 1;
  probe bigint;
  found_seq bigint;
  found_at bigint;
begin
  while late - early > 1 loop
    if step > 0 then
      probe := greatest(late - step, 1);
      step := step * 2;
    else
      probe := early + (late - early) / 2;
    end if;
    select m.seq, m.sent_at into found_seq, found_at
    from messages m
    where m.conversation_id = conversation and m.seq >= probe
    order by m.seq
    limit 1;
    if found and found_seq < late and found_at < instant then
      early := found_seq;
      step := 0;
    else
      late := probe;
    end if;
  end loop;
  return late;
end;
$$;

create unique index messages_by_client_id on messages (conversation_id, sender_id, client_id)
where client_id is not null;

-- Messages whose content was changed on the way, and SHA-256 of what their senders wrote: a retry says that again.
create table rewritten (
  message_id bigint primary key references messages (id) on delete cascade,
  original bytea not null check (length(original) = 32)
);

-- Whom messages for some are for; their senders too, for whom they count nothing.
create table directed (
  conversation_id bigint not null,
  user_id bigint not null,
  seq bigint not null check (seq > 0),
  sent_at bigint not null,
  counted boolean not null,
  primary key (conversation_id, user_id, seq)
);

create index directed_by_place on directed (conversation_id, seq);

-- Single messages that one participant threw away.
create table deleted (
  conversation_id bigint not null,
  user_id bigint not null,
  seq bigint not null check (seq > 0),
  primary key (conversation_id, user_id, seq)
);

-- Whom messages call by name. Without a user: everybody.
create table mentions (
  conversation_id bigint not null,
  seq bigint not null check (seq > 0),
  user_id bigint
);

create index mentions_by_place on mentions (conversation_id, seq);

create table tickets (
  id bigint generated always as identity primary key,
  conversation_id bigint not null references conversations (id),
  answers text not null,
  created_at bigint not null
);

create index tickets_of_conversation on tickets (conversation_id);

create table bans (
  conversation_id bigint not null references conversations (id),
  user_id bigint not null references users (id),
  at bigint not null,
  primary key (conversation_id, user_id)
);

-- Who does not want to hear from whom, and whom alone a user hears in private where the app wants it so.
create table blocks (
  user_id bigint not null references users (id),
  other_id bigint not null references users (id),
  at bigint not null,
  primary key (user_id, other_id)
);

create table allowances (
  user_id bigint not null references users (id),
  other_id bigint not null references users (id),
  at bigint not null,
  primary key (user_id, other_id)
);

-- What users may not do. `what` is the program's number of it; without `until` it is for ever.
create table restraints (
  user_id bigint not null references users (id),
  what bigint not null check (what >= 0),
  until bigint,
  primary key (user_id, what)
);

create index restraints_by_what on restraints (what, user_id);

-- Users whose logins or restraints changed. Places are given under a lock, so that they are seen in their order.
create table proofs_asked (
  id bigint primary key,
  user_id bigint not null references users (id)
);

insert into meta (name, value)
values ('proof', 0);

-- What chatrooms have besides being conversations; no row for those that have ended.
create table chatrooms (
  conversation_id bigint primary key references conversations (id),
  app_id bigint not null references apps (id),
  -- When to look whether it must end.
  due_at bigint not null,
  -- Ends after so many seconds of silence; null: as the app has it.
  idle_secs bigint check (idle_secs > 0),
  -- Ends then, whatever happens.
  ends_at bigint,
  -- Changes of attributes so far.
  changes bigint not null default 0 check (changes >= 0),
  check (idle_secs is null or ends_at is null)
);

create index chatrooms_due on chatrooms (due_at);
create index chatrooms_of_app on chatrooms (app_id);

create table chatroom_attributes (
  conversation_id bigint not null references conversations (id),
  name text collate "C" not null check (length(name) between 1 and 128),
  value text not null,
  user_id bigint not null references users (id),
  auto_delete boolean not null,
  at bigint not null,
  primary key (conversation_id, name)
);

-- What the back end decided about users; an empty handle means every chatroom of the app. Outlives the room.
create table chatroom_rights (
  app_id bigint not null references apps (id),
  handle text collate "C" not null,
  name text not null check (name in ('gagged', 'blocked', 'allowed', 'protected')),
  user_id bigint not null references users (id),
  until bigint,
  primary key (app_id, handle, name, user_id)
);

-- What it decided about whole chatrooms.
create table chatroom_rules (
  app_id bigint not null references apps (id),
  name text not null check (name in ('silenced', 'stopped', 'kept_alive')),
  handle text collate "C" not null,
  primary key (app_id, name, handle)
);

-- Message types that are refused first, or never, in a flood.
create table chatroom_types (
  app_id bigint not null references apps (id),
  priority text not null check (priority in ('low', 'high')),
  name text collate "C" not null,
  primary key (app_id, priority, name)
);

-- Addresses that hear of an app's notices. Secrets are sealed under a key outside the database.
create table webhooks (
  id bigint generated always as identity primary key,
  app_id bigint not null references apps (id),
  key text collate "C" not null unique check (length(key) between 4 and 32),
  url text not null,
  description text not null,
  topics text not null,
  -- How what it hears is written and signed.
  form text not null default 'standard' check (form in ('standard', 'compatible')),
  enabled boolean not null,
  gone boolean not null default false,
  secret bytea not null,
  old_secret bytea,
  old_until bigint,
  -- The place of the newest notice recorded for it.
  sequence bigint not null default 0,
  failures bigint not null default 0,
  paused_until bigint,
  created_at bigint not null,
  changed_at bigint not null,
  -- Ended; its deliveries are removed bit by bit, then this row.
  deleted boolean not null default false,
  check ((old_secret is null) = (old_until is null))
);

create index webhooks_of_app on webhooks (app_id) where not deleted;

-- The secrets that an app shares with its back ends, for requests and callbacks signed in the older form: two at most,
-- sealed under a key outside the database.
create table app_secrets (
  id bigint generated always as identity primary key,
  app_id bigint not null references apps (id),
  key text collate "C" not null unique check (length(key) between 4 and 32),
  sealed bytea not null,
  created_at bigint not null
);

create index app_secrets_of_app on app_secrets (app_id);

create table notices (
  id bigint generated always as identity primary key,
  key bytea not null check (length(key) = 16),
  topic text not null,
  conversation bytea check (length(conversation) = 16),
  seq bigint,
  at bigint not null,
  body text not null
);

-- One notice on its way to one webhook.
create table deliveries (
  webhook_id bigint not null,
  sequence bigint not null check (sequence > 0),
  notice_id bigint not null,
  -- Those of one lane are delivered one after the other; without one it depends on nobody.
  lane bytea,
  state text not null check (state in ('waiting', 'delivered', 'parked')),
  -- Waiting without it: another of the lane stands before.
  due_at bigint check (due_at is null or state = 'waiting'),
  attempts bigint not null default 0,
  outcome text,
  at bigint not null,
  -- Which node is about to deliver it, and until when the others leave it to that one.
  claimed_by bigint not null default 0,
  claimed_until bigint not null default 0,
  primary key (webhook_id, sequence)
);

create index deliveries_due on deliveries (webhook_id, due_at) where due_at is not null;
create index deliveries_by_time on deliveries (due_at) where due_at is not null;
create index deliveries_in_lane on deliveries (webhook_id, lane, sequence) where state = 'waiting';
create index deliveries_at_head on deliveries (webhook_id, lane) where due_at is not null;
create index deliveries_by_state on deliveries (state, at);
create index deliveries_of_notice on deliveries (notice_id);

create table attempts (
  id bigint generated always as identity primary key,
  webhook_id bigint not null,
  sequence bigint not null,
  at bigint not null,
  millis bigint not null,
  outcome text not null,
  foreign key (webhook_id, sequence) references deliveries (webhook_id, sequence) on delete cascade
);

create index attempts_of_delivery on attempts (webhook_id, sequence);

-- Who is asked about messages before they are taken. Secrets are sealed under a key outside the database.
create table pre_send_hooks (
  app_id bigint primary key references apps (id),
  settings text not null,
  secret bytea not null,
  old_secret bytea,
  old_until bigint,
  check ((old_secret is null) = (old_until is null))
);

-- The keys of back ends. A bearer is known by the hash of its secret; signed requests need the secret itself, sealed with a
-- key outside the database.
create table api_keys (
  id bigint generated always as identity primary key,
  app_id bigint not null references apps (id),
  key text collate "C" not null unique check (length(key) between 4 and 32),
  name text not null,
  scopes text not null,
  secret_hash bytea not null check (length(secret_hash) = 32),
  sealed_secret bytea not null,
  created_at bigint not null,
  expires_at bigint,
  last_used_at bigint
);

create index api_keys_of_app on api_keys (app_id);

-- The first answer to each request that carried an idempotency key, sealed: it may hold a new secret.
create table kept_answers (
  id bigint generated always as identity primary key,
  app_id bigint not null references apps (id),
  name text collate "C" not null check (length(name) between 1 and 64),
  request bytea not null check (length(request) = 32),
  status bigint not null,
  body bytea not null,
  kept_at bigint not null,
  unique (app_id, name)
);

create index kept_answers_by_time on kept_answers (kept_at);

-- Signatures that were used, for as long as they would be valid.
create table seen_signatures (
  id bigint generated always as identity primary key,
  api_key text collate "C" not null,
  signature bytea not null check (length(signature) = 32),
  expires_at bigint not null,
  unique (api_key, signature)
);

create index seen_signatures_by_expiry on seen_signatures (expires_at);

-- Who changed what. Nobody edits it, and nothing younger than its time of 400 days is removed.
create table audit (
  id bigint generated always as identity primary key,
  app_id bigint not null references apps (id),
  at bigint not null,
  who text not null,
  what text not null,
  target text not null,
  address text not null,
  request_id text not null,
  -- Nobody lived to say whether it was done.
  unsure boolean not null default false
);

create index audit_of_app on audit (app_id, id);

-- What is under way and will be written down: a stop in between loses nothing.
create table audit_begun (
  id bigint generated always as identity primary key,
  app_id bigint not null references apps (id),
  at bigint not null,
  who text not null,
  what text not null,
  target text not null,
  address text not null,
  request_id text not null
);

create index audit_begun_by_time on audit_begun (at);

create function audit_is_not_edited() returns trigger language plpgsql as $$
begin
  raise exception 'the audit record is not edited';
end;
$$;

create function audit_is_kept() returns trigger language plpgsql as $$
begin
  if old.at > (select max(a.at) from audit a where a.app_id = old.app_id) - 400 * 86400000::bigint then
    raise exception 'the audit record is kept for 400 days';
  end if;
  return old;
end;
$$;

create trigger audit_is_not_edited before update on audit for each row execute function audit_is_not_edited();
create trigger audit_is_kept before delete on audit for each row execute function audit_is_kept();

-- Words that an app does not want to see, told apart by the form in which they are compared.
create table words (
  app_id bigint not null references apps (id),
  folded text collate "C" not null check (length(folded) > 0),
  word text not null check (length(word) between 1 and 32),
  replacement text check (length(replacement) <= 32),
  whole boolean not null,
  added_at bigint not null,
  primary key (app_id, folded)
);

-- Files by their metadata; the bytes lie elsewhere under the key.
create table files (
  id bigint generated always as identity primary key,
  app_id bigint not null references apps (id),
  key bytea not null unique check (length(key) = 16),
  uploader_id bigint not null references users (id),
  -- Where it belongs, for ever from the first message that names it.
  conversation_id bigint references conversations (id) on delete set null,
  message_id bigint references messages (id) on delete set null,
  name text not null,
  media_type text not null,
  size bigint not null check (size > 0),
  sha256 bytea not null check (length(sha256) = 32),
  width bigint check (width > 0),
  height bigint check (height > 0),
  created_at bigint not null,
  -- 0: there. 1: its bytes must go. 2: they are gone; the row counts against quotas for a while.
  state bigint not null default 0 check (state between 0 and 2),
  check ((width is null) = (height is null))
);

create index files_of_uploader on files (uploader_id, created_at);
create index files_of_app on files (app_id, created_at);
create index files_of_conversation on files (conversation_id) where conversation_id is not null;
create index files_of_message on files (message_id) where message_id is not null;
create index files_unused on files (created_at) where state = 0 and message_id is null;
create index files_going on files (created_at) where state > 0;

-- Messages to everybody, sent in the background. `place` is the last user's row that had its turn.
create table broadcasts (
  id bigint generated always as identity primary key,
  app_id bigint not null references apps (id),
  key text collate "C" not null unique,
  client_id text collate "C",
  sender_id bigint not null references users (id),
  kind bigint not null check (kind in (6, 7, 8)),
  name text not null,
  body text not null,
  online_only boolean not null,
  created_at bigint not null,
  last_user_id bigint not null,
  place bigint not null default 0,
  sent bigint not null default 0,
  passed_over bigint not null default 0,
  finished_at bigint,
  unique (app_id, client_id)
);

create index broadcasts_unfinished on broadcasts (id) where finished_at is null;

-- Accounts that speak to many.
create table public_services (
  user_id bigint primary key references users (id),
  app_id bigint not null references apps (id),
  kind bigint not null check (kind in (7, 8)),
  about text not null,
  created_at bigint not null
);

create index public_services_of_app on public_services (app_id);

create table follows (
  account_id bigint not null references public_services (user_id),
  user_id bigint not null references users (id),
  at bigint not null,
  primary key (account_id, user_id)
);

-- Apps whose conversations are led by another service. The secret is sealed under a key outside the database.
create table upstreams (
  app_id bigint primary key references apps (id),
  settings text not null,
  secret bytea not null
);

-- Which message here is the copy of which one there.
create table mirrored (
  app_id bigint not null references apps (id),
  uid text collate "C" not null check (length(uid) between 1 and 64),
  message_id bigint not null unique,
  primary key (app_id, uid)
);

-- How far the copy of what a visitor said and heard has come, in the other service's time, and what is on its way there.
create table seats (
  user_id bigint primary key references users (id),
  received_at bigint not null default 0,
  sent_at bigint not null default 0,
  pending_conversation bytea check (length(pending_conversation) = 16),
  pending_client_id text collate "C" check (length(pending_client_id) between 1 and 64),
  pending_name text,
  pending_digest bytea check (length(pending_digest) = 32),
  pending_at bigint,
  check ((pending_client_id is null) = (pending_conversation is null)),
  check ((pending_client_id is null) = (pending_name is null)),
  check ((pending_client_id is null) = (pending_digest is null)),
  check ((pending_client_id is null) = (pending_at is null))
);

-- What messages can be found by: pieces of their words, and where they stand. Goes with its message.
create table found (
  message_id bigint primary key references messages (id) on delete cascade,
  grams text[] collate "C" not null
);

create index found_by_grams on found using gin (grams);

-- Figures by day. Each commit adds rows of its own, so that nodes never wait for each other's counts; upkeep adds them up.
create table daily_messages (
  app_id bigint not null,
  day bigint not null,
  kind bigint not null,
  count bigint not null
);

create index daily_messages_by_day on daily_messages (app_id, day, kind);

create table daily_active (
  app_id bigint not null,
  day bigint not null,
  user_id bigint not null,
  primary key (app_id, day, user_id)
);

create table first_answers (
  conversation_id bigint primary key,
  app_id bigint not null,
  day bigint not null,
  waited bigint not null
);

create index first_answers_by_day on first_answers (app_id, day, waited);
