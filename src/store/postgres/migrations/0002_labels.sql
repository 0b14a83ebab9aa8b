-- What is known of the store as a whole, such as which key its secrets are sealed with.
create table labels (
  name text collate "C" primary key,
  value bytea not null
);
