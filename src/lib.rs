//! Cellblock runs Jupyter notebooks whose code nobody has to trust, inside CPython compiled to
//! WebAssembly. This crate is its command line; the sandbox itself is the crate `python-wasm`.
//!
//! # The rooms
//! | module | what it holds |
//! | --- | --- |
//! | `cli` | the commands, their arguments, and the table of exit codes |
//! | `notebook` | notebooks as documents: reading, upgrading, percent scripts, parameters, outputs |
//! | `runner` | runs a notebook's cells in a session |
//! | `agent` | agents, who speak the Model Context Protocol |
//! | `backup` | copies of the service's data folder, and back |
//! | `folder` | the private copy of a notebook's folder, and what a run changed in it |
//! | `bench` | measures the sandbox on this machine |
//! | `doctor` | checks this machine |
//! | `text` | text from outside, made safe for a terminal |

mod agent;
mod backup;
mod bench;
mod cli;
mod clock;
mod config;
mod descriptors;
mod disk;
mod doctor;
mod e2b;
mod environment;
mod error_code;
mod file;
mod folder;
mod http;
mod id;
mod jupyter;
mod layout;
mod log_sink;
mod news;
mod notebook;
mod runner;
mod secret;
mod service;
mod session;
mod store;
mod telemetry;
mod template;
mod tenant;
mod text;
mod worker;

pub use cli::main;
