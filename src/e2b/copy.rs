//! Forks and snapshots: sandboxes in the state of another one, with copies of its files. A snapshot is one that nobody
//! runs, until a sandbox is made from it.

use super::life::put_to_sleep;
use super::{MOST, Sandboxes, end_in, short_name};
use crate::disk;
use crate::error_code::{ErrorCode, Fault};
use crate::id::TenantId;
use crate::session::NewForks;
use crate::store::sandboxes::{ContextRow, SandboxRow};
use crate::tenant::Caller;

/// Characters that the name of a snapshot may have.
const NAME: usize = 128;

impl Sandboxes {
    /// Makes a sandbox in the present state of another one.
    pub(crate) async fn fork(
        &self,
        caller: &Caller,
        from: &SandboxRow,
        seconds: u64,
    ) -> Result<SandboxRow, Fault> {
        let mut row = SandboxRow {
            image: from.image.clone(),
            metadata: from.metadata.clone(),
            on_timeout: from.on_timeout.clone(),
            auto_resume: from.auto_resume,
            ends_at: end_in(seconds)?,
            ..self.blank(caller, from.template.clone())?
        };
        self.seal(&mut row, self.variables(from)?)?;
        self.copy(caller, from, row).await
    }

    /// Keeps the present state of a sandbox under a name, or under its id alone; without `memory` its files only.
    pub(crate) async fn take_snapshot(
        &self,
        caller: &Caller,
        from: &SandboxRow,
        name: Option<String>,
        memory: bool,
    ) -> Result<SandboxRow, Fault> {
        if let Some(name) = &name {
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:".contains(letter);
            if name.is_empty() || name.len() > NAME || !name.chars().all(plain) {
                let message =
                    format!("it may have 1 to {NAME} letters, digits and the characters `-_./:`");
                return Err(Fault::field("name", message));
            }
        }
        let mut row = SandboxRow {
            image: from.image.clone(),
            standing: "snapshot".into(),
            name,
            origin: Some(from.id.clone()),
            ..self.blank(caller, from.template.clone())?
        };
        self.seal(&mut row, self.variables(from)?)?;
        let row = self.copy(caller, from, row).await?;
        for (context, handle) in self.contexts(&row).await? {
            if !memory {
                self.begin_anew(&row, &context, &handle).await?;
            }
            put_to_sleep(&handle).await?;
        }
        Ok(row)
    }

    /// Returns the tenant's snapshots, the newest first.
    pub(crate) async fn snapshots(&self, tenant: TenantId) -> Result<Vec<SandboxRow>, Fault> {
        let standings = ["snapshot", "snapshot"];
        self.store.sandboxes(tenant, standings, MOST).await
    }

    /// Returns the snapshot of an id or a name.
    pub(crate) async fn snapshot(
        &self,
        tenant: TenantId,
        named: &str,
    ) -> Result<Option<SandboxRow>, Fault> {
        let plain = named.strip_suffix(":default").unwrap_or(named);
        let by_id = match plain.parse() {
            Ok(id) => self.store.sandbox(&id).await?,
            Err(_) => None,
        };
        let owned = |row: &SandboxRow| row.tenant_id == tenant.to_string();
        match by_id.filter(|row| row.standing == "snapshot" && owned(row)) {
            Some(row) => Ok(Some(row)),
            None => match self.store.snapshot_named(tenant, named).await? {
                Some(row) => Ok(Some(row)),
                None => self.store.snapshot_named(tenant, plain).await,
            },
        }
    }

    /// Makes a new sandbox of this row, with the state and the files of another one.
    pub(super) async fn copy(
        &self,
        caller: &Caller,
        from: &SandboxRow,
        mut row: SandboxRow,
    ) -> Result<SandboxRow, Fault> {
        // Nobody finds it before it is whole; what a service leaves of it that ends meanwhile, its next start removes.
        let standing = std::mem::replace(&mut row.standing, "making".into());
        let project = self.add(caller, &mut row).await?;
        let made = async {
            let source = self.projects.folder(caller.tenant, from.project()?).await?;
            let target = self.layout.project(caller.tenant, project);
            let from_there = source.clone();
            let measuring = tokio::task::spawn_blocking(move || disk::measure_tree(&from_there));
            let (count, bytes) = measuring
                .await
                .map_err(Fault::internal)?
                .map_err(Fault::disk)?;
            self.files.require_room(caller.tenant, count, bytes).await?;
            let copying = tokio::task::spawn_blocking(move || disk::copy_tree(&source, &target));
            copying
                .await
                .map_err(Fault::internal)?
                .map_err(Fault::disk)?;
            for (context, parent) in self.contexts(from).await? {
                let new = NewForks {
                    name: Some(short_name(&row.id)),
                    project: Some(project),
                    ..NewForks::default()
                };
                let child = self.sessions.fork(caller, parent.id, new).await?;
                let context = ContextRow {
                    id: child.id.to_string(),
                    sandbox_id: row.id.clone(),
                    cwd: context.cwd,
                };
                self.store.add_context(&context).await?;
            }
            Ok(())
        };
        if let Err(fault) = made.await {
            return self.undone(row, fault).await;
        }
        row.standing = standing;
        match self.store.turn_sandbox(&row, "making").await? {
            true => Ok(row),
            false => Err(Fault::new(
                ErrorCode::SandboxNotFound,
                "The sandbox was removed while it was made.",
            )),
        }
    }
}
