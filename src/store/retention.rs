//! What is named still, and what has become too old or too much, as rows.

use super::Store;
use super::sessions::SessionRow;
use crate::error_code::Fault;
use crate::id::TenantId;

/// Rows that are removed in one step: others wait for the writer meanwhile.
const BATCH: i64 = 1000;

/// The id of something.
#[derive(Debug, sqlx::FromRow)]
struct Named {
    id: String,
}

/// The state that a session is in.
#[derive(Debug, sqlx::FromRow)]
struct Current {
    checkpoint_id: Option<String>,
}

/// A session that has too many of something.
#[derive(Debug, sqlx::FromRow)]
struct Crowded {
    session_id: String,
}

impl Store {
    /// Returns the names of all states that the tenant can come back to.
    ///
    /// The two questions are asked one after the other. A name that moves from one answer to the other
    /// in between may be missed; whoever sweeps asks twice before anything goes.
    pub(crate) async fn named_checkpoints(&self, tenant: TenantId) -> Result<Vec<String>, Fault> {
        let tenant = tenant.to_string();
        let current = rows!(
            self,
            Current,
            "select checkpoint_id from sessions where tenant_id = $1 and checkpoint_id is not null",
            tenant
        )?;
        let kept = rows!(
            self,
            Named,
            "select id from checkpoints where tenant_id = $1",
            tenant
        )?;
        let current = current.into_iter().filter_map(|row| row.checkpoint_id);
        Ok(current.chain(kept.into_iter().map(|row| row.id)).collect())
    }

    /// Forgets the oldest checkpoints of the tenant's sessions that have more than `most`: neither those with a
    /// label nor the one that a session is in.
    pub(crate) async fn forget_checkpoints_beyond(
        &self,
        tenant: TenantId,
        most: i64,
    ) -> Result<u64, Fault> {
        let tenant = tenant.to_string();
        let crowded = rows!(
            self,
            Crowded,
            "select session_id from checkpoints where tenant_id = $1 and label is null
             group by session_id having count(*) > $2",
            tenant,
            most
        )?;
        let mut forgotten = 0;
        for Crowded { session_id } in crowded {
            // Those that stay come from those that do, past what goes.
            for _ in 0..BATCH {
                let moved = run!(
                    self,
                    "update checkpoints set parent_id = (select gone.parent_id from checkpoints gone
                        where gone.tenant_id = $1 and gone.session_id = $2 and gone.id = checkpoints.parent_id)
                     where tenant_id = $1 and session_id = $2
                        and (label is not null
                            or id in (select id from checkpoints where tenant_id = $1 and session_id = $2 and label is null
                                order by created_at desc, id limit $3)
                            or id in (select checkpoint_id from sessions where tenant_id = $1 and checkpoint_id is not null))
                        and parent_id in (select id from checkpoints where tenant_id = $1 and session_id = $2 and label is null
                            and id not in (select id from checkpoints where tenant_id = $1 and session_id = $2 and label is null
                                order by created_at desc, id limit $3)
                            and id not in (select checkpoint_id from sessions where tenant_id = $1 and checkpoint_id is not null))",
                    tenant,
                    session_id,
                    most
                )?;
                if moved == 0 {
                    break;
                }
            }
            forgotten += run!(
                self,
                "delete from checkpoints where tenant_id = $1 and session_id = $2 and label is null
                    and id not in (select id from checkpoints where tenant_id = $1 and session_id = $2 and label is null
                        order by created_at desc, id limit $3)
                    and id not in (select checkpoint_id from sessions where tenant_id = $1 and checkpoint_id is not null)",
                tenant,
                session_id,
                most
            )?;
        }
        Ok(forgotten)
    }

    /// Forgets executions that ended before `oldest`, of each session all but the newest `most`, and
    /// sessions that ended before then and have none left.
    pub(crate) async fn forget_executions(&self, oldest: &str, most: i64) -> Result<(), Fault> {
        loop {
            let forgotten = run!(
                self,
                "delete from executions where id in (select id from executions where finished_at < $1 limit $2)",
                oldest,
                BATCH
            )?;
            if forgotten < BATCH.unsigned_abs() {
                break;
            }
        }
        let crowded = rows!(
            self,
            Crowded,
            "select session_id from executions group by session_id having count(*) > $1",
            most
        )?;
        for Crowded { session_id } in crowded {
            run!(
                self,
                "delete from executions where session_id = $1 and finished_at is not null
                    and id <= (select id from executions where session_id = $1 order by id desc limit 1 offset $2)",
                session_id,
                most
            )?;
        }
        run!(
            self,
            "delete from sessions where standing = 'dead' and last_activity < $1
                and not exists (select 1 from executions where executions.session_id = sessions.id)",
            oldest
        )?;
        Ok(())
    }

    /// Counts that all sessions have lived so many seconds more, and returns some whose lifetime is over.
    pub(crate) async fn let_sessions_live(&self, seconds: i64) -> Result<Vec<SessionRow>, Fault> {
        run!(
            self,
            "update sessions set lived = lived + $1 where standing = 'live'",
            seconds
        )?;
        rows!(
            self,
            SessionRow,
            "select * from sessions where standing = 'live' and lived >= lifetime order by id limit 100"
        )
    }

    /// Returns the ids of the tenant's sessions that have not ended.
    pub(crate) async fn live_session_ids(&self, tenant: TenantId) -> Result<Vec<String>, Fault> {
        let tenant = tenant.to_string();
        let live = rows!(
            self,
            Named,
            "select id from sessions where tenant_id = $1 and standing = 'live'",
            tenant
        )?;
        Ok(live.into_iter().map(|row| row.id).collect())
    }
}
