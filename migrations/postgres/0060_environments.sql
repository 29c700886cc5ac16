-- Environments: places of a tenant's in which a program such as JupyterLab works on a project.
create table environments (
    id text primary key not null,
    tenant_id text not null,
    name text not null,
    -- What its kernels are unless another is asked for.
    image text not null,
    project_id text not null,
    created_at text not null
);
create index environments_of_tenant on environments (tenant_id, id);
