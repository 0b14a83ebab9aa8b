-- Old messages are looked for conversation by conversation, app by app.
create index conversations_of_app on conversations (app_id, key);
