//! What a caller is told when the database refuses.

use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;

use crate::error_code::{ErrorCode, Fault};

/// Seconds after which a busy database is worth another try.
const AGAIN: u64 = 5;

/// What a database's own code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Busy,
    Full,
    /// It has no memory, or no connections.
    NoRoom,
    /// Its disk failed.
    Failed,
    Damaged,
    /// A character that the database cannot keep.
    Character,
    Unknown,
}

/// Returns what a caller is told.
pub(crate) fn fault(error: sqlx::Error) -> Fault {
    match &error {
        sqlx::Error::PoolTimedOut => busy("The database did not answer in 5 seconds."),
        sqlx::Error::Io(_) | sqlx::Error::PoolClosed => {
            tracing::warn!(%error, "the database cannot be reached");
            busy("The database cannot be reached.")
        }
        sqlx::Error::Database(inner) if inner.is_unique_violation() => Fault::new(
            ErrorCode::AlreadyExists,
            "There is one with this name or id already.",
        ),
        sqlx::Error::Database(inner) => match meaning(inner.as_ref()) {
            Meaning::Busy => busy("The database is busy with other work, or stopping."),
            Meaning::Full => Fault::new(
                ErrorCode::StoreFull,
                "The database cannot grow: the disk is full.",
            ),
            Meaning::NoRoom => Fault::new(
                ErrorCode::NoCapacity,
                "The database has no room for this now.",
            )
            .retry_after(AGAIN),
            Meaning::Failed => {
                tracing::error!(%error, "the database's disk failed");
                let message = "The database's disk failed; nothing was acknowledged.";
                Fault::new(ErrorCode::StoreFailed, message).retry_after(AGAIN)
            }
            Meaning::Damaged => {
                tracing::error!(%error, "the database is damaged");
                Fault::new(ErrorCode::StoreCorrupt, "The database is damaged.")
            }
            Meaning::Character => Fault::new(
                ErrorCode::InvalidField,
                "A text holds the character U+0000, which the database cannot keep.",
            ),
            Meaning::Unknown => Fault::internal(error),
        },
        _ => Fault::internal(error),
    }
}

fn busy(message: &'static str) -> Fault {
    Fault::new(ErrorCode::StoreBusy, message).retry_after(AGAIN)
}

fn meaning(error: &dyn DatabaseError) -> Meaning {
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<PgDatabaseError>().is_some() {
        of_sqlstate(&code)
    } else {
        code.parse().map_or(Meaning::Unknown, of_sqlite)
    }
}

/// Reads SQLite's extended result code, whose low byte says what it is.
fn of_sqlite(code: u32) -> Meaning {
    match code & 0xff {
        5 | 6 => Meaning::Busy,
        7 => Meaning::NoRoom,
        10 | 14 => Meaning::Failed,
        13 => Meaning::Full,
        11 | 26 => Meaning::Damaged,
        _ => Meaning::Unknown,
    }
}

/// Reads PostgreSQL's SQLSTATE. See the appendix "PostgreSQL Error Codes" of its manual.
fn of_sqlstate(code: &str) -> Meaning {
    match code {
        // Cancelled by its time limit, a lock not to be had, a deadlock, a conflict, no more connections.
        "57014" | "55P03" | "40P01" | "40001" | "53300" | "25P03" => Meaning::Busy,
        // Starting, stopping or gone.
        _ if code.starts_with("57P") || code.starts_with("08") => Meaning::Busy,
        "53100" => Meaning::Full,
        "53200" => Meaning::NoRoom,
        "58030" => Meaning::Failed,
        "XX001" | "XX002" => Meaning::Damaged,
        "22021" => Meaning::Character,
        _ => Meaning::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_one_database_are_not_read_as_the_others() {
        for (code, meaning) in [
            (5, Meaning::Busy),
            (261, Meaning::Busy),
            (13, Meaning::Full),
            (267, Meaning::Damaged),
            (7, Meaning::NoRoom),
            (1034, Meaning::Failed),
            (1, Meaning::Unknown),
        ] {
            assert_eq!(of_sqlite(code), meaning, "{code}");
        }
        for (code, meaning) in [
            ("57014", Meaning::Busy),
            ("57P01", Meaning::Busy),
            ("53100", Meaning::Full),
            ("58030", Meaning::Failed),
            ("XX001", Meaning::Damaged),
            // As a number its low byte would be SQLite's 5.
            ("22021", Meaning::Character),
            ("42601", Meaning::Unknown),
        ] {
            assert_eq!(of_sqlstate(code), meaning, "{code}");
        }
    }
}
