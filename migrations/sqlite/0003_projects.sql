-- Projects, which are folders of files, and uploads on their way into them.
create table projects (
    id text primary key not null,
    tenant_id text not null,
    name text not null,
    description text not null,
    -- 'live', or 'deleted' while its files are being removed.
    standing text not null,
    created_at text not null,
    modified_at text not null
) strict;
create unique index projects_by_name on projects (tenant_id, name) where standing = 'live';
create index projects_of_tenant on projects (tenant_id, id);

-- How much of an upload is there is the length of its file; once it is in place there is no file.
create table uploads (
    id text primary key not null,
    tenant_id text not null,
    -- Where the file goes when it is whole; neither is set when an execution is to take it.
    project_id text,
    path text,
    length integer not null,
    -- The client's own metadata, as it was sent.
    metadata text not null,
    created_at text not null,
    expires_at text not null
) strict;
create index uploads_of_tenant on uploads (tenant_id, id);
create index uploads_by_end on uploads (expires_at);
