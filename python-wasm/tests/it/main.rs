//! The library on the real interpreter.

mod cells;
mod checkpoints;
mod cpu;
mod door;
mod files;
mod guest;
mod harness;
mod images;
mod many;
mod memory;
mod output;
mod requests;
mod stack;
mod system;
mod undone;
