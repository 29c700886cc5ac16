-- Notebooks of the service. What is in them stands in files of their projects.
create table notebooks (
    id text primary key not null,
    tenant_id text not null,
    project_id text not null,
    -- The file, as a path within the project.
    path text not null,
    name text not null,
    -- The number of the last change.
    revision integer not null,
    -- The revisions of its cells and what readers acknowledged, as JSON.
    tracking text not null,
    session_id text,
    created_at text not null,
    modified_at text not null,
    unique (tenant_id, project_id, path)
) strict;
create index notebooks_of_tenant on notebooks (tenant_id, id);
