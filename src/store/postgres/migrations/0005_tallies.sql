-- How much was used of what is limited in time, counted by all servers together. Unlogged: a commit waits for no disk and no
-- standby, and what a crash takes away is a few minutes' counting. Times are microseconds since 1970 by this server's clock.
create unlogged table tallies (
  -- A keyed hash: whose count it is, only servers know.
  name bytea primary key,
  since bigint not null,
  used double precision not null,
  -- From then on the row says nothing.
  ends bigint not null
) with (fillfactor = 50);
