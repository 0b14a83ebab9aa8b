-- What began when, for figures by day.
create index conversations_begun on conversations (app_id, created_at) where kind = 5;
create index users_by_day on users (app_id, created_at);
