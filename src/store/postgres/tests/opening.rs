//! What a start says when something is wrong, and what it does to the schema.

use super::*;

async fn refused(url: &str) -> String {
    let options = PostgresOptions { patience: Duration::from_secs(5), ..PostgresOptions::at(url) };
    match PostgresStore::open(options).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_says_what_is_wrong_and_never_the_password() {
    let database = Database::make().await;
    run(&database, "create role locked login password 'right-one'").await;
    let wrong = refused(&database.url_of("locked:hunter2", "postgres")).await;
    assert!(wrong.contains("refuses the user locked") && !wrong.contains("hunter2"), "{wrong}");
    let missing = refused(&database.url_of("parlor", "nowhere")).await;
    assert!(missing.contains("does not exist"), "{missing}");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = refused(&format!("postgres://parlor:hunter2@127.0.0.1:{port}/chat")).await;
    assert!(nobody.contains(&format!("127.0.0.1:{port}/chat")) && !nobody.contains("hunter2"), "{nobody}");
    for url in ["mysql://parlor:hunter2@localhost/chat", "hunter2", "postgres://parlor:hunter2@localhost:port/chat"] {
        let error = refused(url).await;
        assert!(error.contains("not of the form") && !error.contains("hunter2"), "{error}");
    }
    let options = PostgresOptions::at("postgres://parlor:hunter2@localhost/chat");
    assert!(!format!("{options:?}").contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_hold_every_text_is_refused() {
    let database = Database::make().await;
    run(&database, "create database narrow encoding 'LATIN1' locale 'C' template template0").await;
    let error = refused(&database.url_of("parlor", "narrow")).await;
    assert!(error.contains("encoding is LATIN1") && error.contains("createdb --encoding=UTF8"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_of_the_newer_kind_is_reached() {
    let database = Database::make().await;
    let url = database.url();
    let (before, options) = url.split_once("&options=").unwrap();
    let socket = format!("{}/.s.PGSQL.5432", before.split_once("host=").unwrap().1);
    let listener = tokio::net::TcpListener::bind("[::1]:0").await.expect("this machine has an address of that kind");
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            let mut to = tokio::net::UnixStream::connect(&socket).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut from, &mut to).await });
        }
    });
    let url = format!("postgres://parlor@[::1]:{port}/postgres?options={options}");
    let found = inspect(&PostgresOptions::at(&url)).await.unwrap();
    assert_eq!(found.place, format!("[::1]:{port}/postgres"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_write_is_refused() {
    let database = Database::make().await;
    let url = database.url().replace("search_path", "default_transaction_read_only%3Don%20-c%20search_path");
    let error = refused(&url).await;
    assert!(error.contains("read-only"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d7_a_newer_schema_is_refused_and_one_that_still_fits_is_not() {
    let database = Database::make().await;
    open(&database).await.close().await;
    run(&database, "update parlor_schema set version = version + 1").await;
    open(&database).await.close().await;
    run(&database, "update parlor_schema set works_from = version").await;
    let error = refused(&database.url()).await;
    assert!(error.contains("use the newer program"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_programs_tables_are_left_alone() {
    let database = Database::make().await;
    run(&database, "create table theirs (a integer)").await;
    let error = refused(&database.url()).await;
    assert!(error.contains("not Parlor's"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_make_the_schema_once() {
    let database = Database::make().await;
    let stores = futures_util::future::join_all((0..4).map(|_| open(&database))).await;
    let mut conn = database.behind().await;
    let row = query("select version from parlor_schema").fetch_one(&mut conn).await.unwrap();
    assert_eq!(row.try_get::<i64, _>(0).unwrap(), migrate::newest());
    for store in stores {
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d1_every_session_waits_for_the_disk_whatever_the_server_prefers() {
    let database = Database::make().await;
    let url = database.url().replace("search_path", "synchronous_commit%3Doff%20-c%20search_path");
    let store = PostgresStore::open(PostgresOptions::at(&url)).await.unwrap();
    let row = query("select current_setting('synchronous_commit')").fetch_one(&store.pool).await.unwrap();
    assert_eq!(row.try_get::<String, _>(0).unwrap(), "on");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d1_a_role_that_need_not_wait_for_the_disk_waits_here() {
    let database = Database::make().await;
    run(&database, "create role hasty superuser login; alter role hasty set synchronous_commit = off").await;
    let url = database.url_of("hasty", "postgres");
    let mut conn = PgConnection::connect(&url).await.unwrap();
    let preferred = query("show synchronous_commit").fetch_one(&mut conn).await.unwrap();
    assert_eq!(preferred.try_get::<String, _>(0).unwrap(), "off", "the role prefers otherwise");
    let store = PostgresStore::open(PostgresOptions::at(&url)).await.unwrap();
    let row = query("show synchronous_commit").fetch_one(&store.pool).await.unwrap();
    assert_eq!(row.try_get::<String, _>(0).unwrap(), "on", "what the pool keeps");
    // The connection that keeps messages is made in the same way.
    let options = connect::options_of(&url).unwrap();
    let mut conn = connect::first(&options, Company::Any, Duration::from_secs(5)).await.unwrap();
    let row = query("show synchronous_commit").fetch_one(&mut conn).await.unwrap();
    assert_eq!(row.try_get::<String, _>(0).unwrap(), "on", "what keeps messages");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inspection_looks_and_changes_nothing() {
    let database = Database::make().await;
    let options = PostgresOptions::at(&database.url());
    let found = inspect(&options).await.unwrap();
    assert_eq!((found.schema, found.known_schema, found.problems.len()), (None, migrate::newest(), 0));
    open(&database).await.close().await;
    assert_eq!(inspect(&options).await.unwrap().schema, Some(migrate::newest()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reopened_store_keeps_everything() {
    let (store, database) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    house.says(id, person("alice", Role::User), "hello", at(1)).await;
    let (kept, app) = (house.get(id).await, house.app.clone());
    store.close().await;
    assert!(matches!(store.apps().await, Err(StoreError::Unavailable(_))), "closed is closed");
    let store = open(&database).await;
    assert_eq!(store.conversation(&app, id).await.unwrap().unwrap(), kept);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_wants_to_be_alone_is_and_commands_work_beside_it() {
    let database = Database::make().await;
    let alone = || PostgresOptions {
        company: Company::Nobody,
        patience: Duration::from_millis(500),
        ..PostgresOptions::at(&database.url())
    };
    let server = PostgresStore::open(alone()).await.unwrap();
    let second = PostgresStore::open(alone()).await;
    assert!(matches!(second, Err(OpenError::InUse(_))), "{second:?}");
    let command = open(&database).await;
    let house = House::new(&command).await;
    let id = house.private().await.id;
    house.says(id, person("alice", Role::User), "beside", at(1)).await;
    assert_eq!(server.app(&house.app).await.unwrap().map(|app| app.key), Some(house.app.clone()));
    command.close().await;
    server.close().await;
    PostgresStore::open(alone()).await.unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_hear_of_each_other_let_none_in_that_does_not() {
    let database = Database::make().await;
    let patience = Duration::from_millis(300);
    let with = |company| PostgresOptions { patience, company, ..PostgresOptions::at(&database.url()) };
    let one = PostgresStore::open(with(Company::Nodes)).await.unwrap();
    let two = PostgresStore::open(with(Company::Nodes)).await.unwrap();
    one.close().await;
    let alone = PostgresStore::open(with(Company::Nobody)).await;
    assert!(matches!(alone, Err(OpenError::InUse(_))), "{alone:?}");
    two.close().await;
    let alone = PostgresStore::open(with(Company::Nobody)).await.unwrap();
    let node = PostgresStore::open(with(Company::Nodes)).await;
    assert!(matches!(node, Err(OpenError::InUse(_))), "{node:?}");
    alone.close().await;
}
