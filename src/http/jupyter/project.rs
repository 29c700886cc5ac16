//! The project that a client of Jupyter works in. Its protocol knows of one tree of files alone.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::error_code::Fault;
use crate::http::App;
use crate::http::auth::Identity;
use crate::http::problem::Refused;
use crate::id::ProjectId;
use crate::tenant::Caller;
use crate::tenant::passes::Within;

/// The header that names it.
const HEADER: &str = "X-Project-Id";

/// The project that the request names.
pub(super) struct Project(pub(super) Option<ProjectId>);

impl Project {
    /// Returns it, or the caller's own.
    pub(super) async fn or_default(&self, app: &App, caller: &Caller) -> Result<ProjectId, Fault> {
        match self.0 {
            Some(project) => Ok(project),
            None => app.projects.default_of(caller).await,
        }
    }
}

fn within(identity: Option<&Identity>) -> Option<&Within> {
    let caller = identity?.caller().ok()?;
    caller.pass.as_ref().map(|pass| &pass.within)
}

impl FromRequestParts<App> for Project {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refused> {
        // A pass is for one project, whatever else is named.
        if let Some(Within::Project { project, .. }) = within(parts.extensions.get()) {
            return Ok(Self(Some(*project)));
        }
        let Some(value) = parts.headers.get(HEADER) else {
            return Ok(Self(None));
        };
        let project = value.to_str().ok().and_then(|text| text.parse().ok());
        let project = project.ok_or_else(|| Fault::field(HEADER, "it is no project's id"))?;
        Ok(Self(Some(project)))
    }
}
