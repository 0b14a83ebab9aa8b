-- What is known of the store as a whole, such as which key its secrets are sealed with.
create table labels (
  name text primary key,
  value blob not null
) strict, without rowid;
