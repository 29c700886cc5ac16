-- Sessions, what they ran, and the states that can be gone back to.
create table sessions (
    id text primary key not null,
    tenant_id text not null,
    user_id text not null,
    name text not null,
    image text not null,
    image_digest text not null,
    policy text not null,
    project_id text,
    notebook_id text,
    -- 'live', or 'dead' when it was deleted.
    standing text not null,
    -- The last state that is stored; none before the first cell.
    checkpoint_id text,
    created_at text not null,
    last_activity text not null
) strict;
create index sessions_of_tenant on sessions (tenant_id, id);

create table executions (
    id text primary key not null,
    tenant_id text not null,
    session_id text not null references sessions (id),
    cell_id text,
    code text not null,
    code_hash text not null,
    -- 'queued', 'running', 'ok', 'error', 'interrupted', 'limit', 'killed', 'lost'.
    status text not null,
    execution_count integer,
    first_seq integer,
    last_seq integer,
    checkpoint_before text,
    checkpoint_after text,
    -- What it used, as JSON.
    usage text,
    -- What went wrong, as JSON.
    error text,
    created_at text not null,
    started_at text,
    finished_at text
) strict;
create index executions_of_session on executions (session_id, id);

create table checkpoints (
    id text primary key not null,
    tenant_id text not null,
    session_id text not null references sessions (id),
    execution_id text,
    cell_id text,
    label text,
    image text not null,
    pages integer not null,
    execution_count integer not null,
    created_at text not null
) strict;
create index checkpoints_of_session on checkpoints (session_id, created_at);

-- How often a worker process ended while it ran this code.
create table strikes (
    tenant_id text not null,
    code_hash text not null,
    count integer not null,
    primary key (tenant_id, code_hash)
) strict;
