-- What can be undone and redone in a notebook after a restart, a step a row, as JSON.
create table notebook_steps (
    tenant_id text not null,
    notebook_id text not null references notebooks (id) on delete cascade,
    -- Counts up in the order in which steps are made.
    number integer not null,
    step text not null,
    primary key (notebook_id, number)
) strict;
