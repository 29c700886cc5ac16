-- How long things are kept.

-- Seconds that a session may exist, and has existed while the service ran.
alter table sessions add column lifetime integer not null default 86400;
alter table sessions add column lived integer not null default 0;

-- When a worker process ended last while it ran this code, and in which session.
alter table strikes add column last_at text not null default '';
alter table strikes add column session_id text;

create index executions_by_end on executions (finished_at);
