-- How each participant keeps the conversation in their own list.
alter table participants add column pinned integer not null default 0 check (pinned in (0, 1));
alter table participants add column muted integer not null default 0 check (muted in (0, 1));
-- Out of the list while nothing was said after this place.
alter table participants add column removed integer not null default -1 check (removed >= -1);
-- Counted messages up to there no longer raise the own unread count, though they were not read.
alter table participants add column dropped integer not null default 0 check (dropped >= 0);
