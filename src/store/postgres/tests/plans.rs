//! The hot verbs find what they need by indexes: of tables that are full, none is read from end to end.
//!
//! PostgreSQL counts the rows that it reads so, per table; a session's counts are there when it has ended.

use std::collections::BTreeMap;

use super::*;
use crate::{
    model::{Inbox, WebhookId, conversation::View},
    store::{
        broadcasts::Broadcasts,
        changes::Place,
        conformance::{client_id, user},
        inbox::Inboxes,
        outbox::{NewWebhook, Outbox, WebhookWish},
        readership::Readership,
        users::Users,
    },
};

/// Times that each verb runs: more than PostgreSQL plans for the values themselves before it plans for any.
const TIMES: i64 = 8;
/// Rows of all large tables that a verb may read without an index, all times together: what a plan may take from a few pages.
const FEW: i64 = 2_000;

/// A database as after a year: 100,000 messages in conversations of two, as many in one, as many of everything that grows.
const FILL: &str = "
set session_replication_role = replica;
insert into users (app_id, key, role, name, created_at, changed_at)
select a.id, 'filler' || n, 'user', 'Filler', 0, 0
from apps a, generate_series(1, 20000) n;
insert into moments (user_id, at) select id, 0 from users on conflict do nothing;
insert into conversations
  (app_id, key, kind, seq, newest, counted, told, said_at, created_at, changed_at, low_user_id, high_user_id)
select u.app_id, decode(lpad(to_hex(n), 32, '0'), 'hex'), 1, 5, n * 10 + 5, 5, 5, 1000 + n, 1, 1000 + n,
  least(u.id, o.id), greatest(u.id, o.id)
from generate_series(1, 20000) n
join users u on u.key = 'filler' || n
join users o on o.key = case when n <= 300 then 'alice' else 'bob' end;
insert into messages (id, conversation_id, seq, sender_id, client_id, sent_at, name, body, counted, checksum, directed)
select c.newest - 5 + s, c.id, s, c.high_user_id, 'c' || s, c.said_at - 5 + s, 'RC:TxtMsg', '{}', s, 0, false
from conversations c, generate_series(1, 5) s
where c.seq = 5;
insert into messages (id, conversation_id, seq, sender_id, client_id, sent_at, name, body, counted, checksum, directed)
select 1000000 + s, c.id, s, c.high_user_id, 'd' || s, 1000000 + s, 'RC:TxtMsg', '{}', s, 0, false
from conversations c, generate_series(1, 100000) s
where c.seq = 0 and c.kind = 1;
update conversations
set seq = 100000, counted = 100000, told = 100000, newest = 1100000, said_at = 1100000
where seq = 0 and kind = 1;
insert into participants (conversation_id, user_id, joined_at)
select c.id, w.id, 0
from conversations c, unnest(array[c.low_user_id, c.high_user_id]) w (id)
where c.kind = 1
on conflict do nothing;
insert into conversations
  (app_id, key, kind, created_at, changed_at, site_id, visitor_id, stage, stage_at, context, ended_by, waiting_since)
select u.app_id, decode(lpad(to_hex(100000 + n), 32, '0'), 'hex'), 5, n, n * 6000, s.id, u.id,
  case when n <= 30 then 'queued' else 'ended' end, n, '{}',
  case when n > 30 then 'visitor_closed' end, case when n <= 30 then n end
from generate_series(1, 20000) n
join users u on u.key = 'filler' || n
cross join sites s;
insert into notices (key, topic, at, body)
select decode(lpad(to_hex(n), 32, '0'), 'hex'), 'message.sent', n, '{}' from generate_series(1, 50000) n;
insert into deliveries (webhook_id, sequence, notice_id, state, due_at, at)
select w.id, n.id, n.id, case when n.id <= 20 then 'waiting' else 'delivered' end, case when n.id <= 20 then 1 end, n.at
from webhooks w, notices n;
update webhooks set sequence = 50000;
insert into changes (xact, conversation_id, after, turned)
select '3'::xid8, id, 0, true from conversations;
insert into other_changes (xact, what, conversation_id, user_id)
select '3'::xid8, 2, conversation_id, user_id from participants;
analyze;
";

const LARGE: &str = "
select relname::text, seq_tup_read
from pg_stat_user_tables
where schemaname = current_schema()
  and relname in ('messages', 'conversations', 'participants', 'users', 'moments', 'notices', 'deliveries', 'changes',
    'other_changes')";

/// How many rows of each large table were read without an index.
async fn read_through(conn: &mut PgConnection) -> BTreeMap<String, i64> {
    let rows = query(LARGE).fetch_all(conn).await.unwrap();
    rows.iter().map(|row| (row.try_get(0).unwrap(), row.try_get(1).unwrap())).collect()
}

struct Plans {
    database: Database,
    /// Whose sessions are waited for. Roles belong to the whole server, which tests share.
    role: &'static str,
    conn: PgConnection,
    found: Vec<String>,
}

impl Plans {
    async fn open(&self) -> PostgresStore {
        let url = self.database.url_of(self.role, "postgres");
        PostgresStore::open(PostgresOptions { company: Company::Nodes, ..PostgresOptions::at(&url) }).await.unwrap()
    }

    /// Does it with a store of its own, several times, and looks at what was read.
    async fn watch(&mut self, verb: &str, work: impl AsyncFn(&PostgresStore, i64)) {
        let before = read_through(&mut self.conn).await;
        let store = self.open().await;
        for turn in 0..TIMES {
            work(&store, turn).await;
        }
        store.close().await;
        drop(store);
        let ended = async {
            let sessions = "select count(*) from pg_stat_activity where usename = $1";
            while query(sessions).bind(self.role).fetch_one(&mut self.conn).await.unwrap().try_get::<i64, _>(0).unwrap()
                > 0
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), ended).await.expect("the sessions end");
        let after = read_through(&mut self.conn).await;
        for (table, rows) in after {
            let rows = rows - before[&table];
            if rows > FEW {
                self.found.push(format!("{verb} reads {rows} rows of {table}"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hot_verbs_read_no_large_table_from_end_to_end() {
    let (store, database) = fresh();
    let house = House::new(&store).await;
    let (app, id, alice) = (house.app.clone(), house.private().await.id, user("alice"));
    let hook: WebhookId = "hook".parse().unwrap();
    let wish = WebhookWish {
        url: "https://shop.example/hook".to_owned(),
        description: String::new(),
        topics: Vec::new(),
        enabled: true,
        form: crate::model::webhook::Form::Standard,
    };
    store.create_webhook(&app, NewWebhook { id: hook.clone(), wish, secret: vec![1], at: NOON }).await.unwrap();
    let reached = store.changes(None).await.unwrap().place.unwrap();
    let place: Place = reached.place;
    run(&database, "create role planner superuser login").await;
    run(&database, FILL).await;
    store.close().await;
    let waiting = ConversationId::from_u128(100_005);
    let conn = database.behind().await;
    let mut plans = Plans { database, role: "planner", conn, found: Vec::new() };

    plans.watch("the start", async |_, _| {}).await;
    plans
        .watch("a history page", async |store, _| {
            store.page_for(&app, &alice, &History::newest(id, 50)).await.unwrap();
            let earlier = History { before: Some(Seq(50_000)), ..History::newest(id, 50) };
            store.page_for(&app, &alice, &earlier).await.unwrap();
            let by_time = History { after_at: Some(Millis::new(1_050_000)), ..History::newest(id, 50) };
            store.page(&app, &by_time).await.unwrap();
        })
        .await;
    plans
        .watch("an inbox pull", async |store, _| {
            let window = Inbox { received_after: Some(Millis::new(1_099_000)), own_after: None, limit: 100 };
            store.inbox(&app, &alice, &window).await.unwrap();
        })
        .await;
    plans
        .watch("the conversation list", async |store, _| {
            store.conversations_of(&app, &alice, &List::default()).await.unwrap();
            store.conversation_for(&app, id, &alice).await.unwrap();
            store.unread(&app, &alice, &[]).await.unwrap();
        })
        .await;
    plans
        .watch("the queue", async |store, _| {
            let list = List { view: Some(View::Waiting), ..List::default() };
            store.desk_view(&app, &user("anna"), &list).await.unwrap();
            for view in [View::All, View::Closed] {
                let newest = List { view: Some(view), ..List::default() };
                store.desk_view(&app, &user("anna"), &newest).await.unwrap();
                let list = List { before: Some((Millis::new(60_000_000), waiting)), ..newest };
                assert_eq!(store.desk_view(&app, &user("anna"), &list).await.unwrap().len(), usize::from(list.limit));
            }
            store.desk_counts(&app, &user("anna")).await.unwrap();
            store.queue_position(&app, waiting).await.unwrap();
            store.idle_services(Millis::new(120_000), 100).await.unwrap();
        })
        .await;
    plans
        .watch("a send and a receipt", async |store, turn| {
            let id_of_client = Some(client_id(&format!("plan{turn}")));
            let new = NewMessage { client_id: id_of_client, ..message(id, person("alice", Role::User), "x", at(turn)) };
            let kept = store.append(&app, new).await.unwrap().message;
            store.mark(&app, id, &user("bob"), kept.seq, kept.seq, at(turn)).await.unwrap();
        })
        .await;
    plans
        .watch("the outbox", async |store, _| {
            store.due_endpoints(at(1), 10).await.unwrap();
            store.due_deliveries(&app, &hook, at(1), 10).await.unwrap();
            store.next_due(at(1)).await.unwrap();
        })
        .await;
    plans
        .watch("what is looked for all the time", async |store, _| {
            store.unfinished_broadcasts(4).await.unwrap();
            store.proofs_asked(Some(place)).await.unwrap();
        })
        .await;
    plans
        .watch("the sweep", async |store, _| {
            store.changes(Some(reached)).await.unwrap();
            store.followers(&[id, waiting], true).await.unwrap();
            store.unseen(&app, id, Seq(1), Seq(100)).await.unwrap();
        })
        .await;
    assert!(plans.found.is_empty(), "{:#?}", plans.found);
}

/// PostgreSQL knows nothing of tables that grow from nothing, until it has looked at them minutes later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeping_messages_reads_no_young_table_from_end_to_end() {
    let (store, database) = fresh();
    let house = House::new(&store).await;
    let (app, id) = (house.app.clone(), house.private().await.id);
    run(&database, "create role young superuser login").await;
    store.close().await;
    let conn = database.behind().await;
    let mut plans = Plans { database, role: "young", conn, found: Vec::new() };
    plans
        .watch("keeping messages", async |store, turn| {
            for batch in 0..20 {
                let appends = (0..20).map(|number| {
                    let id_of_client = Some(client_id(&format!("young-{turn}-{batch}-{number}")));
                    let alice = person("alice", Role::User);
                    let new = NewMessage { client_id: id_of_client, ..message(id, alice, "x", at(turn)) };
                    store.append(&app, new)
                });
                futures_util::future::try_join_all(appends).await.unwrap();
                let head = Some(Seq(u64::try_from(turn * 400 + batch).unwrap() + 1));
                store.mark(&app, id, &user("bob"), head, head, at(turn)).await.unwrap();
            }
        })
        .await;
    assert!(plans.found.is_empty(), "{:#?}", plans.found);
}

/// A row that moves in one index moves in all of them: no index may hold what every message changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_leave_the_indexes_of_their_conversations_alone() {
    const MESSAGES: i64 = 200;
    let (store, database) = fresh();
    let house = House::new(&store).await;
    let (app, private) = (house.app.clone(), house.private().await.id);
    let service = house.queued("vera", NOON).await.id;
    run(&database, "create role mover superuser login").await;
    store.close().await;
    let conn = database.behind().await;
    let mut plans = Plans { database, role: "mover", conn, found: Vec::new() };
    let moved = "select coalesce(sum(n_tup_upd), 0)::bigint, coalesce(sum(n_tup_hot_upd), 0)::bigint
        from pg_stat_user_tables
        where schemaname = current_schema()
          and relname in ('conversations', 'participants', 'moments')";
    let figures = async |conn: &mut PgConnection| {
        let row = query(moved).fetch_one(conn).await.unwrap();
        (row.try_get::<i64, _>(0).unwrap(), row.try_get::<i64, _>(1).unwrap())
    };
    let before = figures(&mut plans.conn).await;
    plans
        .watch("keeping messages", async |store, turn| {
            for number in 0..MESSAGES / TIMES {
                let at = at(turn * 30 + number);
                store.append(&app, message(private, person("alice", Role::User), "x", at)).await.unwrap();
                store.append(&app, message(service, person("vera", Role::Visitor), "x", at)).await.unwrap();
            }
        })
        .await;
    let after = figures(&mut plans.conn).await;
    let (all, in_place) = (after.0 - before.0, after.1 - before.1);
    assert!(all > MESSAGES * 4, "{all}");
    // A page that is full, or a new minute: few.
    assert!(in_place > all / 10 * 9, "{in_place} of {all}");
}
