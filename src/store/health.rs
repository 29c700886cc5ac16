//! Whether the file of the database is what SQLite wrote, asked before anything is read from it.

use std::path::Path;

use anyhow::anyhow;
use sqlx::SqliteConnection;

/// Largest file whose rows are compared with its indexes, and largest whose pages are looked at: a
/// service has to be back within seconds. Pages of larger ones are checked when they are read.
const COMPARED: u64 = 64 << 20;
const LOOKED_AT: u64 = 1 << 30;

/// Refuses a damaged database.
pub(super) async fn check(database: &mut SqliteConnection, file: &Path) -> anyhow::Result<()> {
    let bytes = file.metadata().map_or(0, |file| file.len());
    let found = if bytes <= COMPARED {
        sqlx::query_scalar("pragma integrity_check(1)")
            .fetch_one(&mut *database)
            .await
    } else if bytes <= LOOKED_AT {
        sqlx::query_scalar("pragma quick_check(1)")
            .fetch_one(&mut *database)
            .await
    } else {
        return Ok(());
    };
    let found: String = found.map_err(|error| damaged(file, error))?;
    if found == "ok" {
        return Ok(());
    }
    Err(refusal(file, &found))
}

/// Returns what the operator is told when the database cannot be opened.
pub(super) fn damaged(file: &Path, error: sqlx::Error) -> anyhow::Error {
    let code = error
        .as_database_error()
        .and_then(|inner| inner.code()?.parse::<u32>().ok());
    match code.map(|code| code & 0xff) {
        // Corrupt, and not a database.
        Some(11 | 26) => refusal(file, &error.to_string()),
        Some(_) | None => {
            anyhow::Error::new(error).context(format!("{} cannot be opened", file.display()))
        }
    }
}

fn refusal(file: &Path, found: &str) -> anyhow::Error {
    let file = file.display();
    anyhow!(
        "the database {file} is damaged ({}). Nothing was changed. Put a backup in its place, and remove \
         {file}-wal and {file}-shm, which belong to the damaged one",
        crate::text::line(found, 300)
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::store::Store;

    const PAGE: usize = 4096;

    async fn database() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(None, folder.path()).await.expect("it opens");
        let file = folder.path().join("cellblock.db");
        let Store::Sqlite { read, write } = store else {
            panic!("it is SQLite");
        };
        // Many pages of each kind: leaves, inner pages, long rows that overflow, indexes.
        let fill = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000)
            insert into strikes (tenant_id, code_hash, count)
            select 't' || i, hex(randomblob(case when i % 500 = 0 then 9000 else 32 end)), i from n";
        for statement in [fill, "pragma wal_checkpoint(truncate)"] {
            let mut turn = write.statement().await.expect("a turn");
            let done = sqlx::query(statement).execute(turn.connection()).await;
            turn.end(done).await.expect("it is in the file");
        }
        read.close().await;
        (folder, file)
    }

    /// Opens what is there and reads all of one table.
    async fn read_all(folder: &std::path::Path) -> Result<Vec<(String, String, i64)>, String> {
        let store = Store::open(None, folder)
            .await
            .map_err(|error| format!("{error:#}"))?;
        let rows = store.strikes().await.map_err(|fault| fault.to_string())?;
        Ok(rows
            .into_iter()
            .map(|row| (row.tenant_id, row.code_hash, row.count))
            .collect())
    }

    #[tokio::test]
    async fn a_page_of_any_kind_that_is_damaged_is_refused_with_what_to_do() {
        let (folder, file) = database().await;
        let good = std::fs::read(&file).expect("it is there");
        let rows = read_all(folder.path()).await.expect("it is whole");
        let mut kinds = std::collections::BTreeMap::<u8, usize>::new();
        for page in 0..good.len() / PAGE {
            let at = page * PAGE;
            // The first byte says what a page is: 2 and 5 inner pages, 10 and 13 leaves, of an index
            // and of a table; others overflow or are free. The first page begins with the file's own header.
            let kind = if page == 0 { 0 } else { good[at] };
            let seen = kinds.entry(kind).or_default();
            *seen += 1;
            if *seen > 3 {
                continue;
            }
            let mut bad = good.clone();
            bad[at..at + 8].iter_mut().for_each(|byte| *byte ^= 0xa5);
            std::fs::write(&file, &bad).expect("it is written");
            let _ = std::fs::remove_file(folder.path().join("cellblock.db-wal"));
            match read_all(folder.path()).await {
                Err(message) => assert!(
                    message.contains("is damaged") && message.contains("backup"),
                    "page {page} of kind {kind}: {message}"
                ),
                // A page that nothing uses.
                Ok(read) => assert_eq!(read, rows, "page {page} of kind {kind}"),
            }
            assert_eq!(
                std::fs::read(&file).expect("it is there"),
                bad,
                "page {page}: nothing was changed"
            );
        }
        for kind in [0, 2, 5, 10, 13] {
            assert!(
                kinds.contains_key(&kind),
                "no page of kind {kind}: {kinds:?}"
            );
        }
        std::fs::write(&file, &good[..good.len() / 2]).expect("it is cut");
        let cut = read_all(folder.path()).await.expect_err("it is cut");
        assert!(cut.contains("is damaged"), "{cut}");
        std::fs::write(&file, &good).expect("the backup is put in place");
        assert_eq!(read_all(folder.path()).await.expect("it is whole"), rows);
    }
}
