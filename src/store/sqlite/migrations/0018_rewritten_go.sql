-- What a sender wrote first goes with the message.
create trigger messages_gone_rewritten after delete on messages
begin
  delete from rewritten where message_id = old.id;
end;
