//! The checkpoint of a file: a copy of it in a hidden folder beside it, where Jupyter keeps its own.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Contents, parse};
use crate::error_code::{ErrorCode, Fault};
use crate::file::{Condition, FilePath};
use crate::text;

/// The folder of the checkpoints of all files of a folder.
const FOLDER: &str = ".ipynb_checkpoints";

/// The name of the one checkpoint that a file has.
const ID: &str = "checkpoint";

/// A checkpoint of a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FileCheckpoint)]
pub(crate) struct Checkpoint {
    id: &'static str,
    last_modified: String,
}

impl Checkpoint {
    /// Returns its name.
    pub(crate) fn id(&self) -> &str {
        self.id
    }
}

impl Contents<'_> {
    /// Lists the checkpoints of a file: one, or none.
    pub(crate) async fn checkpoints(&self, path: &str) -> Result<Vec<Checkpoint>, Fault> {
        let path = self.file(path).await?;
        match self.look(&place(&path)?).await {
            Err(fault) if fault.code == ErrorCode::FileNotFound => Ok(Vec::new()),
            entry => Ok(vec![Checkpoint {
                id: ID,
                last_modified: entry?.modified().to_owned(),
            }]),
        }
    }

    /// Makes a checkpoint of a file as it is, in the place of the one before.
    pub(crate) async fn checkpoint(&self, path: &str) -> Result<Checkpoint, Fault> {
        let path = self.file(path).await?;
        let bytes = self.whole_bytes(&path).await?;
        let (entry, _) = self.put(place(&path)?, bytes, Condition::Any).await?;
        Ok(Checkpoint {
            id: ID,
            last_modified: entry.modified().to_owned(),
        })
    }

    /// Makes a file what its checkpoint is.
    pub(crate) async fn restore(&self, path: &str, id: &str) -> Result<(), Fault> {
        let path = parse(path)?;
        let bytes = self.checkpointed(&path, id).await?;
        self.put(path, bytes.into(), Condition::Any).await?;
        Ok(())
    }

    /// Deletes a checkpoint.
    pub(crate) async fn delete_checkpoint(&self, path: &str, id: &str) -> Result<(), Fault> {
        let path = parse(path)?;
        require(&path, id)?;
        let deleted = self.delete_file(place(&path)?).await;
        deleted.map_err(|fault| missing(fault, &path))
    }

    /// Has the checkpoint of a file that was moved go along, in the place of one that was left there.
    pub(super) async fn move_checkpoint(
        &self,
        from: &FilePath,
        to: &FilePath,
    ) -> Result<(), Fault> {
        let bytes = match self.bytes(place(from)?).await {
            Err(fault) if fault.code == ErrorCode::FileNotFound => {
                return self.forget_checkpoint(to).await;
            }
            bytes => bytes?,
        };
        self.put(place(to)?, bytes.into(), Condition::Any).await?;
        self.forget_checkpoint(from).await
    }

    /// Deletes the checkpoint of a file, if there is one.
    pub(super) async fn forget_checkpoint(&self, path: &FilePath) -> Result<(), Fault> {
        match self.delete_file(place(path)?).await {
            Err(fault) if fault.code == ErrorCode::FileNotFound => Ok(()),
            deleted => deleted,
        }
    }

    async fn checkpointed(&self, path: &FilePath, id: &str) -> Result<Vec<u8>, Fault> {
        require(path, id)?;
        let bytes = self.bytes(place(path)?).await;
        bytes.map_err(|fault| missing(fault, path))
    }

    /// Refuses what is no file.
    async fn file(&self, path: &str) -> Result<FilePath, Fault> {
        let path = parse(path)?;
        if self.look(&path).await?.is_file() {
            return Ok(path);
        }
        Err(Fault::new(
            ErrorCode::NotAFile,
            format!("{path} is a folder; files have checkpoints."),
        ))
    }
}

/// Returns where the checkpoint of a file is.
fn place(path: &FilePath) -> Result<FilePath, Fault> {
    let (folder, name) = path.split().ok_or_else(|| {
        let message = format!("{path} is a folder; files have checkpoints.");
        Fault::new(ErrorCode::NotAFile, message)
    })?;
    let name = match name.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}-checkpoint.{ending}"),
        None => format!("{name}-checkpoint"),
    };
    folder.join(&format!("{FOLDER}/{name}"))
}

fn require(path: &FilePath, id: &str) -> Result<(), Fault> {
    match id {
        ID => Ok(()),
        other => Err(none(path, other)),
    }
}

fn missing(fault: Fault, path: &FilePath) -> Fault {
    match fault.code {
        ErrorCode::FileNotFound => none(path, ID),
        _ => fault,
    }
}

fn none(path: &FilePath, id: &str) -> Fault {
    let id = text::line(id, 80);
    let message = format!("{path} has no checkpoint {id:?}.");
    Fault::new(ErrorCode::FileNotFound, message)
}
