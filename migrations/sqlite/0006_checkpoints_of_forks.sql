-- A checkpoint belongs to each session that can go back to it: the one that made it, and forks of that.
alter table checkpoints rename to checkpoints_before;
drop index checkpoints_of_session;
create table checkpoints (
    id text not null,
    tenant_id text not null,
    session_id text not null references sessions (id),
    execution_id text,
    cell_id text,
    label text,
    image text not null,
    pages integer not null,
    execution_count integer not null,
    created_at text not null,
    primary key (session_id, id)
) strict;
insert into checkpoints (id, tenant_id, session_id, execution_id, cell_id, label, image, pages, execution_count, created_at)
select id, tenant_id, session_id, execution_id, cell_id, label, image, pages, execution_count, created_at from checkpoints_before;
drop table checkpoints_before;
create index checkpoints_of_session on checkpoints (session_id, created_at);
