-- A checkpoint belongs to each session that can go back to it: the one that made it, and forks of that.
alter table checkpoints drop constraint checkpoints_pkey;
alter table checkpoints add primary key (session_id, id);
