//! `cellblock doctor`: shows the checks of this machine, line by line.

use std::process::ExitCode;

use super::{Failure, say};
use crate::doctor::{self, State};

pub(super) async fn run() -> Result<ExitCode, Failure> {
    let mut worst = State::Ok;
    let mut tell = |check: doctor::Check| {
        worst = worst.max(check.state);
        let state = match check.state {
            State::Ok => "ok  ",
            State::Warn => "warn",
            State::Fail => "FAIL",
        };
        say(&format!("{state}  {:<20} {}", check.name, check.found))?;
        let mut more = check.list.into_iter().chain(check.advice);
        more.try_for_each(|line| say(&format!("{:27}{line}", "")))
    };
    doctor::machine().into_iter().try_for_each(&mut tell)?;
    tell(doctor::session().await)?;
    Ok(ExitCode::from(match worst {
        State::Ok => 0,
        State::Warn => 1,
        State::Fail => 3,
    }))
}
