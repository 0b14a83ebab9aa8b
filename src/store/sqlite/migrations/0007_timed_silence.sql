-- Until when a silenced member may not write; for ever without it.
alter table participants add column silenced_until integer;
