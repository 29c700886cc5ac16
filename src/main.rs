//! The `cellblock` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    cellblock::main()
}
