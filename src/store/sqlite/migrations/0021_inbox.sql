-- Nothing was said to the participant after this instant. It is raised in steps of a minute, and in large groups for
-- ever, so that few messages touch it.
alter table participants add column quiet_after integer not null default 0;

update participants
set quiet_after = max(
  (select c.changed_at from conversations c where c.id = conversation_id),
  coalesce((
    select m.sent_at
    from messages m
    where m.conversation_id = participants.conversation_id
    order by m.seq desc
    limit 1
  ), 0)
);

drop index participants_of_user;
create index participants_of_user on participants (user_id, quiet_after);

-- Whose service conversations there were with which site. Of those that are open there is one for each.
create index conversations_of_visitor on conversations (visitor_id, site_id, created_at, key)
where visitor_id is not null;
drop index conversations_open;
create unique index conversations_open on conversations (visitor_id, site_id)
where stage in ('queued', 'offline', 'human');
