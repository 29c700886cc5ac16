//! A private PostgreSQL server: one for all tests of this program that run on PostgreSQL, and
//! others for tests that do something to it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

/// Where a database is, if it is not to be a file in the data folder: `postgres`.
const STORE: &str = "TEST_STORE";

/// A running server. It ends with its input: when this is dropped, or when the tests end in
/// whatever way.
pub struct Postgres {
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// The process id of the server itself.
    pub pid: u32,
    made: usize,
}

impl Postgres {
    /// Starts a server.
    pub fn start() -> Self {
        let mut process = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/postgres"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the script starts");
        let mut answers = BufReader::new(process.stdout.take().expect("it is a pipe"));
        let pid = line(&mut answers).parse().expect("a process id");
        Self {
            requests: process.stdin.take(),
            process,
            answers,
            pid,
            made: 0,
        }
    }

    /// Makes an empty database and returns its URL.
    pub fn database(&mut self) -> String {
        self.made += 1;
        let requests = self.requests.as_mut().expect("it is open until the end");
        writeln!(requests, "test{}", self.made).expect("the script runs");
        line(&mut self.answers)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.requests.take());
        let _ = self.process.wait();
    }
}

fn line(answers: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    answers.read_line(&mut line).expect("it is text");
    assert!(
        line.ends_with('\n'),
        "the PostgreSQL server has ended; what it said is above"
    );
    line.trim_end().to_owned()
}

/// Returns the URL of an empty database on the server that all tests share; nothing when they are
/// to run on SQLite.
pub fn chosen() -> Option<String> {
    static SHARED: LazyLock<Mutex<Postgres>> = LazyLock::new(|| Mutex::new(Postgres::start()));
    match std::env::var(STORE).as_deref() {
        Ok("postgres") => {
            let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
            Some(shared.database())
        }
        Ok("sqlite") | Err(_) => None,
        Ok(other) => panic!("{STORE} is {other:?}; it may be sqlite or postgres"),
    }
}
