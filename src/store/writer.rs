//! The one connection that writes to SQLite. Who finds others waiting behind leaves the transaction
//! open to them, and the last one commits for all: what is written at the same time is synced to the
//! disk once. Nobody is told before that.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::{PATIENCE, fault};
use crate::error_code::{ErrorCode, Fault};

/// Writers that share one transaction at most, so that the first need not wait long for the last.
const TOGETHER: usize = 64;

/// What became of a transaction; nothing while it is open.
type Fate = Option<Result<(), Fault>>;

/// The connection that writes.
#[derive(Debug, Clone)]
pub(crate) struct Writer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    desk: Arc<Mutex<Desk>>,
    /// Who waits for the connection.
    waiting: AtomicUsize,
}

/// The connection, and the transaction that is open on it.
#[derive(Debug)]
struct Desk {
    connection: SqliteConnection,
    options: SqliteConnectOptions,
    /// A way back failed, so nobody knows whether a transaction is open: it is not written to again.
    spoilt: bool,
    open: Option<Open>,
}

/// A transaction that several share.
#[derive(Debug)]
struct Open {
    writers: usize,
    fate: watch::Sender<Fate>,
}

/// The connection in the hands of one writer. What is not ended is undone.
#[derive(Debug)]
pub(crate) struct Turn {
    writer: Writer,
    /// There until the turn is ended.
    desk: Option<OwnedMutexGuard<Desk>>,
    part: Part,
}

/// What is undone when a turn is not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Nothing: it is one statement.
    Statement,
    /// The transaction, which nobody else has written in.
    Whole,
    /// What was written since a savepoint.
    Behind,
}

/// Counts somebody who waits.
struct Waiting<'a>(&'a Writer);

impl Writer {
    /// Returns the writer of a connection that was made with these options.
    pub(super) fn new(connection: SqliteConnection, options: SqliteConnectOptions) -> Self {
        let desk = Desk {
            connection,
            options,
            spoilt: false,
            open: None,
        };
        Self(Arc::new(Shared {
            desk: Arc::new(Mutex::new(desk)),
            waiting: AtomicUsize::new(0),
        }))
    }

    /// Returns the connection for one statement.
    pub(super) async fn statement(&self) -> Result<Turn, Fault> {
        let mut turn = self.turn().await?;
        // Alone, a statement is a transaction of its own.
        if turn.desk().open.is_some() || !self.somebody_waits() {
            return Ok(turn);
        }
        turn.begun(Part::Statement).await
    }

    /// Returns the connection for several statements.
    pub(super) async fn transaction(&self) -> Result<Turn, Fault> {
        let mut turn = self.turn().await?;
        let part = match turn.desk().open {
            Some(_) => Part::Behind,
            None => Part::Whole,
        };
        turn.begun(part).await
    }

    async fn turn(&self) -> Result<Turn, Fault> {
        let waiting = Waiting::among(self);
        let desk = Arc::clone(&self.0.desk).lock_owned();
        let desk = tokio::time::timeout(PATIENCE, desk).await;
        let mut desk = desk.map_err(|_| fault(sqlx::Error::PoolTimedOut))?;
        waiting.over();
        desk.renew().await.map_err(fault)?;
        Ok(Turn {
            writer: self.clone(),
            desk: Some(desk),
            part: Part::Statement,
        })
    }

    fn somebody_waits(&self) -> bool {
        self.0.waiting.load(Ordering::Acquire) > 0
    }

    /// Lets the next writer go on with the open transaction, or commits it when nobody waits.
    async fn pass_on(&self, mut desk: OwnedMutexGuard<Desk>) {
        let Some(open) = &desk.open else { return };
        if open.writers >= TOGETHER || !self.somebody_waits() {
            desk.commit().await;
        }
    }
}

impl<'a> Waiting<'a> {
    fn among(writer: &'a Writer) -> Self {
        writer.0.waiting.fetch_add(1, Ordering::AcqRel);
        Self(writer)
    }

    /// It has the connection.
    fn over(self) {
        self.0.0.waiting.fetch_sub(1, Ordering::AcqRel);
        std::mem::forget(self);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let writer = self.0.clone();
        writer.0.waiting.fetch_sub(1, Ordering::AcqRel);
        // Somebody may have left a transaction to whoever goes away here.
        tokio::spawn(async move {
            let desk = Arc::clone(&writer.0.desk).lock_owned().await;
            writer.pass_on(desk).await;
        });
    }
}

impl Desk {
    async fn execute(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        let done = sqlx::query(sql).execute(&mut self.connection).await;
        done.map(drop)
    }

    async fn begin(&mut self) -> Result<(), sqlx::Error> {
        self.execute("begin immediate").await?;
        self.open = Some(Open {
            writers: 0,
            fate: watch::Sender::new(None),
        });
        Ok(())
    }

    /// Takes a new connection where the old one is spoilt. Closing that takes back what it wrote.
    async fn renew(&mut self) -> Result<(), sqlx::Error> {
        if self.spoilt {
            self.connection = SqliteConnection::connect_with(&self.options).await?;
            self.spoilt = false;
        }
        Ok(())
    }

    /// Makes true what all have written, and tells them.
    async fn commit(&mut self) {
        match self.execute("commit").await {
            Ok(()) => self.end(Ok(())),
            Err(error) => self.roll_back(fault(error)).await,
        }
    }

    /// Takes back what all have written, and tells them why.
    async fn roll_back(&mut self, reason: Fault) {
        // SQLite may have done it by itself already, and says that nothing is open.
        if let Err(error) = self.execute("rollback").await {
            self.spoilt = code(&error) != Some(NOTHING_OPEN);
        }
        self.end(Err(reason));
    }

    fn end(&mut self, fate: Result<(), Fault>) {
        if let Some(open) = self.open.take() {
            open.fate.send_replace(Some(fate));
        }
    }

    /// Takes back what one writer has written.
    async fn undo(&mut self, part: Part) {
        match part {
            Part::Statement => {}
            // Nobody else is told.
            Part::Whole => {
                self.roll_back(Fault::new(ErrorCode::Internal, "It was given up."))
                    .await
            }
            Part::Behind => {
                let mut undone = self.execute("rollback to part").await;
                if undone.is_ok() {
                    undone = self.execute("release part").await;
                }
                if let Err(error) = undone {
                    // SQLite took everything back by itself, as it does when the disk is full.
                    self.roll_back(fault(error)).await;
                }
            }
        }
    }
}

impl Turn {
    /// Returns the connection to run statements on.
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.desk().connection
    }

    fn desk(&mut self) -> &mut Desk {
        let desk = self.desk.as_deref_mut();
        desk.expect("only what ends the turn takes it")
    }

    /// Begins a part of a transaction; to its end, also when the caller goes away meanwhile.
    async fn begun(mut self, part: Part) -> Result<Self, Fault> {
        let beginning = tokio::spawn(async move {
            match part {
                Part::Statement | Part::Whole => self.desk().begin().await?,
                Part::Behind => self.desk().execute("savepoint part").await?,
            }
            self.part = part;
            Ok(self)
        });
        beginning.await.map_err(Fault::internal)?.map_err(fault)
    }

    /// Ends the turn of one statement: returns what came of it once that is on the disk.
    pub(super) async fn end<T>(mut self, done: Result<T, sqlx::Error>) -> Result<T, Fault> {
        let error = match done {
            Ok(value) => return self.commit().await.map(|()| value),
            Err(error) => error,
        };
        // After other errors SQLite may have taken back what others wrote, too.
        let alone = code(&error) == Some(CONSTRAINT);
        let fault = fault(error);
        if let Some(mut desk) = self.desk.take() {
            let (writer, reason) = (self.writer.clone(), fault.clone());
            tokio::spawn(async move {
                if desk.open.is_some() && !alone {
                    desk.roll_back(reason).await;
                }
                writer.pass_on(desk).await;
            });
        }
        Err(fault)
    }

    /// Ends the turn, and returns when what was written is on the disk.
    pub(super) async fn commit(mut self) -> Result<(), Fault> {
        let Some(mut desk) = self.desk.take() else {
            return Ok(());
        };
        // A statement that was alone is there already.
        let Some(open) = &mut desk.open else {
            return Ok(());
        };
        open.writers += 1;
        let mut fate = open.fate.subscribe();
        let (writer, part) = (self.writer.clone(), self.part);
        // To its end, also when the caller goes away: others depend on it.
        tokio::spawn(async move {
            if part == Part::Behind
                && let Err(error) = desk.execute("release part").await
            {
                desk.roll_back(fault(error)).await;
            }
            writer.pass_on(desk).await;
        });
        let decided = fate.wait_for(Option::is_some).await;
        let decided = decided.map_err(Fault::internal)?.clone();
        decided.unwrap_or_else(|| Err(Fault::internal("a transaction came to no end")))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(mut desk) = self.desk.take() {
            let (writer, part) = (self.writer.clone(), self.part);
            tokio::spawn(async move {
                desk.undo(part).await;
                writer.pass_on(desk).await;
            });
        }
    }
}

/// SQLite's kinds of error: of a statement that breaks a rule of its table, which alone is undone, and
/// of one that cannot be done, as a way back is when no transaction is open.
const CONSTRAINT: u32 = 19;
const NOTHING_OPEN: u32 = 1;

/// Returns the kind of an error of SQLite.
fn code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<u32>().ok().map(|code| code & 0xff)
}

#[cfg(test)]
mod tests;
