-- Documents that clients of Jupyter have open, each with its kernel: what they call sessions.
create table jupyter_sessions (
    id text primary key not null,
    tenant_id text not null,
    -- The kernel.
    session_id text not null,
    -- Where the document is, as the client names it.
    path text not null,
    name text not null,
    -- What it is: a notebook, a console, a file.
    kind text not null
) strict;
create index jupyter_sessions_of_tenant on jupyter_sessions (tenant_id, id);
