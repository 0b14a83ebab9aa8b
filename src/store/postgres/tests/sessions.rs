//! What every session is told, and what a commit that writes no row is worth.

use super::*;
use crate::store::conformance::user;

async fn shown(store: &PostgresStore, setting: &str) -> String {
    let row = query("select current_setting($1)").bind(setting).fetch_one(&store.pool).await.unwrap();
    row.try_get(0).unwrap()
}

/// How many changes were noted.
async fn noted(database: &Database) -> i64 {
    let row = query("select count(*) from changes").fetch_one(&mut database.behind().await).await.unwrap();
    row.try_get(0).unwrap()
}

/// Ends the session that keeps messages.
async fn cut(database: &Database) {
    let row = query(
        "select count(pg_terminate_backend(pid))
        from pg_locks
        where locktype = 'advisory'
          and objid::bigint = (hashtextextended('parlor server ' || current_schema(), 0) & 4294967295)",
    )
    .fetch_one(&mut database.behind().await)
    .await
    .unwrap();
    assert_eq!(row.try_get::<i64, _>(0).unwrap(), 1, "one session keeps messages");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_session_of_a_node_notes_what_changes_also_one_that_is_made_anew() {
    let database = Database::make().await;
    let options = PostgresOptions { company: Company::Nodes, ..PostgresOptions::at(&database.url()) };
    let startup = connect::options_of(&options.url).unwrap();
    assert!(!startup.get_options().unwrap_or_default().contains("parlor."), "what is in between may drop it");
    let store = PostgresStore::open(options).await.unwrap();
    assert_eq!(shown(&store, "parlor.nodes").await, "on");
    let house = House::new(&store).await;
    let id = house.private().await.id;
    house.says(id, person("alice", Role::User), "before", at(1)).await;
    let before = noted(&database).await;
    assert!(before > 0);
    cut(&database).await;
    // The first may be lost with the session; it is tried again on a new one.
    house.says(id, person("alice", Role::User), "after", at(2)).await;
    assert!(noted(&database).await > before, "the new session notes as the old one did");
    store.close().await;

    let alone = open(&database).await;
    assert_eq!(shown(&alone, "parlor.nodes").await, "off");
    alone.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_that_the_servers_owner_prefers_end_no_session() {
    let database = Database::make().await;
    run(
        &database,
        "create role brisk superuser login;
        alter role brisk set idle_session_timeout = '1s';
        alter role brisk set lock_timeout = '1s'",
    )
    .await;
    let store = PostgresStore::open(PostgresOptions::at(&database.url_of("brisk", "postgres"))).await.unwrap();
    for setting in ["idle_session_timeout", "lock_timeout"] {
        assert_eq!(shown(&store, setting).await, "0", "{setting}");
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stands_still_in_the_middle_makes_no_other_unready() {
    let database = Database::make().await;
    let store = open(&database).await;
    let mut frozen = database.behind().await;
    let mut standing = frozen.begin().await.unwrap();
    // As the version before asked whether it is ready, too.
    query("update meta set value = value + 1").execute(&mut *standing).await.unwrap();
    let standing_still = store.ready();
    tokio::time::timeout(Duration::from_secs(4), standing_still).await.expect("it waits for nobody").unwrap();
    standing.rollback().await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_owns_the_schema_may_ask_whether_it_is_ready_and_a_server_that_stopped_writing_is_not() {
    let database = Database::make().await;
    run(
        &database,
        "create role plain login;
        do $$ begin execute format('alter schema %I owner to plain', current_schema()); end $$",
    )
    .await;
    let store = PostgresStore::open(PostgresOptions::at(&database.url_of("plain", "postgres"))).await.unwrap();
    store.ready().await.unwrap();
    let row = query("select rolsuper from pg_roles where rolname = current_user").fetch_one(&store.pool).await.unwrap();
    assert!(!row.try_get::<bool, _>(0).unwrap());
    // As every transaction is once the owner has changed the server's settings.
    let mut transaction = store.pool.begin().await.unwrap();
    query("set transaction read only").execute(&mut *transaction).await.unwrap();
    let mut session = store.session(&mut transaction);
    let refused = session::commit_like_a_write(&mut session).await;
    let Err(error::Trouble::Engine(why)) = refused else { panic!("it was taken: {refused:?}") };
    assert!(error::is_lost(&why), "such a session is given up: {why}");
    transaction.rollback().await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_probe_has_a_number_of_its_own_as_only_what_is_flushed_has() {
    let (store, database) = fresh();
    let mut transaction = store.pool.begin().await.unwrap();
    let mut session = store.session(&mut transaction);
    session::commit_like_a_write(&mut session).await.unwrap();
    let row = query("select pg_current_xact_id_if_assigned()::text").fetch_one(&mut *transaction).await.unwrap();
    assert!(row.try_get::<Option<String>, _>(0).unwrap().is_some());
    transaction.commit().await.unwrap();
    store.close().await;
    drop(database);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_database_can_never_hold_is_refused_for_good() {
    let (store, _database) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    let mut named = person("alice", Role::User);
    named.name = "a\0b".to_owned();
    let refused = store.save_user(&house.app, named, NOON).await;
    assert!(matches!(refused, Err(StoreError::Unfit(_))), "{refused:?}");
    assert!(store.user(&house.app, &user("alice")).await.unwrap().is_some());
    house.says(id, person("alice", Role::User), "goes on", at(1)).await;
    store.close().await;
}
