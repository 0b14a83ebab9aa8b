-- Whose logins or restraints changed is read like `changes` (0003): in the order in which transactions can be seen, whatever
-- numbers they took. Programs of the version before still read by number.
alter table proofs_asked
  add column xact xid8 not null default pg_current_xact_id(),
  add column at timestamptz not null default now();
create index proofs_asked_xact on proofs_asked (xact);
