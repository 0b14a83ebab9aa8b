-- Everything up to there is not shown to this participant.
alter table participants add column cleared integer not null default 0 check (cleared >= 0);

-- Single messages that one participant threw away.
create table deleted (
  conversation_id integer not null references conversations (id),
  user_id integer not null references users (id),
  seq integer not null check (seq > 0),
  primary key (conversation_id, user_id, seq)
) strict, without rowid;

-- Whom messages call by name. Without a user: everybody.
create table mentions (
  conversation_id integer not null references conversations (id),
  seq integer not null check (seq > 0),
  user_id integer references users (id)
) strict;

create index mentions_by_place on mentions (conversation_id, seq);
