//! The database: SQLite by default, PostgreSQL when a URL names one. All queries of the service
//! are in this folder, a file for each noun; each takes the tenant as part of its key.
//!
//! A query is written once. Its SQLite form is checked while this is compiled (`make queries`
//! renews what is kept of that in `.sqlx/`), and the tests run the same text on PostgreSQL.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, SqliteConnection};
use writer::{Turn, Writer};

use crate::error_code::Fault;

/// How long a query may wait for the database before the request is answered with 503.
const PATIENCE: Duration = Duration::from_secs(5);

/// Readers of SQLite; there is one writer.
const READERS: u32 = 4;

/// What PostgreSQL is told to give up by itself: a statement that nobody waits for any more, and a
/// transaction whose end was lost with its connection.
const SERVER_SIDE: [(&str, &str); 2] = [
    ("statement_timeout", "4500"),
    ("idle_in_transaction_session_timeout", "30000"),
];

/// A database that is open and has the schema of this version.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    Sqlite { read: SqlitePool, write: Writer },
    Postgres(PgPool),
}

/// Several statements that happen together or not at all.
pub(crate) enum Transaction<'a> {
    Sqlite(Turn),
    Postgres(sqlx::Transaction<'a, sqlx::Postgres>),
}

/// Returns all rows of a query: `rows!(store, Row, "select ... where a = $1", a)`.
macro_rules! rows {
    ($store:expr, $row:ty, $sql:tt $(, $argument:expr)* $(,)?) => {
        match $store {
            $crate::store::Store::Sqlite { read, .. } => {
                sqlx::query_as!($row, $sql $(, $argument)*).fetch_all(read).await
            }
            $crate::store::Store::Postgres(pool) => {
                $crate::store::within(sqlx::query_as::<_, $row>($sql)$(.bind(&$argument))*.fetch_all(pool)).await
            }
        }
        .map_err($crate::store::fault)
    };
}

/// Returns the row of a query if there is one.
macro_rules! row {
    ($store:expr, $row:ty, $sql:tt $(, $argument:expr)* $(,)?) => {
        match $store {
            $crate::store::Store::Sqlite { read, .. } => {
                sqlx::query_as!($row, $sql $(, $argument)*).fetch_optional(read).await
            }
            $crate::store::Store::Postgres(pool) => {
                $crate::store::within(sqlx::query_as::<_, $row>($sql)$(.bind(&$argument))*.fetch_optional(pool)).await
            }
        }
        .map_err($crate::store::fault)
    };
}

/// Runs a statement and returns how many rows it changed.
macro_rules! run {
    ($store:expr, $sql:tt $(, $argument:expr)* $(,)?) => {
        match $store {
            $crate::store::Store::Sqlite { write, .. } => match write.statement().await {
                Ok(mut turn) => {
                    let done = sqlx::query!($sql $(, $argument)*).execute(turn.connection()).await;
                    turn.end(done.map(|done| done.rows_affected())).await
                }
                Err(fault) => Err(fault),
            },
            $crate::store::Store::Postgres(pool) => {
                let done = $crate::store::within(sqlx::query($sql)$(.bind(&$argument))*.execute(pool)).await;
                done.map(|done| done.rows_affected()).map_err($crate::store::fault)
            }
        }
    };
}

/// As `row!`, within a transaction.
macro_rules! row_in {
    ($transaction:expr, $row:ty, $sql:tt $(, $argument:expr)* $(,)?) => {
        match $transaction {
            $crate::store::Transaction::Sqlite(turn) => {
                sqlx::query_as!($row, $sql $(, $argument)*).fetch_optional(turn.connection()).await
            }
            $crate::store::Transaction::Postgres(open) => {
                $crate::store::within(sqlx::query_as::<_, $row>($sql)$(.bind(&$argument))*.fetch_optional(&mut **open)).await
            }
        }
        .map_err($crate::store::fault)
    };
}

/// As `run!`, within a transaction.
macro_rules! run_in {
    ($transaction:expr, $sql:tt $(, $argument:expr)* $(,)?) => {
        match $transaction {
            $crate::store::Transaction::Sqlite(turn) => {
                sqlx::query!($sql $(, $argument)*).execute(turn.connection()).await.map(|done| done.rows_affected())
            }
            $crate::store::Transaction::Postgres(open) => {
                $crate::store::within(sqlx::query($sql)$(.bind(&$argument))*.execute(&mut **open)).await.map(|done| done.rows_affected())
            }
        }
        .map_err($crate::store::fault)
    };
}

pub(crate) mod audit;
pub(crate) mod checkpoints;
pub(crate) mod environments;
pub(crate) mod executions;
mod fault;
mod health;
pub(crate) mod idempotency;
pub(crate) mod jupyter;
pub(crate) mod keys;
pub(crate) mod notebooks;
pub(crate) mod projects;
pub(crate) mod quotas;
pub(crate) mod retention;
pub(crate) mod sandboxes;
pub(crate) mod secrets;
pub(crate) mod sessions;
mod snapshot;
pub(crate) mod strikes;
pub(crate) mod tenants;
pub(crate) mod uploads;
mod writer;

pub(crate) use fault::fault;
pub(crate) use snapshot::snapshot;

impl Store {
    /// Opens the database at `url`, or the file `cellblock.db` in `folder`, and brings its schema
    /// up to date.
    pub(crate) async fn open(url: Option<&str>, folder: &Path) -> anyhow::Result<Self> {
        match url {
            Some(url) if url.starts_with("postgres") => {
                let options: PgConnectOptions = url.parse()?;
                let mut first = PgConnection::connect_with(&options).await?;
                sqlx::migrate!("migrations/postgres")
                    .run(&mut first)
                    .await?;
                first.close().await?;
                let pool = PgPoolOptions::new()
                    .max_connections(16)
                    .acquire_timeout(PATIENCE)
                    .connect_with(options.options(SERVER_SIDE))
                    .await?;
                Ok(Self::Postgres(pool))
            }
            Some(url) => Self::open_sqlite(url.parse()?).await,
            None => {
                let file = folder.join("cellblock.db");
                Self::open_sqlite(SqliteConnectOptions::new().filename(file)).await
            }
        }
    }

    async fn open_sqlite(options: SqliteConnectOptions) -> anyhow::Result<Self> {
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE)
            .pragma("mmap_size", "0");
        let file = options.get_filename().to_owned();
        let mut write = SqliteConnection::connect_with(&options)
            .await
            .map_err(|error| health::damaged(&file, error))?;
        health::check(&mut write, &file).await?;
        sqlx::migrate!("migrations/sqlite").run(&mut write).await?;
        let write = Writer::new(write, options.clone());
        let read = SqlitePoolOptions::new()
            .max_connections(READERS)
            // A file does not go away.
            .test_before_acquire(false)
            .acquire_timeout(PATIENCE)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self::Sqlite { read, write })
    }

    /// Refuses while the database does not answer.
    pub(crate) async fn answers(&self) -> Result<(), Fault> {
        match self {
            Self::Sqlite { read, .. } => sqlx::query("select 1").execute(read).await.map(drop),
            Self::Postgres(pool) => within(sqlx::query("select 1").execute(pool))
                .await
                .map(drop),
        }
        .map_err(fault)
    }

    /// Begins a transaction that will write.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static>, Fault> {
        Ok(match self {
            Self::Sqlite { write, .. } => Transaction::Sqlite(write.transaction().await?),
            Self::Postgres(pool) => {
                Transaction::Postgres(within(pool.begin()).await.map_err(fault)?)
            }
        })
    }
}

impl Transaction<'_> {
    /// Makes everything that was done in it true.
    pub(crate) async fn commit(self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(turn) => turn.commit().await,
            Self::Postgres(open) => within(open.commit()).await.map_err(fault),
        }
    }
}

/// Returns the present time as it is stored and shown: RFC 3339, UTC, microseconds. It never goes
/// back, for rows are ordered by it.
pub(crate) fn now() -> String {
    format!("{:.6}", crate::clock::stamp())
}

/// Returns the time so long ago, as it is stored.
pub(crate) fn ago(age: Duration) -> String {
    let age = jiff::SignedDuration::try_from(age).unwrap_or(jiff::SignedDuration::MAX);
    let then = crate::clock::now().checked_sub(age);
    format!("{:.6}", then.unwrap_or(jiff::Timestamp::MIN))
}

/// Waits for PostgreSQL as long as a query may. One that is given up may still happen, as one whose
/// answer was lost.
pub(crate) async fn within<T>(
    query: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(PATIENCE, query)
        .await
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
}
