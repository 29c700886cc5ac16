//! The service over HTTP; modules mirror the addresses.

mod archives;
mod audit;
mod basics;
mod crashes;
mod downloads;
mod executions;
mod files;
mod forks;
mod hostile_files;
mod idempotency;
mod keys;
mod limits;
mod notebook_files;
mod notebook_runs;
mod notebooks;
mod one_shot;
mod operations;
mod projects;
mod roles;
mod sessions;
mod tenants;
mod uploads;
