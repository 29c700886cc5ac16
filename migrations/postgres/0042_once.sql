-- 1 for a session of one execution: nobody asks for it again when the service ends before it does.
alter table sessions add column once bigint not null default 0;
