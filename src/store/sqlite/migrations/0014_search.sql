-- Messages whose content changed or that went, until the search index knows.
create table reworded (
  id integer primary key autoincrement,
  message_id integer not null
) strict;

create trigger messages_reworded after update of name, body on messages
begin
  insert into reworded (message_id) values (old.id);
end;

create trigger messages_gone after delete on messages
begin
  insert into reworded (message_id) values (old.id);
end;
