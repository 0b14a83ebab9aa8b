//! Connections: what is asked of every server and set in every session.

use std::{str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, PgConnection, Row,
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgPool},
    query,
};
use url::{Host, Url};

use super::{Company, OpenError, PostgresOptions, error::code};

/// The oldest server, as `server_version_num` has it.
const OLDEST: i64 = 150_000;
/// Prepared statements kept per connection: more than there are different ones.
const STATEMENTS: usize = 400;

/// The server's address from a URL, with what is ours in it. The URL itself is never shown: it holds a password.
pub(super) fn options_of(url: &str) -> Result<PgConnectOptions, OpenError> {
    let is_ours = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let mut url = Url::parse(url).ok().filter(|_| is_ours).ok_or(OpenError::BadUrl)?;
    if let Some(Host::Ipv6(address)) = url.host()
        && !url.query_pairs().any(|(name, _)| ["host", "hostaddr"].contains(&&*name))
    {
        // The parser would keep the brackets and look for a host of that name.
        url.query_pairs_mut().append_pair("host", &address.to_string());
    }
    let parsed = PgConnectOptions::from_str(url.as_str()).map_err(|_| OpenError::BadUrl)?;
    Ok(parsed.application_name("parlor").statement_cache_capacity(STATEMENTS).disable_statement_logging())
}

/// Where a server is, for messages: never the password.
pub(super) fn place(options: &PgConnectOptions) -> String {
    let host = match (options.get_socket(), options.get_host()) {
        (Some(path), _) => path.display().to_string(),
        (None, host) if host.contains(':') => format!("[{host}]"),
        (None, host) => host.to_owned(),
    };
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    format!("{host}:{}/{database}", options.get_port())
}

/// The first connection: tells clearly what is wrong.
pub(super) async fn first(
    options: &PgConnectOptions,
    company: Company,
    patience: Duration,
) -> Result<PgConnection, OpenError> {
    let connecting = options.connect();
    let late = |_| OpenError::Unreachable { place: place(options), cause: "it does not answer in time".to_owned() };
    let mut conn =
        tokio::time::timeout(patience, connecting).await.map_err(late)?.map_err(|error| why(options, error))?;
    greet(&mut conn, company).await?;
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

/// Checks the server and sets the session. Asked of every connection: the server behind an address may change. Nothing of
/// it goes with the first words of the connection, which something in between may drop.
pub(super) async fn greet(conn: &mut PgConnection, company: Company) -> Result<(), OpenError> {
    let row = query(
        "select current_setting('server_version_num')::bigint, pg_is_in_recovery(),
          current_setting('default_transaction_read_only') = 'on',
          -- An ack means durable (D1): nothing weaker than `on`; a stronger choice of the server's owner stays.
          set_config('synchronous_commit',
            case current_setting('synchronous_commit') when 'remote_apply' then 'remote_apply' else 'on' end, false),
          -- What others may miss is noted, when there are any.
          set_config('parlor.nodes', case when $1 then 'on' else 'off' end, false),
          -- Nobody pauses in the middle of a transaction. A machine that is gone, or frozen, does: others wait for its rows.
          set_config('idle_in_transaction_session_timeout', '4s', false),
          set_config('statement_timeout', '30s', false),
          -- Whatever the server's owner prefers: idle connections stay, and work ends by the times above.
          set_config('idle_session_timeout', '0', false),
          set_config('lock_timeout', '0', false),
          case when current_setting('server_version_num')::bigint >= 170000
            then set_config('transaction_timeout', '0', false) end,
          set_config('client_min_messages', 'warning', false),
          -- A machine that is gone lets go of its number and its locks within half a minute, also while the server
          -- speaks to it.
          set_config('tcp_keepalives_idle', '15', false),
          set_config('tcp_keepalives_interval', '5', false),
          set_config('tcp_keepalives_count', '3', false),
          set_config('tcp_user_timeout', '15s', false),
          current_setting('server_version') as version, current_setting('server_encoding') as encoding",
    )
    .bind(company == Company::Nodes)
    .fetch_one(&mut *conn)
    .await?;
    if row.try_get::<i64, _>(0)? < OLDEST {
        return Err(OpenError::TooOld(row.try_get("version")?));
    }
    let encoding: String = row.try_get("encoding")?;
    if encoding != "UTF8" {
        return Err(OpenError::Encoding(encoding));
    }
    if row.try_get(1)? || row.try_get(2)? {
        return Err(OpenError::ReadOnly);
    }
    Ok(())
}

/// Connections for everything but messages and receipts.
pub(super) fn pool(connect: PgConnectOptions, options: &PostgresOptions) -> PgPool {
    let company = options.company;
    PoolOptions::new()
        .max_connections(options.connections.max(1))
        .acquire_timeout(options.patience)
        .after_connect(move |conn, _| {
            Box::pin(
                async move { greet(conn, company).await.map_err(|error| sqlx::Error::Protocol(error.to_string())) },
            )
        })
        .connect_lazy_with(connect)
}
