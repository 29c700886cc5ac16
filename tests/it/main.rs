//! Tests of the command line against the real interpreter, and of the walls of the repository.

mod commands;
mod examples;
mod files;
mod inputs;
mod interrupts;
mod limits;
mod notebooks;
mod service;
mod support;
mod tidy;
