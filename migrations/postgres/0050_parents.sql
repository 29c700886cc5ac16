-- The state that a session was in when it made a checkpoint: from the present one on, parents are the line that led to it.
alter table checkpoints add column parent_id text;
update checkpoints set parent_id = (
    select executions.checkpoint_before from executions
    where executions.session_id = checkpoints.session_id and executions.id = checkpoints.execution_id);
