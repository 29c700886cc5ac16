-- Tenants, their people and keys, what they may use, and the record of what was done.
create table tenants (
    id text primary key not null,
    name text not null unique,
    -- 'active', or 'suspended': nobody of it may come in.
    standing text not null,
    created_at text not null
);

create table users (
    id text primary key not null,
    tenant_id text not null references tenants (id),
    name text not null,
    role text not null,
    standing text not null,
    created_at text not null
);
create unique index users_by_name on users (tenant_id, name);

create table keys (
    id text primary key not null,
    tenant_id text not null references tenants (id),
    user_id text not null references users (id),
    name text not null,
    -- The part of the key that may be seen; it finds the row.
    prefix text not null unique,
    -- Argon2id of the whole key, in the PHC form.
    hash text not null,
    -- A JSON list; none for all that the user's role includes.
    scopes text,
    created_at text not null,
    expires_at text,
    last_used_at text
);
create index keys_of_tenant on keys (tenant_id, id);

-- What was set for a tenant; what is null is as configured.
create table quotas (
    tenant_id text primary key not null references tenants (id),
    sessions bigint,
    cells_at_once bigint,
    memory bigint,
    disk bigint,
    fuel_per_day bigint
);

create table fuel (
    tenant_id text not null references tenants (id),
    -- A UTC day, as 2026-01-31.
    day text not null,
    used bigint not null,
    primary key (tenant_id, day)
);

-- Answers to creating requests, kept so that a repeated request is done once.
create table idempotency (
    tenant_id text not null references tenants (id),
    user_id text not null,
    key text not null,
    -- Hash of method, address and body.
    request text not null,
    -- The process that took the request: what it did not finish nobody will.
    process text not null,
    -- 'running', 'kept', or 'unkept' when the answer cannot be repeated.
    progress text not null,
    status bigint,
    -- A JSON object of the headers that are repeated.
    headers text,
    body bytea,
    created_at text not null,
    primary key (tenant_id, user_id, key)
);
create index idempotency_by_age on idempotency (tenant_id, created_at);

-- The audit log. Rows are chained by `mac`; `cellblock audit verify` follows the chain.
create table audit (
    tenant_id text not null,
    seq bigint not null,
    time text not null,
    user_id text,
    key_prefix text,
    address text,
    action text not null,
    what text not null,
    outcome text not null,
    code_hash text,
    session_id text,
    checkpoint_id text,
    fuel bigint,
    mac text not null,
    primary key (tenant_id, seq)
);

-- A hand that slips changes nothing; one that means it is found by the chain.
create function audit_refuses() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is append-only';
end
$$;
create trigger audit_keeps_rows before update or delete on audit
for each row execute function audit_refuses();
