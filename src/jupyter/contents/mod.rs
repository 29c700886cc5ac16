//! The files of a project as Jupyter's clients see them: models with their content in them, names that are
//! found for them, and a checkpoint of each file.

mod checkpoint;
mod model;

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use utoipa::ToSchema;

pub(crate) use checkpoint::Checkpoint;
pub(crate) use model::{Format, Kind, Model};

use crate::error_code::{ErrorCode, Fault};
use crate::file::{Condition, Entry, FilePath, Files};
use crate::id::{ProjectId, TenantId};
use crate::notebook::{Library, NotebookPath};

/// What a folder's list has at most.
const MOST: usize = 10_000;

/// Names that are tried for something new.
const NAMES: u32 = 1000;

/// A notebook without cells.
const EMPTY: &str = r#"{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}"#;

/// The files of one project.
pub(crate) struct Contents<'s> {
    pub(crate) files: &'s Arc<Files>,
    pub(crate) notebooks: &'s Arc<Library>,
    pub(crate) tenant: TenantId,
    pub(crate) project: ProjectId,
}

/// How something is to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) kind: Option<Kind>,
    pub(crate) format: Option<Format>,
    pub(crate) content: bool,
    pub(crate) hash: bool,
}

/// What is to be written. Clients send the whole model; what it says besides is not looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ContentsSave)]
pub(crate) struct Save {
    #[serde(rename = "type")]
    kind: Option<Kind>,
    format: Option<Format>,
    /// The text, or the notebook.
    #[serde(default)]
    content: Value,
    /// The number of a part of a file that comes in parts, from 1; -1 for the last one.
    chunk: Option<i64>,
}

/// What is to be made in a folder.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = ContentsNew)]
pub(crate) struct New {
    /// A file that is to be copied.
    copy_from: Option<String>,
    /// By default a file.
    #[serde(rename = "type")]
    kind: Option<Kind>,
    /// The ending of a file's name, with its dot.
    ext: Option<String>,
}

impl Contents<'_> {
    /// Returns what lies at a path.
    pub(crate) async fn read(&self, path: &str, wanted: Wanted) -> Result<Model, Fault> {
        let path = parse(path)?;
        let entry = self.look(&path).await?;
        let is = kind(&entry)?;
        let kind = match (wanted.kind, is) {
            (Some(wanted), is) if wanted == is => is,
            (None, is) => is,
            // A notebook is a file, too.
            (Some(Kind::File), Kind::Notebook) => Kind::File,
            (Some(_), _) => {
                let message = format!("{path} is no such thing.");
                return Err(Fault::field("type", message));
            }
        };
        let model = Model::of(&entry, kind);
        if kind == Kind::Directory {
            return match wanted.content {
                true => Ok(model.with(self.list(path).await?, Format::Json)),
                false => Ok(model),
            };
        }
        if !wanted.content && !wanted.hash {
            return Ok(model);
        }
        let bytes = match NotebookPath::parse(path.as_str()) {
            Ok(notebook) if kind == Kind::Notebook => {
                let whole = self
                    .notebooks
                    .whole_at(self.tenant, self.project, &notebook);
                whole.await?.into_bytes()
            }
            _ => self.bytes(path).await?,
        };
        let model = match wanted.hash {
            true => model.with_hash_of(&bytes),
            false => model,
        };
        if !wanted.content {
            return Ok(model);
        }
        if kind == Kind::Notebook {
            let notebook = serde_json::from_slice(&bytes).map_err(Fault::internal)?;
            return Ok(model.with(notebook, Format::Json));
        }
        let (content, format) = model::content_of(bytes, wanted.format)?;
        Ok(model.with(content, format))
    }

    /// Writes something at a path, whatever is there. Returns it, and whether there was nothing.
    pub(crate) async fn write(&self, path: &str, save: Save) -> Result<(Model, bool), Fault> {
        let path = parse(path)?;
        let kind = save.kind.unwrap_or(Kind::File);
        if kind == Kind::Directory {
            let there = self.look(&path).await.is_ok();
            let entry = self.files.make_folder(self.tenant, self.project, path);
            return Ok((Model::of(&entry.await?, kind), !there));
        }
        let bytes = match kind {
            Kind::Notebook => {
                if !save.content.is_object() {
                    return Err(Fault::field(
                        "content",
                        "of a notebook it must be an object",
                    ));
                }
                let text = self
                    .notebooks
                    .checked_text(save.content.to_string())
                    .await?;
                text.into_bytes()
            }
            Kind::File | Kind::Directory => model::bytes_of(save.content, save.format)?,
        };
        match save.chunk {
            None | Some(1) => {}
            Some(-1 | 2..) => {
                let (tenant, bytes) = (self.tenant, bytes.into());
                let entry = self.files.append(tenant, self.project, path, bytes).await?;
                return Ok((Model::of(&entry, kind), false));
            }
            Some(_) => {
                return Err(Fault::field(
                    "chunk",
                    "it counts from 1, and the last is -1",
                ));
            }
        }
        let (entry, created) = self.put(path, bytes.into(), Condition::Any).await?;
        Ok((Model::of(&entry, kind), created))
    }

    /// Makes something in a folder, under a name that is free.
    pub(crate) async fn create(&self, folder: &str, new: New) -> Result<Model, Fault> {
        let folder = parse(folder)?;
        if !folder.is_root() && !self.look(&folder).await?.is_folder() {
            return Err(Fault::new(
                ErrorCode::NotAFolder,
                format!("{folder} is a file."),
            ));
        }
        if let Some(from) = new.copy_from {
            return self.copy(&folder, &parse(&from)?).await;
        }
        match new.kind.unwrap_or(Kind::File) {
            Kind::Directory => {
                for name in names("Untitled Folder", "", " ") {
                    let path = folder.join(&name)?;
                    match self.look(&path).await {
                        Err(fault) if fault.code == ErrorCode::FileNotFound => {
                            let made = self.files.make_folder(self.tenant, self.project, path);
                            return Ok(Model::of(&made.await?, Kind::Directory));
                        }
                        there => there?,
                    };
                }
                Err(crowded(&folder))
            }
            Kind::Notebook => {
                let names = names("Untitled", ".ipynb", "");
                self.put_new(&folder, names, EMPTY.into()).await
            }
            Kind::File => {
                let ending = new.ext.unwrap_or_default();
                let bytes = match ending.as_str() {
                    ".ipynb" => EMPTY,
                    _ => "",
                };
                let names = names("untitled", &ending, "");
                self.put_new(&folder, names, bytes.into()).await
            }
        }
    }

    /// Moves something, with its checkpoint.
    pub(crate) async fn rename(&self, from: &str, to: &str) -> Result<Model, Fault> {
        let (from, to) = (parse(from)?, parse(to)?);
        let entry = self.rename_file(from.clone(), to.clone()).await?;
        if entry.is_file() {
            self.move_checkpoint(&from, &to).await?;
        }
        Ok(Model::of(&entry, kind(&entry)?))
    }

    /// Deletes something: a file with its checkpoint, a folder with all that is in it.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), Fault> {
        let path = parse(path)?;
        self.delete_file(path.clone()).await?;
        self.forget_checkpoint(&path).await
    }

    async fn copy(&self, folder: &FilePath, from: &FilePath) -> Result<Model, Fault> {
        let bytes = self.whole_bytes(from).await?;
        let name = from.names().last().unwrap_or_default();
        let (stem, ending) = match name.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() => (stem, format!(".{ending}")),
            _ => (name, String::new()),
        };
        // The copy of a copy is one of the same file.
        let stem = match stem.rsplit_once("-Copy") {
            Some((of, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => of,
            _ => stem,
        };
        let names = names(stem, &ending, "-Copy");
        self.put_new(folder, names, bytes).await
    }

    async fn list(&self, folder: FilePath) -> Result<Value, Fault> {
        let (tenant, project) = (self.tenant, self.project);
        let files = self.files;
        let entries = files.list(tenant, project, folder, false, String::new(), MOST);
        let entries = entries.await?;
        let visible = entries
            .iter()
            .filter(|entry| !entry.name().starts_with('.'));
        let models: Vec<_> = visible
            .filter_map(|entry| Some(Model::of(entry, model::kind_of(entry)?)))
            .collect();
        serde_json::to_value(models).map_err(Fault::internal)
    }

    /// Returns the bytes of a file; a notebook's with its large outputs in them.
    async fn whole_bytes(&self, path: &FilePath) -> Result<Bytes, Fault> {
        match NotebookPath::parse(path.as_str()) {
            Ok(notebook) => {
                let whole = self
                    .notebooks
                    .whole_at(self.tenant, self.project, &notebook);
                Ok(whole.await?.into())
            }
            Err(_) => Ok(self.bytes(path.clone()).await?.into()),
        }
    }

    async fn bytes(&self, path: FilePath) -> Result<Vec<u8>, Fault> {
        let opened = self.files.open(self.tenant, self.project, path).await?;
        let most = self.notebooks.largest();
        let mut bytes = Vec::new();
        let file = tokio::fs::File::from_std(opened.file);
        file.take(most + 1)
            .read_to_end(&mut bytes)
            .await
            .map_err(Fault::disk)?;
        if bytes.len() as u64 > most {
            let message = format!(
                "The file has {}, and {} are sent in a model. Its bytes are to be had at /files/.",
                crate::text::size(opened.size),
                crate::text::size(most)
            );
            return Err(Fault::new(ErrorCode::BodyTooLarge, message)
                .with_details(serde_json::json!({"limit": most})));
        }
        Ok(bytes)
    }

    async fn look(&self, path: &FilePath) -> Result<Entry, Fault> {
        let path = path.clone();
        self.files.look(self.tenant, self.project, path).await
    }

    async fn put(
        &self,
        path: FilePath,
        bytes: Bytes,
        condition: Condition,
    ) -> Result<(Entry, bool), Fault> {
        let place = (self.tenant, self.project);
        let length = bytes.len() as u64;
        let body = futures_util::stream::iter([Ok::<_, Infallible>(bytes)]);
        let files = self.files;
        let received = files.receive_at(
            place.0,
            place.1,
            path.clone(),
            condition,
            Some(length),
            body,
        );
        let placing = received.await?.place();
        let placed = self.notebooks.write_over(place, vec![path], placing);
        let placed = placed.await?;
        Ok((placed.entry, placed.created))
    }

    async fn put_new(
        &self,
        folder: &FilePath,
        names: impl Iterator<Item = String>,
        bytes: Bytes,
    ) -> Result<Model, Fault> {
        for name in names {
            let path = folder.join(&name)?;
            match self.put(path, bytes.clone(), Condition::New).await {
                Err(fault) if fault.code == ErrorCode::AlreadyExists => {}
                Err(fault) => return Err(fault),
                Ok((entry, _)) => return Ok(Model::of(&entry, kind(&entry)?)),
            }
        }
        Err(crowded(folder))
    }

    async fn rename_file(&self, from: FilePath, to: FilePath) -> Result<Entry, Fault> {
        let place = (self.tenant, self.project);
        let moved = self.notebooks.move_file(self.files, place, from, to, false);
        moved.await
    }

    async fn delete_file(&self, path: FilePath) -> Result<(), Fault> {
        let place = (self.tenant, self.project);
        let deleted = self
            .notebooks
            .delete_file(self.files, place, path, Condition::Any, true);
        deleted.await
    }
}

/// Reads a path as these clients write it. What begins with a dot is hidden from them.
fn parse(path: &str) -> Result<FilePath, Fault> {
    let path = path.trim_matches('/');
    if path.is_empty() {
        return Ok(FilePath::root());
    }
    let path = FilePath::parse(path)?;
    if path.names().any(|name| name.starts_with('.')) {
        let message = format!("{path} is hidden: a name in it begins with a dot.");
        return Err(Fault::new(ErrorCode::FileNotFound, message));
    }
    Ok(path)
}

fn kind(entry: &Entry) -> Result<Kind, Fault> {
    model::kind_of(entry).ok_or_else(|| {
        let message = "A link or a file of another kind is in the way of the path.";
        Fault::new(ErrorCode::PathRefused, message)
    })
}

/// Returns names for something new, the best first.
fn names(stem: &str, ending: &str, before: &str) -> impl Iterator<Item = String> {
    let numbered = move |number| match number {
        0 => format!("{stem}{ending}"),
        number => format!("{stem}{before}{number}{ending}"),
    };
    (0..NAMES).map(numbered)
}

fn crowded(folder: &FilePath) -> Fault {
    let message = format!("In {folder} there are {NAMES} things of this name already.");
    Fault::new(ErrorCode::AlreadyExists, message)
}
