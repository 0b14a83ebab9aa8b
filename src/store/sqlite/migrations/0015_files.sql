-- Files by their metadata; the bytes lie in the data folder under the key.
create table files (
  id integer primary key,
  app_id integer not null references apps (id),
  key blob not null unique check (length(key) = 16),
  uploader_id integer not null references users (id),
  -- Where it belongs, for ever from the first message that names it.
  conversation_id integer references conversations (id) on delete set null,
  message_id integer references messages (id) on delete set null,
  name text not null,
  media_type text not null,
  size integer not null check (size > 0),
  sha256 blob not null check (length(sha256) = 32),
  width integer check (width > 0),
  height integer check (height > 0),
  created_at integer not null,
  -- 0: there. 1: its bytes must go. 2: they are gone; the row counts against quotas for a while.
  state integer not null default 0 check (state between 0 and 2),
  check ((width is null) = (height is null))
) strict;

create index files_of_uploader on files (uploader_id, created_at);
create index files_of_app on files (app_id, created_at);
create index files_of_conversation on files (conversation_id) where conversation_id is not null;
create index files_of_message on files (message_id) where message_id is not null;
create index files_unused on files (created_at) where state = 0 and message_id is null;
create index files_going on files (created_at) where state > 0;
