-- Who does not want to hear from whom.
create table blocks (
  user_id integer not null references users (id),
  other_id integer not null references users (id),
  at integer not null,
  primary key (user_id, other_id)
) strict, without rowid;
