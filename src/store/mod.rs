//! The database: SQLite by default, PostgreSQL when a URL names one. All queries of the service
//! are in this folder, a file for each noun; each takes the tenant as part of its key.
//!
//! A query is written once. Its SQLite form is checked while this is compiled (`make queries`
//! renews what is kept of that in `.sqlx/`), and the tests run the same text on PostgreSQL.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::error_code::{ErrorCode, Fault};

/// How long a query may wait for the database before the request is answered with 503.
const PATIENCE: Duration = Duration::from_secs(5);

/// Readers of SQLite; there is one writer.
const READERS: u32 = 4;

/// A database that is open and has the schema of this version.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    Sqlite { read: SqlitePool, write: SqlitePool },
    Postgres(PgPool),
}

/// Several statements that happen together or not at all.
pub(crate) enum Transaction<'a> {
    Sqlite(sqlx::Transaction<'a, sqlx::Sqlite>),
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
                sqlx::query_as::<_, $row>($sql)$(.bind(&$argument))*.fetch_all(pool).await
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
                sqlx::query_as::<_, $row>($sql)$(.bind(&$argument))*.fetch_optional(pool).await
            }
        }
        .map_err($crate::store::fault)
    };
}

/// Runs a statement and returns how many rows it changed.
macro_rules! run {
    ($store:expr, $sql:tt $(, $argument:expr)* $(,)?) => {
        match $store {
            $crate::store::Store::Sqlite { write, .. } => {
                sqlx::query!($sql $(, $argument)*).execute(write).await.map(|done| done.rows_affected())
            }
            $crate::store::Store::Postgres(pool) => {
                sqlx::query($sql)$(.bind(&$argument))*.execute(pool).await.map(|done| done.rows_affected())
            }
        }
        .map_err($crate::store::fault)
    };
}

/// As `row!`, within a transaction.
macro_rules! row_in {
    ($transaction:expr, $row:ty, $sql:tt $(, $argument:expr)* $(,)?) => {
        match $transaction {
            $crate::store::Transaction::Sqlite(open) => {
                sqlx::query_as!($row, $sql $(, $argument)*).fetch_optional(&mut **open).await
            }
            $crate::store::Transaction::Postgres(open) => {
                sqlx::query_as::<_, $row>($sql)$(.bind(&$argument))*.fetch_optional(&mut **open).await
            }
        }
        .map_err($crate::store::fault)
    };
}

/// As `run!`, within a transaction.
macro_rules! run_in {
    ($transaction:expr, $sql:tt $(, $argument:expr)* $(,)?) => {
        match $transaction {
            $crate::store::Transaction::Sqlite(open) => {
                sqlx::query!($sql $(, $argument)*).execute(&mut **open).await.map(|done| done.rows_affected())
            }
            $crate::store::Transaction::Postgres(open) => {
                sqlx::query($sql)$(.bind(&$argument))*.execute(&mut **open).await.map(|done| done.rows_affected())
            }
        }
        .map_err($crate::store::fault)
    };
}

pub(crate) mod audit;
pub(crate) mod executions;
pub(crate) mod idempotency;
pub(crate) mod keys;
pub(crate) mod notebooks;
pub(crate) mod projects;
pub(crate) mod quotas;
pub(crate) mod sessions;
pub(crate) mod tenants;
pub(crate) mod uploads;

impl Store {
    /// Opens the database at `url`, or the file `cellblock.db` in `folder`, and brings its schema
    /// up to date.
    pub(crate) async fn open(url: Option<&str>, folder: &Path) -> anyhow::Result<Self> {
        match url {
            Some(url) if url.starts_with("postgres") => {
                let pool = PgPoolOptions::new()
                    .max_connections(16)
                    .acquire_timeout(PATIENCE)
                    .connect(url)
                    .await?;
                sqlx::migrate!("migrations/postgres").run(&pool).await?;
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
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .connect_with(options.clone())
            .await?;
        sqlx::migrate!("migrations/sqlite").run(&write).await?;
        let read = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(PATIENCE)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self::Sqlite { read, write })
    }

    /// Refuses while the database does not answer.
    pub(crate) async fn answers(&self) -> Result<(), Fault> {
        match self {
            Self::Sqlite { read, .. } => sqlx::query("select 1").execute(read).await.map(drop),
            Self::Postgres(pool) => sqlx::query("select 1").execute(pool).await.map(drop),
        }
        .map_err(fault)
    }

    /// Begins a transaction that will write.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static>, Fault> {
        Ok(match self {
            Self::Sqlite { write, .. } => {
                Transaction::Sqlite(write.begin_with("BEGIN IMMEDIATE").await.map_err(fault)?)
            }
            Self::Postgres(pool) => Transaction::Postgres(pool.begin().await.map_err(fault)?),
        })
    }
}

impl Transaction<'_> {
    /// Makes everything that was done in it true.
    pub(crate) async fn commit(self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(open) => open.commit().await,
            Self::Postgres(open) => open.commit().await,
        }
        .map_err(fault)
    }
}

/// Returns the present time as it is stored and shown: RFC 3339, UTC, microseconds.
pub(crate) fn now() -> String {
    format!("{:.6}", jiff::Timestamp::now())
}

/// Returns what a caller is told when the database refuses.
pub(crate) fn fault(error: sqlx::Error) -> Fault {
    match &error {
        sqlx::Error::PoolTimedOut => Fault::new(
            ErrorCode::StoreBusy,
            "The database did not answer in 5 seconds.",
        )
        .retry_after(5),
        sqlx::Error::Database(inner) if inner.is_unique_violation() => Fault::new(
            ErrorCode::AlreadyExists,
            "There is one with this name or id already.",
        ),
        // SQLite: 5 busy, 6 locked, 13 full, 11 corrupt, 26 not a database; the low byte of the code.
        sqlx::Error::Database(inner) => {
            let code = inner.code().and_then(|code| code.parse::<u32>().ok());
            match code.map(|code| code & 0xff) {
                Some(5 | 6) => Fault::new(
                    ErrorCode::StoreBusy,
                    "The database is locked by another program.",
                )
                .retry_after(5),
                Some(13) => Fault::new(
                    ErrorCode::StoreFull,
                    "The database cannot grow: the disk is full.",
                ),
                Some(11 | 26) => {
                    tracing::error!(%error, "the database is damaged");
                    Fault::new(ErrorCode::StoreCorrupt, "The database is damaged.")
                }
                _ => Fault::internal(error),
            }
        }
        _ => Fault::internal(error),
    }
}
