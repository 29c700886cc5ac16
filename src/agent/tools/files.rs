//! Files of projects: listing, reading, writing and deleting them.

use std::convert::Infallible;
use std::io::{Read as _, Seek as _, SeekFrom};

use bytes::Bytes;
use data_encoding::BASE64;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rmcp::model::{ContentBlock, ResourceContents};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::agent::call::Call;
use crate::agent::fields::{Page, PageOf, within};
use crate::agent::tool::{About, Effect, Reply, Tool};
use crate::error_code::Fault;
use crate::file::{Condition, Entry, FilePath, Project};
use crate::id::ProjectId;
use crate::tenant::Scope;

/// Bytes of a file that one answer has, at most and when nothing is said. Clients take answers of no more than 1 MiB.
pub(in crate::agent) const LARGEST: u64 = 512 << 10;
const USUAL: u64 = 128 << 10;

/// What stays as it is in the path of an address.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Returns a path as a part of an address.
pub(in crate::agent) fn encoded(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

pub(super) fn tools() -> Vec<Tool> {
    vec![
        Tool::new(
            About {
                name: "list_projects",
                title: "List projects",
                description: "Lists the projects: folders of files and notebooks. Where a tool is given none, it uses the one called default.",
                needs: Scope::Read,
                effect: Effect::Looks,
            },
            projects,
        ),
        Tool::new(
            About {
                name: "list_files",
                title: "List files",
                description: "Lists what is in a folder of a project, or with `recursive` in its folders too.",
                needs: Scope::Read,
                effect: Effect::Looks,
            },
            list,
        ),
        Tool::new(
            About {
                name: "read_file",
                title: "Read a file",
                description: "Returns a part of a project's file: text as text, images as images, everything else as base64. For \
                    larger files run code that reads what matters of them.",
                needs: Scope::Read,
                effect: Effect::Looks,
            },
            |call, asked: Read| async move { shown(&call, asked).await },
        ),
        Tool::new(
            About {
                name: "write_file",
                title: "Write a file",
                description: "Writes a project's file as a whole, with the folders on the way. Code in a session of the project finds it \
                    in its working directory. With `version` it is refused when the file was changed since you read it.",
                needs: Scope::Write,
                effect: Effect::Takes,
            },
            write,
        ),
        Tool::new(
            About {
                name: "delete_file",
                title: "Delete a file",
                description: "Deletes a file or an empty folder of a project; with `recursive` a folder with all that is in it.",
                needs: Scope::Write,
                effect: Effect::Takes,
            },
            delete,
        ),
    ]
}

/// A project.
#[derive(Debug, Serialize, JsonSchema)]
struct ProjectTold {
    project_id: String,
    name: String,
    description: String,
}

async fn projects(call: Call, page: PageOf) -> Result<Reply<Page<ProjectTold>>, Fault> {
    let projects = &call.service.projects;
    let rows = projects
        .page(call.caller.tenant, page.after(), page.rows()?)
        .await?;
    let told = |project: Project| ProjectTold {
        project_id: project.id,
        name: project.name,
        description: project.description,
    };
    let told = rows.into_iter().map(told).collect();
    let key = |told: &ProjectTold| told.project_id.clone();
    Ok(page.page(told, key).into())
}

/// Which files are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListFiles {
    /// The project; the default one when it is missing.
    #[schemars(length(max = 36))]
    #[serde(default)]
    project_id: Option<String>,
    /// A folder in it; the project's own when it is missing.
    #[schemars(length(max = 4096))]
    #[serde(default)]
    path: Option<String>,
    /// Also what is in its folders.
    #[serde(default)]
    recursive: bool,
    /// How many to return; 50 when it is missing.
    #[schemars(range(min = 1, max = 200))]
    #[serde(default)]
    limit: Option<u32>,
    /// The `next` of the page before; nothing for the first.
    #[schemars(length(max = 4096))]
    #[serde(default)]
    after: Option<String>,
}

async fn list(call: Call, asked: ListFiles) -> Result<Reply<Page<Entry>>, Fault> {
    let path = match asked.path.as_deref() {
        None | Some("" | "." | "/") => FilePath::root(),
        Some(path) => FilePath::parse(path)?,
    };
    let project = call.project(asked.project_id.as_deref()).await?;
    let page = PageOf::new(asked.limit, asked.after);
    let most = usize::try_from(page.rows()?).map_err(Fault::internal)?;
    let after = page.after().to_owned();
    let files = &call.service.files;
    let tenant = call.caller.tenant;
    let entries = files
        .list(tenant, project, path, asked.recursive, after, most)
        .await?;
    Ok(page.page(entries, |entry| entry.path().to_owned()).into())
}

/// Which part of which file is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::agent) struct Read {
    /// The project; the default one when it is missing.
    #[schemars(length(max = 36))]
    #[serde(default)]
    pub(in crate::agent) project_id: Option<String>,
    /// The file in it.
    #[schemars(length(min = 1, max = 4096))]
    pub(in crate::agent) path: String,
    /// The number of the first byte, counted from 0.
    #[schemars(range(max = 1_000_000_000_000_u64))]
    #[serde(default)]
    pub(in crate::agent) offset: u64,
    /// How many bytes; 131072 when it is missing.
    #[schemars(range(min = 1, max = 524_288))]
    #[serde(default = "usual")]
    pub(in crate::agent) max_bytes: u64,
}

fn usual() -> u64 {
    USUAL
}

/// A part of a file.
#[derive(Debug, Serialize, JsonSchema)]
struct PartTold {
    path: String,
    /// Bytes of the whole file.
    size: u64,
    offset: u64,
    /// Bytes of this part.
    bytes: u64,
    /// Where the next part begins; nothing at the end of the file.
    next_offset: Option<u64>,
    media_type: String,
    /// What write_file and delete_file take to be sure that nobody changed it.
    version: Option<String>,
    /// `text`, `image` or `base64`.
    encoding: &'static str,
}

/// A part of a file and its bytes.
pub(in crate::agent) struct Part {
    entry: Entry,
    size: u64,
    pub(in crate::agent) bytes: Bytes,
}

/// Reads a part of a file. A text is cut between two characters.
pub(in crate::agent) async fn read(call: &Call, asked: &Read) -> Result<Part, Fault> {
    let most = within("max_bytes", asked.max_bytes, 1..=LARGEST)?;
    let path = FilePath::parse(&asked.path)?;
    let project = call.project(asked.project_id.as_deref()).await?;
    let files = &call.service.files;
    let opened = files.open(call.caller.tenant, project, path).await?;
    let (entry, size, mut file, offset) = (opened.entry, opened.size, opened.file, asked.offset);
    let reading = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(offset))?;
        file.take(most).read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    });
    let mut bytes = reading
        .await
        .map_err(Fault::internal)?
        .map_err(Fault::disk)?;
    if let Err(error) = std::str::from_utf8(&bytes)
        && error.error_len().is_none()
        && error.valid_up_to() > 0
    {
        bytes.truncate(error.valid_up_to());
    }
    Ok(Part {
        entry,
        size,
        bytes: bytes.into(),
    })
}

async fn shown(call: &Call, asked: Read) -> Result<Reply<PartTold>, Fault> {
    let part = read(call, &asked).await?;
    let kind = crate::file::media_type(&asked.path).to_string();
    let whole = asked.offset == 0 && part.bytes.len() as u64 == part.size;
    let is_image = matches!(
        kind.as_str(),
        "image/png" | "image/jpeg" | "image/gif" | "image/webp"
    );
    let (encoding, block) = match std::str::from_utf8(&part.bytes) {
        Ok(text) => ("text", ContentBlock::text(text)),
        Err(_) if is_image && whole => (
            "image",
            ContentBlock::image(BASE64.encode(&part.bytes), kind.clone()),
        ),
        Err(_) => {
            let uri = format!("cellblock://files/{}", encoded(&asked.path));
            let bytes = ResourceContents::blob(BASE64.encode(&part.bytes), uri);
            let block = ContentBlock::resource(bytes.with_mime_type(kind.clone()));
            ("base64", block)
        }
    };
    let end = asked.offset + part.bytes.len() as u64;
    let told = PartTold {
        path: part.entry.path().to_owned(),
        size: part.size,
        offset: asked.offset,
        bytes: part.bytes.len() as u64,
        next_offset: (end < part.size).then_some(end),
        media_type: kind,
        version: part.entry.version().map(str::to_owned),
        encoding,
    };
    Ok(Reply::shown(told, vec![block]))
}

/// What to write.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WriteFile {
    /// The project; the default one when it is missing.
    #[schemars(length(max = 36))]
    #[serde(default)]
    project_id: Option<String>,
    /// The file in it.
    #[schemars(length(min = 1, max = 4096))]
    path: String,
    /// What is to be in it, as text. This or `base64`.
    #[schemars(length(max = 8_000_000))]
    #[serde(default)]
    text: Option<String>,
    /// What is to be in it, as base64. This or `text`.
    #[schemars(length(max = 8_000_000))]
    #[serde(default)]
    base64: Option<String>,
    /// The version that you read; the write is refused if it is another one now.
    #[schemars(length(max = 64))]
    #[serde(default)]
    version: Option<String>,
    /// Only write it when there is no such file.
    #[serde(default)]
    only_new: bool,
}

async fn write(call: Call, asked: WriteFile) -> Result<Reply<Entry>, Fault> {
    let bytes: Bytes = match (asked.text, asked.base64) {
        (Some(text), None) => text.into(),
        (None, Some(text)) => BASE64
            .decode(text.as_bytes())
            .map_err(|error| Fault::field("base64", format!("it is no base64: {error}")))?
            .into(),
        (Some(_), Some(_)) => {
            return Err(Fault::field(
                "base64",
                "it cannot be given together with text",
            ));
        }
        (None, None) => return Err(Fault::field("text", "nothing is to be written")),
    };
    let condition = match (asked.version, asked.only_new) {
        (None, false) => Condition::Any,
        (None, true) => Condition::New,
        (Some(version), false) => Condition::OneOf(vec![version]),
        (Some(_), true) => {
            return Err(Fault::field(
                "only_new",
                "a file that is new has no version",
            ));
        }
    };
    let path = FilePath::parse(&asked.path)?;
    let project = call.project(asked.project_id.as_deref()).await?;
    let placed = put(&call, project, path, condition, bytes).await?;
    Ok(placed.entry.into())
}

/// Writes a file.
pub(super) async fn put(
    call: &Call,
    project: ProjectId,
    path: FilePath,
    condition: Condition,
    bytes: Bytes,
) -> Result<crate::file::Placed, Fault> {
    let length = Some(bytes.len() as u64);
    let body = futures_util::stream::iter([Ok::<_, Infallible>(bytes)]);
    let (service, tenant) = (&call.service, call.caller.tenant);
    let received = service
        .files
        .receive_at(tenant, project, path.clone(), condition, length, body)
        .await?;
    service
        .notebooks
        .write_over((tenant, project), vec![path], received.place())
        .await
}

/// What to delete.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DeleteFile {
    /// The project; the default one when it is missing.
    #[schemars(length(max = 36))]
    #[serde(default)]
    project_id: Option<String>,
    /// The file or folder in it.
    #[schemars(length(min = 1, max = 4096))]
    path: String,
    /// A folder with all that is in it.
    #[serde(default)]
    recursive: bool,
    /// The version that you read; a file is not deleted if it is another one now.
    #[schemars(length(max = 64))]
    #[serde(default)]
    version: Option<String>,
}

/// What is gone.
#[derive(Debug, Serialize, JsonSchema)]
struct DeletedTold {
    /// The path of what is gone.
    deleted: String,
}

async fn delete(call: Call, asked: DeleteFile) -> Result<Reply<DeletedTold>, Fault> {
    let path = FilePath::parse(&asked.path)?;
    let project = call.project(asked.project_id.as_deref()).await?;
    let condition = match asked.version {
        Some(version) => Condition::OneOf(vec![version]),
        None => Condition::Any,
    };
    let place = (call.caller.tenant, project);
    let service = &call.service;
    service
        .notebooks
        .delete_file(&service.files, place, path, condition, asked.recursive)
        .await?;
    let deleted = DeletedTold {
        deleted: asked.path,
    };
    Ok(deleted.into())
}
