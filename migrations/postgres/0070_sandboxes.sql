-- Sandboxes, as clients of E2B have them: a project, and sessions whose home it is.
create table sandboxes (
    -- Whoever knows it reaches the list of its contexts.
    id text primary key not null,
    tenant_id text not null,
    -- Whose it is, and the key with which they came: a token of the sandbox counts no longer than that.
    user_id text not null,
    key_prefix text,
    project_id text not null,
    -- What it was made from, as it was asked for.
    template text not null,
    image text not null,
    -- 'making', then 'running', 'paused' or 'snapshot', and 'ended' while what it had is being removed.
    standing text not null,
    -- Its token and its environment variables, as JSON, encrypted for this row alone.
    sealed bytea not null,
    -- What its maker notes about it, as JSON.
    metadata text not null,
    -- The name of a snapshot, and the sandbox that it is of.
    name text,
    origin text,
    -- 'kill' or 'pause', and whether a request wakes one that is paused.
    on_timeout text not null,
    auto_resume bigint not null,
    started_at text not null,
    ends_at text not null
);
create index sandboxes_of_tenant on sandboxes (tenant_id, standing, started_at, id);
create index sandboxes_by_end on sandboxes (standing, ends_at);

-- The sessions in which a sandbox runs code; the first is the one that is used where none is named.
create table sandbox_contexts (
    id text primary key not null,
    sandbox_id text not null references sandboxes (id),
    cwd text not null
);
create index contexts_of_sandbox on sandbox_contexts (sandbox_id, id);
