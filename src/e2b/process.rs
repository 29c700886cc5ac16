//! Processes, as a sandbox's clients have them. There are none: each is a session of its own with the sandbox's files, in
//! which the guest does what a command line says. What it shows is in the session's log, where whoever follows it reads.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use python_wasm::Event as Message;
use python_wasm::jupyter_protocol::Stdio;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{HOME, Sandboxes, Variables, check_variables, context, path};
use crate::error_code::{ErrorCode, Fault};
use crate::id::ExecutionId;
use crate::session::{EventReader, Finished, Handle, Happening, Notice, Submission};
use crate::store::sandboxes::SandboxRow;
use crate::tenant::Caller;

/// Processes that a sandbox may have at once.
const MOST: usize = 20;

/// The number of the first one.
const FIRST: u32 = 1000;

/// Bytes that wait for a process to read them.
const INPUT: usize = 1 << 20;

/// What is to be started.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) variables: Variables,
    pub(crate) cwd: Option<String>,
    pub(crate) tag: Option<String>,
    /// It may be sent input.
    pub(crate) stdin: bool,
    /// How long it may take.
    pub(crate) timeout: Option<Duration>,
}

impl Command {
    /// Returns the line that a shell would be given.
    fn line(&self) -> String {
        let shell = self.program.rsplit('/').next();
        if matches!(shell, Some("bash" | "sh"))
            && let Some(place) = self.arguments.iter().position(|argument| argument == "-c")
            && let Some(line) = self.arguments.get(place + 1)
        {
            return line.clone();
        }
        let words = [&self.program].into_iter().chain(&self.arguments);
        let quoted: Vec<String> = words
            .map(|word| format!("'{}'", word.replace('\'', r"'\''")))
            .collect();
        quoted.join(" ")
    }
}

/// How a process ended.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) code: i64,
    pub(crate) status: String,
    pub(crate) error: Option<String>,
}

impl End {
    fn exited(code: i64) -> Self {
        let status = format!("exit status {code}");
        Self {
            error: (code != 0).then(|| status.clone()),
            code,
            status,
        }
    }

    /// Returns the end of one that was ended from outside.
    fn stopped(why: &str) -> Self {
        Self {
            code: -1,
            status: why.into(),
            error: Some(why.into()),
        }
    }
}

/// What happened to a process.
#[derive(Debug)]
pub(crate) enum Step {
    Stdout(String),
    Stderr(String),
    End(End),
}

/// What a process was sent and has not read.
#[derive(Default)]
struct Input {
    waiting: Vec<u8>,
    /// It asks for a line.
    asked: bool,
    closed: bool,
}

/// A process.
pub(crate) struct Process {
    pub(crate) id: u32,
    pub(crate) command: Command,
    sandbox: String,
    handle: Handle,
    execution: ExecutionId,
    /// Its events have larger numbers.
    after: u64,
    input: Mutex<Input>,
    killed: AtomicBool,
    ended: watch::Sender<Option<End>>,
}

/// The processes of all sandboxes.
#[derive(Default)]
pub(crate) struct Processes {
    running: Mutex<HashMap<u32, Arc<Process>>>,
    started: AtomicU32,
}

impl Processes {
    /// Returns the processes of a sandbox.
    pub(crate) fn of(&self, sandbox: &str) -> Vec<Arc<Process>> {
        let running = self.running.lock().expect("no holder panics");
        let mut own: Vec<_> = running
            .values()
            .filter(|process| process.sandbox == sandbox)
            .cloned()
            .collect();
        own.sort_by_key(|process| process.id);
        own
    }

    fn add(&self, process: &Arc<Process>) {
        let mut running = self.running.lock().expect("no holder panics");
        running.insert(process.id, Arc::clone(process));
    }

    fn remove(&self, id: u32) {
        let mut running = self.running.lock().expect("no holder panics");
        running.remove(&id);
    }

    /// Ends all processes of a sandbox.
    pub(super) async fn end_of(&self, sandbox: &str) {
        for process in self.of(sandbox) {
            process.kill().await;
        }
    }
}

impl Sandboxes {
    /// Starts a process in a sandbox. It goes on when whoever started it goes away.
    pub(crate) async fn start(
        self: &Arc<Self>,
        caller: &Caller,
        sandbox: &SandboxRow,
        command: Command,
    ) -> Result<Arc<Process>, Fault> {
        check_variables("process.envs", &command.variables)?;
        let cwd = path::inside(command.cwd.as_deref().unwrap_or(HOME))?;
        let turn = self.turn(&sandbox.id).await;
        if self.processes.of(&sandbox.id).len() >= MOST {
            let message = format!("A sandbox has at most {MOST} processes at once; end one.");
            return Err(Fault::new(ErrorCode::QuotaExceeded, message));
        }
        let mut variables = self.variables(sandbox)?;
        variables.extend(command.variables.clone());
        let handle = self.session(caller, sandbox, true).await?;
        let begun = async {
            let folder = path::outside(cwd.as_str());
            self.set_up(caller, variables, &handle, &folder).await?;
            let code = format!("command({})", context::text(&command.line()));
            let submission = Submission {
                allow_stdin: command.stdin,
                store_history: false,
                user_expressions: [("code".to_owned(), json!("_exit_code"))]
                    .into_iter()
                    .collect(),
                ..Submission::new(caller, context::guest(&code))
            };
            handle.execute(submission).await
        };
        let accepted = match begun.await {
            Ok(accepted) => accepted,
            Err(fault) => {
                self.forget(&handle).await;
                return Err(fault);
            }
        };
        let process = Arc::new(Process {
            id: FIRST + self.processes.started.fetch_add(1, Ordering::Relaxed),
            command,
            sandbox: sandbox.id.clone(),
            execution: accepted.execution,
            after: accepted.after,
            handle,
            input: Mutex::default(),
            killed: AtomicBool::new(false),
            ended: watch::Sender::new(None),
        });
        self.processes.add(&process);
        drop(turn);
        tokio::spawn(Arc::clone(self).mind(Arc::clone(&process)));
        // Whoever pauses or ends it from now on ends this process, too.
        if let Err(fault) = self.require_still(sandbox).await {
            process.kill().await;
            return Err(fault);
        }
        Ok(process)
    }

    /// Gives a process what it asks for until it ends, then removes its session.
    async fn mind(self: Arc<Self>, process: Arc<Process>) {
        let end = match process.command.timeout {
            None => process.attend().await,
            Some(timeout) => match tokio::time::timeout(timeout, process.attend()).await {
                Ok(end) => end,
                Err(_) => {
                    process.kill().await;
                    process.attend().await
                }
            },
        };
        process.ended.send_replace(Some(end));
        self.processes.remove(process.id);
        self.forget(&process.handle).await;
    }

    async fn forget(&self, handle: &Handle) {
        if let Err(fault) = self.sessions.delete(handle.tenant, handle.id).await
            && fault.code != ErrorCode::SessionDead
        {
            tracing::warn!(session = %handle.id, %fault, "the session of a process could not be removed");
        }
    }

    /// Returns a sandbox's process by its number or its tag.
    pub(crate) fn process(
        &self,
        sandbox: &SandboxRow,
        id: Option<u32>,
        tag: Option<&str>,
    ) -> Result<Arc<Process>, Fault> {
        let named = |process: &Arc<Process>| match (id, tag) {
            (Some(id), _) => process.id == id,
            (None, Some(tag)) => process.command.tag.as_deref() == Some(tag),
            (None, None) => false,
        };
        let found = self.processes.of(&sandbox.id).into_iter().find(named);
        found.ok_or_else(|| {
            let message = match (id, tag) {
                (Some(id), _) => format!("There is no process {id}; it may have ended."),
                (None, Some(tag)) => {
                    format!(
                        "There is no process of the tag {:?}.",
                        crate::text::line(tag, 80)
                    )
                }
                (None, None) => "The request names no process.".into(),
            };
            Fault::new(ErrorCode::ProcessNotFound, message)
        })
    }
}

impl Process {
    /// Returns what happens to it: from its beginning, or from now on.
    pub(crate) fn follow(&self, from_now: bool) -> Following {
        let after = match from_now {
            true => self.handle.log().last(),
            false => self.after,
        };
        Following {
            events: self.handle.events(after),
            execution: self.execution,
            ended: self.ended.subscribe(),
            over: false,
        }
    }

    /// Ends it.
    pub(crate) async fn kill(&self) {
        self.killed.store(true, Ordering::Release);
        self.handle.cancel(self.execution).await;
    }

    /// Gives it bytes to read.
    pub(crate) async fn send(&self, bytes: &[u8]) -> Result<(), Fault> {
        let refuse = |message| Err(Fault::new(ErrorCode::NoInputAwaited, message));
        if !self.command.stdin {
            return refuse("The process was started without stdin; start it with `stdin=True`.");
        }
        {
            let mut input = self.input.lock().expect("no holder panics");
            if input.closed {
                return refuse("The stdin of the process is closed.");
            }
            if input.waiting.len() + bytes.len() > INPUT {
                return refuse("More than 1 MiB of input waits for the process.");
            }
            input.waiting.extend_from_slice(bytes);
        }
        self.feed().await
    }

    /// Tells it that nothing more comes.
    pub(crate) async fn close_input(&self) -> Result<(), Fault> {
        self.input.lock().expect("no holder panics").closed = true;
        self.feed().await
    }

    /// Answers what it asks for, if there is an answer.
    async fn feed(&self) -> Result<(), Fault> {
        let line = {
            let mut input = self.input.lock().expect("no holder panics");
            if !input.asked {
                return Ok(());
            }
            let end = input.waiting.iter().position(|byte| *byte == b'\n');
            let line = match (end, input.closed) {
                (Some(end), _) => {
                    let line: Vec<u8> = input.waiting.drain(..=end).collect();
                    Some(line[..end].to_vec())
                }
                (None, true) if input.waiting.is_empty() => None,
                (None, true) => Some(std::mem::take(&mut input.waiting)),
                (None, false) => return Ok(()),
            };
            input.asked = false;
            line
        };
        let line = line.map(|line| String::from_utf8_lossy(&line).into_owned());
        self.handle.input(line).await
    }

    /// Answers what it asks for, until it has ended.
    async fn attend(&self) -> End {
        let mut events = self.handle.events(self.after);
        while let Ok(Some(recorded)) = events.next().await {
            let Ok(event) = recorded.event() else {
                continue;
            };
            if event.draft.execution_id != Some(self.execution) {
                continue;
            }
            match event.draft.happening {
                Happening::Kernel(Message::InputRequest(_)) => {
                    self.input.lock().expect("no holder panics").asked = true;
                    if let Err(fault) = self.feed().await {
                        tracing::debug!(%fault, "input came too late for a process");
                    }
                }
                Happening::Notice(Notice::Finished(finished)) => {
                    return match self.killed.load(Ordering::Acquire) {
                        true => End::stopped("signal: killed"),
                        false => end_of(&finished),
                    };
                }
                Happening::Kernel(_) | Happening::Notice(_) => {}
            }
        }
        End::stopped("signal: killed")
    }
}

/// What happens to a process, one step after the other.
pub(crate) struct Following {
    events: EventReader,
    execution: ExecutionId,
    ended: watch::Receiver<Option<End>>,
    over: bool,
}

impl Following {
    /// Returns the next step; nothing after its end.
    pub(crate) async fn next(&mut self) -> Option<Step> {
        if self.over {
            return None;
        }
        while let Ok(Some(recorded)) = self.events.next().await {
            let Ok(event) = recorded.event() else {
                continue;
            };
            if event.draft.execution_id != Some(self.execution) {
                continue;
            }
            match event.draft.happening {
                Happening::Kernel(Message::Stream(stream)) => {
                    return Some(match stream.name {
                        Stdio::Stdout => Step::Stdout(stream.text),
                        Stdio::Stderr => Step::Stderr(stream.text),
                    });
                }
                Happening::Kernel(Message::Error(error)) => {
                    let text = format!("{}: {}\n", error.ename, error.evalue);
                    return Some(Step::Stderr(text));
                }
                Happening::Notice(Notice::Finished(_)) => break,
                Happening::Kernel(_) | Happening::Notice(_) => {}
            }
        }
        self.over = true;
        let ended = self.ended.wait_for(Option::is_some).await;
        let end = ended.ok().and_then(|end| end.clone());
        Some(Step::End(
            end.unwrap_or_else(|| End::stopped("signal: killed")),
        ))
    }
}

/// Returns how a command line ended, by what its session says.
fn end_of(finished: &Finished) -> End {
    let text = |name: &str| finished.error.get(name).and_then(Value::as_str);
    match finished.outcome.as_str() {
        "ok" => {
            let code = finished.user_expressions.get("code");
            let code = code.and_then(|code| code["data"]["text/plain"].as_str());
            End::exited(code.and_then(|code| code.parse().ok()).unwrap_or(0))
        }
        "error" => End::exited(1),
        _ => {
            let why = text("message").or_else(|| text("evalue"));
            End::stopped(why.unwrap_or("signal: killed"))
        }
    }
}

/// Bytes as streams of processes have them.
pub(crate) fn encoded(text: &str) -> String {
    data_encoding::BASE64.encode(text.as_bytes())
}
