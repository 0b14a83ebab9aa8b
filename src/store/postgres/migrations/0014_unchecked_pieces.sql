-- What messages are found by comes with every message, and was the one row among those with a foreign key: a question for each.
-- It goes with its message all the same.
alter table found drop constraint found_message_id_fkey;

create function forget_found() returns trigger language plpgsql as $$
begin
  delete from found f
  using gone g
  where f.message_id = g.id;
  return null;
end
$$;

create trigger forget_found after delete on messages
referencing old table as gone for each statement
execute function forget_found();
