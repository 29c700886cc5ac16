//! Resources: notebooks, variables and files under addresses of their own, which clients show to people and give to
//! models.

use data_encoding::BASE64;
use percent_encoding::percent_decode_str;
use rmcp::ErrorData;
use rmcp::model::{
    ErrorCode as RpcCode, ListResourceTemplatesResult, ListResourcesResult, ReadResourceResult,
    Resource, ResourceContents, ResourceTemplate,
};

use super::call::Call;
use super::fields;
use super::subscriptions::Source;
use super::tool::told;
use super::tools::{
    FileRead, LARGEST_PART, ReadNotebook, encoded, list_variables, read_file, read_notebook,
};
use crate::error_code::{ErrorCode, Fault};
use crate::notebook::NotebookPath;
use crate::tenant::Scope;

/// Resources of one page.
const PAGE: i64 = 100;

/// What a cursor begins with: which list it goes on with.
const NOTEBOOKS: &str = "notebooks:";
const SESSIONS: &str = "sessions:";

/// A place in the addresses of resources.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Notebook { project: String, path: String },
    File { project: String, path: String },
    Variables { session: String },
    Variable { session: String, name: String },
}

impl Place {
    fn parse(uri: &str) -> Result<Self, Fault> {
        let unknown = || {
            let shown = crate::text::line(uri, 200);
            let message = format!(
                "There is nothing at {shown:?}; resources/templates/list says which addresses there are."
            );
            Fault::new(ErrorCode::NotFound, message)
        };
        let rest = uri.strip_prefix("cellblock://").ok_or_else(unknown)?;
        let decoded = rest.splitn(4, '/').map(|part| {
            let text = percent_decode_str(part).decode_utf8().ok()?.into_owned();
            (!text.is_empty()).then_some(text)
        });
        let parts: Vec<String> = decoded.collect::<Option<_>>().ok_or_else(unknown)?;
        let own = str::to_owned;
        match parts.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["projects", project, "notebooks", path] => Ok(Self::Notebook {
                project: own(project),
                path: own(path),
            }),
            ["projects", project, "files", path] => Ok(Self::File {
                project: own(project),
                path: own(path),
            }),
            ["sessions", session, "variables"] => Ok(Self::Variables {
                session: own(session),
            }),
            ["sessions", session, "variables", name] => Ok(Self::Variable {
                session: own(session),
                name: own(name),
            }),
            _ => Err(unknown()),
        }
    }
}

/// Returns a refusal as the protocol has it where there is no tool to answer.
pub(super) fn error(fault: &Fault) -> ErrorData {
    let code = match fault.code.meaning().status {
        404 => RpcCode::RESOURCE_NOT_FOUND,
        400..=499 => RpcCode::INVALID_PARAMS,
        _ => RpcCode::INTERNAL_ERROR,
    };
    ErrorData::new(code, fault.message.clone(), Some(told(fault)))
}

/// Returns the kinds of addresses that there are.
pub(super) fn templates() -> ListResourceTemplatesResult {
    let template = |uri: &str, name: &str, description: &str, kind: Option<&str>| {
        let template = ResourceTemplate::new(uri, name).with_description(description);
        match kind {
            Some(kind) => template.with_mime_type(kind),
            None => template,
        }
    };
    let json = Some("application/json");
    ListResourceTemplatesResult::with_all_items(vec![
        template(
            "cellblock://projects/{project_id}/notebooks/{+path}",
            "notebook",
            "A notebook: its cells, what they show, their revisions, and the variables of its session.",
            json,
        ),
        template(
            "cellblock://projects/{project_id}/files/{+path}",
            "file",
            "The first 512 KiB of a file.",
            None,
        ),
        template(
            "cellblock://sessions/{session_id}/variables",
            "variables",
            "The variables of a session.",
            json,
        ),
        template(
            "cellblock://sessions/{session_id}/variables/{name}",
            "variable",
            "A variable of a session.",
            json,
        ),
    ])
}

/// Lists the notebooks, and then the variables of sessions, a page at a time.
pub(super) async fn list(call: &Call, cursor: Option<&str>) -> Result<ListResourcesResult, Fault> {
    call.caller.require(Scope::Read)?;
    let tenant = call.caller.tenant;
    let cursor = cursor.unwrap_or(NOTEBOOKS);
    let (mut resources, mut next) = (Vec::new(), None);
    if let Some(after) = cursor.strip_prefix(NOTEBOOKS) {
        let rows = call
            .service
            .notebooks
            .list(tenant, None, after, PAGE)
            .await?;
        let more = rows.len() as i64 == PAGE;
        next = Some(match rows.last() {
            Some((last, _)) if more => format!("{NOTEBOOKS}{}", last.id),
            Some(_) | None => SESSIONS.to_owned(),
        });
        for (row, _) in rows {
            let path = encoded(&row.path);
            let uri = format!("cellblock://projects/{}/notebooks/{path}", row.project_id);
            let notebook = Resource::new(uri, row.path)
                .with_title(row.name)
                .with_mime_type("application/json");
            resources.push(notebook);
        }
    } else if let Some(after) = cursor.strip_prefix(SESSIONS) {
        let rows = call
            .service
            .store
            .live_sessions(tenant, after, PAGE)
            .await?;
        if rows.len() as i64 == PAGE {
            next = rows.last().map(|last| format!("{SESSIONS}{}", last.id));
        }
        for row in rows {
            let uri = format!("cellblock://sessions/{}/variables", row.id);
            let name = format!("variables of {}", row.name);
            resources.push(Resource::new(uri, name).with_mime_type("application/json"));
        }
    } else {
        return Err(Fault::field("cursor", "it is no cursor of a page before"));
    }
    let mut listed = ListResourcesResult::with_all_items(resources);
    listed.next_cursor = next;
    Ok(listed)
}

/// Reads a resource.
pub(super) async fn read(call: &Call, uri: &str) -> Result<ReadResourceResult, Fault> {
    call.caller.require(Scope::Read)?;
    let json = |value: serde_json::Result<String>| {
        let text = value.map_err(Fault::internal)?;
        Ok::<_, Fault>(ResourceContents::text(text, uri).with_mime_type("application/json"))
    };
    let contents = match Place::parse(uri)? {
        Place::Notebook { project, path } => {
            let asked = ReadNotebook {
                project_id: Some(project),
                path: Some(path),
                peek: true,
                ..ReadNotebook::default()
            };
            json(serde_json::to_string(&read_notebook(call, asked).await?))?
        }
        Place::File { project, path } => {
            let kind = crate::file::media_type(&path).to_string();
            let asked = FileRead {
                project_id: Some(project),
                path,
                offset: 0,
                max_bytes: LARGEST_PART,
            };
            let part = read_file(call, &asked).await?;
            let contents = match std::str::from_utf8(&part.bytes) {
                Ok(text) => ResourceContents::text(text, uri),
                Err(_) => ResourceContents::blob(BASE64.encode(&part.bytes), uri),
            };
            contents.with_mime_type(kind)
        }
        Place::Variables { session } => {
            let (_, variables) = list_variables(call, Some(&session)).await?;
            json(serde_json::to_string(&variables))?
        }
        Place::Variable { session, name } => {
            let (_, variables) = list_variables(call, Some(&session)).await?;
            let found = variables.into_iter().find(|variable| variable.name == name);
            let found = found.ok_or_else(|| {
                let shown = crate::text::line(&name, 80);
                let message = format!("The session has no variable {shown:?}.");
                Fault::new(ErrorCode::VariableNotFound, message)
            })?;
            json(serde_json::to_string(&found))?
        }
    };
    Ok(ReadResourceResult::new(vec![contents]))
}

/// Returns what a resource is made of, for those who want to hear when it changes.
pub(super) async fn source(call: &Call, uri: &str) -> Result<Source, Fault> {
    call.caller.require(Scope::Read)?;
    match Place::parse(uri)? {
        Place::Notebook { project, path } => {
            let path = NotebookPath::parse(&path)?;
            let project = call.project(Some(&project)).await?;
            let store = &call.service.store;
            let row = store
                .notebook_at(call.caller.tenant, project, path.as_str())
                .await?;
            let row = row.ok_or_else(|| {
                let message = format!("There is no notebook at {:?}.", path.as_str());
                Fault::new(ErrorCode::NotebookNotFound, message)
            })?;
            Ok(Source::Notebook(row.id.parse().map_err(Fault::internal)?))
        }
        Place::Variables { session } | Place::Variable { session, .. } => {
            let id = fields::id(&session, ErrorCode::SessionNotFound)?;
            call.service.sessions.get(call.caller.tenant, id).await?;
            Ok(Source::Session(id))
        }
        Place::File { .. } => {
            let message = "files do not tell when they change; notebooks and variables do";
            Err(Fault::field("uri", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_written() {
        let uri = format!(
            "cellblock://projects/p/notebooks/{}",
            encoded("a b/ä%/c.ipynb")
        );
        let place = Place::Notebook {
            project: "p".into(),
            path: "a b/ä%/c.ipynb".into(),
        };
        assert_eq!(Place::parse(&uri).expect("a place"), place);
        let place = Place::Variable {
            session: "s".into(),
            name: "x".into(),
        };
        let read = Place::parse("cellblock://sessions/s/variables/x").expect("a place");
        assert_eq!(read, place);
        for uri in [
            "",
            "file:///etc/passwd",
            "cellblock://projects/p",
            "cellblock://projects/p/notebooks/",
            "cellblock://projects//notebooks/a",
            "cellblock://sessions/s/variables/%ff",
            "cellblock://sessions/s/files/x",
        ] {
            let fault = Place::parse(uri).expect_err(uri);
            assert_eq!(fault.code, ErrorCode::NotFound, "{uri}");
        }
    }
}
