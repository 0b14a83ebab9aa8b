-- Words that an app does not want to see, told apart by the form in which they are compared.
create table words (
  app_id integer not null references apps (id),
  folded text not null check (length(folded) > 0),
  word text not null check (length(word) between 1 and 32),
  replacement text check (length(replacement) <= 32),
  whole integer not null check (whole in (0, 1)),
  added_at integer not null,
  primary key (app_id, folded)
) strict, without rowid;

-- Messages whose content was changed on the way, and SHA-256 of what their senders wrote: a retry says that again.
create table rewritten (
  message_id integer primary key references messages (id),
  original blob not null check (length(original) = 32)
) strict;
