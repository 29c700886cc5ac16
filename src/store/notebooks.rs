//! Notebooks as rows: where their files are, and what the files cannot say.

use super::Store;
use crate::error_code::Fault;
use crate::id::{NotebookId, ProjectId, TenantId};
use crate::notebook::StepsChange;

/// A notebook as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct NotebookRow {
    pub(crate) id: String,
    pub(crate) tenant_id: String,
    pub(crate) project_id: String,
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) revision: i64,
    pub(crate) session_id: Option<String>,
    /// The cells that run or wait to run, as JSON.
    pub(crate) under_way: Option<String>,
    pub(crate) created_at: String,
    pub(crate) modified_at: String,
}

/// A step of a notebook's history.
#[derive(Debug, sqlx::FromRow)]
struct StepRow {
    number: i64,
    step: String,
}

/// What the file of a notebook cannot say, as JSON.
#[derive(Debug, sqlx::FromRow)]
struct TrackingRow {
    tracking: String,
}

impl Store {
    /// Adds a notebook.
    pub(crate) async fn add_notebook(
        &self,
        row: &NotebookRow,
        tracking: &str,
    ) -> Result<(), Fault> {
        run!(
            self,
            "insert into notebooks (id, tenant_id, project_id, path, name, revision, tracking, session_id, created_at, modified_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            row.id, row.tenant_id, row.project_id, row.path, row.name, row.revision, tracking, row.session_id,
            row.created_at, row.modified_at
        )?;
        Ok(())
    }

    /// Returns a notebook of the tenant.
    pub(crate) async fn notebook(
        &self,
        tenant: TenantId,
        id: NotebookId,
    ) -> Result<Option<NotebookRow>, Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        row!(
            self,
            NotebookRow,
            "select id, tenant_id, project_id, path, name, revision, session_id, under_way, created_at, modified_at
             from notebooks where tenant_id = $1 and id = $2",
            tenant, id
        )
    }

    /// Returns the notebook whose file is at a path of a project.
    pub(crate) async fn notebook_at(
        &self,
        tenant: TenantId,
        project: ProjectId,
        path: &str,
    ) -> Result<Option<NotebookRow>, Fault> {
        let (tenant, project) = (tenant.to_string(), project.to_string());
        row!(
            self,
            NotebookRow,
            "select id, tenant_id, project_id, path, name, revision, session_id, under_way, created_at, modified_at
             from notebooks where tenant_id = $1 and project_id = $2 and path = $3",
            tenant, project, path
        )
    }

    /// Returns what the file of a notebook cannot say.
    pub(crate) async fn notebook_tracking(
        &self,
        row: &NotebookRow,
    ) -> Result<Option<String>, Fault> {
        let found = row!(
            self,
            TrackingRow,
            "select tracking from notebooks where tenant_id = $1 and id = $2",
            row.tenant_id,
            row.id
        )?;
        Ok(found.map(|row| row.tracking))
    }

    /// Returns notebooks of the tenant, or of one project, by their ids.
    pub(crate) async fn notebooks(
        &self,
        tenant: TenantId,
        project: &str,
        after: &str,
        most: i64,
    ) -> Result<Vec<NotebookRow>, Fault> {
        let tenant = tenant.to_string();
        rows!(
            self,
            NotebookRow,
            "select id, tenant_id, project_id, path, name, revision, session_id, under_way, created_at, modified_at
             from notebooks where tenant_id = $1 and ($2 = '' or project_id = $2) and id > $3 order by id limit $4",
            tenant, project, after, most
        )
    }

    /// Changes everything of a notebook that can change, and what is kept of its history.
    pub(crate) async fn save_notebook(
        &self,
        row: &NotebookRow,
        tracking: &str,
        steps: Option<&StepsChange>,
    ) -> Result<(), Fault> {
        let mut open = self.begin().await?;
        run_in!(
            &mut open,
            "update notebooks set path = $3, name = $4, revision = $5, tracking = $6, modified_at = $7, under_way = $8
             where tenant_id = $1 and id = $2",
            row.tenant_id, row.id, row.path, row.name, row.revision, tracking, row.modified_at,
            row.under_way
        )?;
        if let Some(steps) = steps {
            let (first, last) = (steps.first.cast_signed(), steps.last.cast_signed());
            run_in!(
                &mut open,
                "delete from notebook_steps where tenant_id = $1 and notebook_id = $2 and (number < $3 or number > $4)",
                row.tenant_id,
                row.id,
                first,
                last
            )?;
            for (number, step) in &steps.added {
                let number = number.cast_signed();
                run_in!(
                    &mut open,
                    "insert into notebook_steps (tenant_id, notebook_id, number, step) values ($1, $2, $3, $4)
                     on conflict (notebook_id, number) do update set step = excluded.step",
                    row.tenant_id,
                    row.id,
                    number,
                    step
                )?;
            }
        }
        open.commit().await
    }

    /// Notes the revision of a notebook that somebody is going to see before its file has it.
    pub(crate) async fn note_notebook_revision(
        &self,
        row: &NotebookRow,
        revision: i64,
    ) -> Result<(), Fault> {
        run!(
            self,
            "update notebooks set revision = $3 where tenant_id = $1 and id = $2",
            row.tenant_id,
            row.id,
            revision
        )?;
        Ok(())
    }

    /// Returns the steps of a notebook's history up to a number, in their order.
    pub(crate) async fn notebook_steps(
        &self,
        row: &NotebookRow,
        last: i64,
    ) -> Result<Vec<(u64, String)>, Fault> {
        let found = rows!(
            self,
            StepRow,
            "select number, step from notebook_steps
             where tenant_id = $1 and notebook_id = $2 and number <= $3 order by number",
            row.tenant_id,
            row.id,
            last
        )?;
        let steps = found.into_iter();
        Ok(steps
            .map(|row| (row.number.cast_unsigned(), row.step))
            .collect())
    }

    /// Notes that a notebook's file is elsewhere.
    pub(crate) async fn move_notebook(&self, row: &NotebookRow) -> Result<(), Fault> {
        run!(
            self,
            "update notebooks set path = $3, revision = $4 where tenant_id = $1 and id = $2",
            row.tenant_id,
            row.id,
            row.path,
            row.revision
        )?;
        Ok(())
    }

    /// Remembers the session in which a notebook's cells run.
    pub(crate) async fn set_notebook_session(
        &self,
        row: &NotebookRow,
        session: &str,
    ) -> Result<(), Fault> {
        run!(
            self,
            "update notebooks set session_id = $3 where tenant_id = $1 and id = $2",
            row.tenant_id,
            row.id,
            session
        )?;
        Ok(())
    }

    /// Removes a notebook.
    pub(crate) async fn remove_notebook(&self, row: &NotebookRow) -> Result<(), Fault> {
        run!(
            self,
            "delete from notebooks where tenant_id = $1 and id = $2",
            row.tenant_id,
            row.id
        )?;
        Ok(())
    }
}
