//! Connections: what is asked of every server and set in every session.

use std::{str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, PgConnection, Row,
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgPool},
    query,
};

use super::{OpenError, PostgresOptions, error::code};

/// The oldest server, as `server_version_num` has it.
const OLDEST: i64 = 150_000;
/// Prepared statements kept per connection: more than there are different ones.
const STATEMENTS: usize = 400;

/// The server's address from a URL, with what is ours in it. The URL itself is never shown: it holds a password.
pub(super) fn options_of(url: &str) -> Result<PgConnectOptions, OpenError> {
    let is_ours = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let parsed = PgConnectOptions::from_str(url).ok().filter(|_| is_ours).ok_or(OpenError::BadUrl)?;
    Ok(parsed.application_name("parlor").statement_cache_capacity(STATEMENTS).disable_statement_logging())
}

/// Where a server is, for messages: never the password.
pub(super) fn place(options: &PgConnectOptions) -> String {
    let host = options.get_socket().map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    format!("{host}:{}/{database}", options.get_port())
}

/// The first connection: tells clearly what is wrong.
pub(super) async fn first(options: &PgConnectOptions, patience: Duration) -> Result<PgConnection, OpenError> {
    let connecting = options.connect();
    let late = |_| OpenError::Unreachable { place: place(options), cause: "it does not answer in time".to_owned() };
    let mut conn =
        tokio::time::timeout(patience, connecting).await.map_err(late)?.map_err(|error| why(options, error))?;
    greet(&mut conn).await?;
    Ok(conn)
}

/// What a failed first connection means.
fn why(options: &PgConnectOptions, error: sqlx::Error) -> OpenError {
    let place = place(options);
    match code(&error).as_deref() {
        Some("28P01" | "28000") => OpenError::Refused { place, user: options.get_username().to_owned() },
        Some("3D000") => OpenError::NoDatabase(place),
        Some(_) => OpenError::Postgres(error),
        None => OpenError::Unreachable { place, cause: error.to_string() },
    }
}

/// Checks the server and sets the session. Asked of every connection: the server behind an address may change.
pub(super) async fn greet(conn: &mut PgConnection) -> Result<(), OpenError> {
    let row = query(
        "select current_setting('server_version_num')::bigint, pg_is_in_recovery(),
          current_setting('default_transaction_read_only') = 'on',
          -- An ack means durable (D1): nothing weaker than `on`; a stronger choice of the server's owner stays.
          set_config('synchronous_commit',
            case current_setting('synchronous_commit') when 'remote_apply' then 'remote_apply' else 'on' end, false),
          set_config('idle_in_transaction_session_timeout', '60s', false),
          set_config('statement_timeout', '30s', false),
          set_config('client_min_messages', 'warning', false),
          -- A machine that is gone lets go of its number and its locks within a minute.
          set_config('tcp_keepalives_idle', '30', false),
          set_config('tcp_keepalives_interval', '10', false),
          set_config('tcp_keepalives_count', '3', false),
          current_setting('server_version')",
    )
    .fetch_one(&mut *conn)
    .await?;
    if row.try_get::<i64, _>(0)? < OLDEST {
        return Err(OpenError::TooOld(row.try_get(10)?));
    }
    if row.try_get(1)? || row.try_get(2)? {
        return Err(OpenError::ReadOnly);
    }
    Ok(())
}

/// Connections for everything but messages and receipts.
pub(super) fn pool(connect: PgConnectOptions, options: &PostgresOptions) -> PgPool {
    PoolOptions::new()
        .max_connections(options.connections.max(1))
        .acquire_timeout(options.patience)
        .after_connect(|conn, _| {
            Box::pin(async move { greet(conn).await.map_err(|error| sqlx::Error::Protocol(error.to_string())) })
        })
        .connect_lazy_with(connect)
}
