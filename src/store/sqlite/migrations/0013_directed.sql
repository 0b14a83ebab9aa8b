-- Messages for some of those inside only. The newest place that everybody was told of stands beside the newest place.
alter table messages add column directed integer not null default 0 check (directed in (0, 1));
alter table conversations add column told integer not null default 0 check (told between 0 and seq);

update conversations
set told = seq;

-- Whom they are for; their senders too, for whom they count nothing.
create table directed (
  conversation_id integer not null references conversations (id),
  user_id integer not null references users (id),
  seq integer not null check (seq > 0),
  sent_at integer not null,
  counted integer not null check (counted in (0, 1)),
  primary key (conversation_id, user_id, seq)
) strict, without rowid;

create index directed_by_place on directed (conversation_id, seq);
