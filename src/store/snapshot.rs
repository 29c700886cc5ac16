//! A copy of the SQLite file, made while others use it.

use std::path::Path;

use anyhow::Context as _;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

use super::PATIENCE;

/// Writes what the database in `folder` holds at this moment to `to`, which is not there yet. Nobody waits
/// for it: it reads beside those who write.
pub(crate) async fn snapshot(folder: &Path, to: &Path) -> anyhow::Result<()> {
    let from = folder.join("cellblock.db");
    let options = SqliteConnectOptions::new()
        .filename(&from)
        .read_only(true)
        .busy_timeout(PATIENCE);
    let told = || format!("{} cannot be copied", from.display());
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .with_context(told)?;
    let path = to.to_str().context("the path of a copy is UTF-8")?;
    sqlx::query("vacuum into $1")
        .bind(path)
        .execute(&mut connection)
        .await
        .with_context(told)?;
    connection.close().await.with_context(told)
}
