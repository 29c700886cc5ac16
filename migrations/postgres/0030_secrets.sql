-- Secrets of projects, sealed with a key that is not in the database, and which sessions were granted some.
create table secrets (
    tenant_id text not null,
    project_id text not null references projects (id),
    name text not null,
    -- A random number, and the value encrypted with it for this row alone.
    sealed bytea not null,
    created_at text not null,
    modified_at text not null,
    primary key (tenant_id, project_id, name)
);

-- A JSON list of names.
alter table sessions add column secrets text;
