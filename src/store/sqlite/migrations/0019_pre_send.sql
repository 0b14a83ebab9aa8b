-- Who is asked about messages before they are taken. Secrets are sealed under a key outside the database.
create table pre_send_hooks (
  app_id integer primary key references apps (id),
  settings text not null check (json_valid(settings)),
  secret blob not null,
  old_secret blob,
  old_until integer,
  check ((old_secret is null) = (old_until is null))
) strict;
