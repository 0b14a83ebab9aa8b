-- Which requests with an idempotency key are at work, and on whose account. A claim ends by itself when its server is gone.
-- Unlogged: what a crash takes away are claims on work that the crash has broken off as well.
create unlogged table claims (
  app_id bigint not null,
  name text not null,
  claimant bigint not null,
  ends timestamptz not null,
  primary key (app_id, name)
);
