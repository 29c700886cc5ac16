//! `cellblock openapi`: the description of the service's API, for programs that make clients of it.

use std::process::ExitCode;

use super::{Failure, say};

pub(super) fn run() -> Result<ExitCode, Failure> {
    let document = crate::http::document().to_pretty_json();
    say(&document.map_err(Failure::sandbox)?)?;
    Ok(ExitCode::SUCCESS)
}
