-- Under which keys clients uploaded files, for the servers that did not take them in. Rows live for a day.
create table upload_keys (
  app_id bigint not null,
  -- A hash of the uploader and their key.
  name bytea not null,
  file bytea not null,
  noted_at timestamptz not null default now(),
  primary key (app_id, name)
);
