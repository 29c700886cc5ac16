//! How a new session shall be, checked against what is allowed.

use python_wasm::Policy;

use super::one_shot::NewFile;
use super::registry::Sessions;
use crate::error_code::{ErrorCode, Fault, FieldError, is_full, out_of_room};
use crate::file::FilePath;
use crate::id::{NotebookId, ProjectId, SessionId};
use crate::store::sessions::SessionRow;
use crate::tenant::Caller;

/// How a session shall be.
#[derive(Debug, Default)]
pub(crate) struct NewSession {
    pub(crate) name: Option<String>,
    pub(crate) image: Option<String>,
    pub(crate) policy: Option<String>,
    /// Limits by name, as "512 MiB".
    pub(crate) limits: Vec<(String, String)>,
    /// A project of the tenant, whose folder is the home.
    pub(crate) project: Option<ProjectId>,
    pub(crate) notebook: Option<NotebookId>,
    /// Names of the project's secrets that it is granted.
    pub(crate) secrets: Vec<String>,
    /// Files in its home, when it has no project.
    pub(crate) files: Vec<NewFile>,
    /// It ends with its only execution, or with the service.
    pub(crate) once: bool,
}

impl Sessions {
    /// Returns the row of a new session, with its limits within what is allowed.
    pub(super) fn row(&self, caller: &Caller, new: &NewSession) -> Result<SessionRow, Fault> {
        let config = &self.around.config.sessions;
        let image = new.image.as_deref().unwrap_or(&config.image);
        let known = self.images();
        let Some(info) = known.iter().find(|info| info.name == image) else {
            let allowed: Vec<&str> = known.iter().map(|info| info.name.as_str()).collect();
            return Err(Fault::new(
                ErrorCode::UnknownImage,
                format!("image: there is no image {image:?}."),
            )
            .with_details(serde_json::json!({"allowed": allowed})));
        };
        let policy = policy(&config.policy, new)?;
        if !policy.images.allows(image) {
            let message = format!(
                "image: the policy {:?} does not allow the image {image:?}.",
                policy.name
            );
            return Err(Fault::new(ErrorCode::UnknownImage, message));
        }
        let now = crate::store::now();
        Ok(SessionRow {
            id: SessionId::new().to_string(),
            tenant_id: caller.tenant.to_string(),
            user_id: caller.user.to_string(),
            name: new.name.clone().unwrap_or_else(|| "session".into()),
            image: image.into(),
            image_digest: info.digest.clone(),
            policy: policy.to_toml(),
            project_id: new.project.map(|id| id.to_string()),
            notebook_id: new.notebook.map(|id| id.to_string()),
            standing: "live".into(),
            checkpoint_id: None,
            secrets: SessionRow::grants(&new.secrets),
            created_at: now.clone(),
            last_activity: now,
            // Rounded up, for a session shall not end before its time.
            lifetime: policy.limits.lifetime.as_millis().div_ceil(1000) as i64,
            lived: 0,
            once: i64::from(new.once),
        })
    }
}

/// Returns the policy of a new session: what was asked for, within the service's own.
fn policy(ceiling: &str, new: &NewSession) -> Result<Policy, Fault> {
    let profile = |name: &str| {
        Policy::profile(name).map_err(|error| {
            Fault::new(ErrorCode::UnknownPolicy, format!("policy: {error}."))
                .with_details(serde_json::json!({"allowed": Policy::profiles()}))
        })
    };
    let ceiling = profile(ceiling)?;
    let mut wanted = match &new.policy {
        Some(name) => profile(name)?,
        None => ceiling.clone(),
    };
    for (name, value) in &new.limits {
        wanted.limits.set(name, value).map_err(|error| {
            let mut fault = Fault::new(
                ErrorCode::LimitOutOfRange,
                format!("limits.{name}: {error}."),
            );
            fault.errors.push(FieldError {
                field: format!("limits.{name}"),
                message: error.to_string(),
            });
            fault
        })?;
    }
    Ok(ceiling.meet(&wanted).policy)
}

/// Puts files into the home of a session that has not begun, so that nobody else is in there.
pub(super) fn place(home: &std::path::Path, files: Vec<NewFile>) -> Result<(), Fault> {
    let fail = |path: &FilePath, error: std::io::Error| {
        if is_full(&error) || out_of_room(&error) {
            return Fault::disk(error);
        }
        let message = format!("{} cannot be written: {error}.", path.as_str());
        Fault::new(ErrorCode::PathRefused, message)
    };
    for file in files {
        let path = match &file {
            NewFile::Bytes(path, _) | NewFile::Upload(path, _) => path.clone(),
        };
        let target = home.join(path.as_str());
        let folder = target.parent().unwrap_or(home);
        std::fs::create_dir_all(folder).map_err(|error| fail(&path, error))?;
        match file {
            NewFile::Bytes(_, bytes) => std::fs::write(&target, bytes),
            NewFile::Upload(_, from) => std::fs::rename(from, &target),
        }
        .map_err(|error| fail(&path, error))?;
    }
    Ok(())
}
