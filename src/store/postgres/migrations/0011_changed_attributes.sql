-- Attributes of chatrooms that changed (0009, kind 7), under the count of changes that the room has then: whoever changes them
-- holds the room's row and counts in the same transaction. With a room that ends they go untold.
alter table other_changes add column name text collate "C";

create function note_attributes() returns trigger language plpgsql as $$
begin
  insert into other_changes (what, conversation_id, seq, name)
  select 7, c.conversation_id, c.changes + 1, r.name
  from some_rows r
  join chatrooms c on c.conversation_id = r.conversation_id;
  return null;
end
$$;

create trigger note_set after insert on chatroom_attributes
referencing new table as some_rows for each statement
when (current_setting('parlor.nodes', true) = 'on')
execute function note_attributes();

create trigger note_set_again after update on chatroom_attributes
referencing new table as some_rows for each statement
when (current_setting('parlor.nodes', true) = 'on')
execute function note_attributes();

create trigger note_unset after delete on chatroom_attributes
referencing old table as some_rows for each statement
when (current_setting('parlor.nodes', true) = 'on')
execute function note_attributes();
