-- When a message was taken back: those who were away hear of it when they come. Of older recalls nobody knows when.
alter table messages add column recalled_at integer;

create index messages_recalled on messages (conversation_id, recalled_at)
where recalled_at is not null;
