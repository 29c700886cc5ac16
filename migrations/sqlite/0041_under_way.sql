-- The cells of a notebook that run or wait to run, as JSON; nothing when none does. What a service that
-- begins finds here was cut off when another ended.
alter table notebooks add column under_way text;
