//! Calls about processes: command lines that the guest does.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::{Value, json};

use super::connect::{Request, answered, stream_of, timeout};
use super::revoked;
use super::visit::Visited;
use crate::e2b::Variables;
use crate::e2b::process::{Command, Following, Process, Step, encoded};
use crate::error_code::{ErrorCode, Fault};
use crate::http::extract::{May, Run};
use crate::http::json::parse;
use crate::http::{Answer, App};
use crate::store::sandboxes::SandboxRow;
use crate::tenant::Caller;

/// What is to be started.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Start {
    process: Config,
    pty: Option<Value>,
    tag: Option<String>,
    stdin: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    cmd: String,
    args: Vec<String>,
    envs: Variables,
    cwd: Option<String>,
}

/// Which process, and what for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    process: Selector,
    input: Input,
    signal: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Selector {
    pid: Option<u32>,
    tag: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Input {
    stdin: Option<String>,
    pty: Option<String>,
}

/// A message of a stream of input.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Streamed {
    start: Option<Asked>,
    data: Option<Asked>,
}

/// Does what is called.
pub(super) async fn call(
    State(app): State<App>,
    caller: May<Run>,
    Visited(sandbox): Visited,
    Path(call): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Response> {
    let request = Request::new(&method, &headers, body)?;
    let followed = match call.as_str() {
        "Start" => Some(start(&app, &caller.0, &sandbox, &request, &headers).await),
        "Connect" => Some(connect(&app, &sandbox, &request)),
        _ => None,
    };
    Ok(match followed {
        Some(Ok((process, following))) => shown(&process, following, revoked(app, caller.0)),
        Some(Err(fault)) => answered(Err(fault), request.streamed)?,
        None => answered(
            done(&app, &sandbox, &call, &request).await,
            request.streamed,
        )?,
    })
}

async fn start(
    app: &App,
    caller: &Caller,
    sandbox: &SandboxRow,
    request: &Request,
    headers: &HeaderMap,
) -> Result<(std::sync::Arc<Process>, Following), Fault> {
    let asked: Start = request.message()?;
    if asked.pty.is_some() {
        return Err(no_terminal());
    }
    let Config {
        cmd,
        args,
        envs,
        cwd,
    } = asked.process;
    if cmd.is_empty() {
        return Err(Fault::field("process.cmd", "it is missing"));
    }
    let command = Command {
        program: cmd,
        arguments: args,
        variables: envs,
        cwd: cwd.filter(|cwd| !cwd.is_empty()),
        tag: asked.tag,
        stdin: asked.stdin.unwrap_or(true),
        timeout: timeout(headers),
    };
    let process = app.sandboxes.start(caller, sandbox, command).await?;
    let following = process.follow(false);
    Ok((process, following))
}

fn connect(
    app: &App,
    sandbox: &SandboxRow,
    request: &Request,
) -> Result<(std::sync::Arc<Process>, Following), Fault> {
    let asked: Asked = request.message()?;
    let process = of(app, sandbox, &asked.process)?;
    let following = process.follow(true);
    Ok((process, following))
}

async fn done(
    app: &App,
    sandbox: &SandboxRow,
    call: &str,
    request: &Request,
) -> Result<Value, Fault> {
    match call {
        "List" => {
            let running = app.sandboxes.processes.of(&sandbox.id);
            let processes: Vec<Value> = running.iter().map(|process| listed(process)).collect();
            Ok(json!({"processes": processes}))
        }
        "SendInput" => {
            let asked: Asked = request.message()?;
            send(&*of(app, sandbox, &asked.process)?, &asked.input).await
        }
        "StreamInput" => {
            let mut to = None;
            for message in request.messages()? {
                let message: Streamed = parse(&message)?;
                if let Some(start) = message.start {
                    to = Some(of(app, sandbox, &start.process)?);
                }
                if let Some(data) = message.data {
                    let none = || Fault::field("start", "the stream does not begin with it");
                    send(to.as_ref().ok_or_else(none)?, &data.input).await?;
                }
            }
            Ok(json!({}))
        }
        "CloseStdin" => {
            let asked: Asked = request.message()?;
            of(app, sandbox, &asked.process)?.close_input().await?;
            Ok(json!({}))
        }
        "SendSignal" => {
            let asked: Asked = request.message()?;
            let known = ["SIGNAL_SIGKILL", "SIGNAL_SIGTERM"];
            let number = asked.signal.as_u64();
            let named = asked.signal.as_str();
            if !named.is_some_and(|name| known.contains(&name)) && !matches!(number, Some(9 | 15)) {
                let message = "A process can be sent SIGKILL and SIGTERM.";
                return Err(Fault::new(ErrorCode::NotOffered, message));
            }
            of(app, sandbox, &asked.process)?.kill().await;
            Ok(json!({}))
        }
        "Update" => Err(no_terminal()),
        other => {
            let other = crate::text::line(other, 40);
            let message = format!("There is no call {other:?} of processes here.");
            Err(Fault::new(ErrorCode::NotOffered, message))
        }
    }
}

async fn send(process: &Process, input: &Input) -> Result<Value, Fault> {
    if input.pty.is_some() {
        return Err(no_terminal());
    }
    let text = input.stdin.as_deref().unwrap_or_default();
    let bytes = data_encoding::BASE64.decode(text.as_bytes());
    let bytes =
        bytes.map_err(|error| Fault::field("input.stdin", format!("it is no base64: {error}")))?;
    process.send(&bytes).await?;
    Ok(json!({}))
}

fn of(app: &App, sandbox: &SandboxRow, which: &Selector) -> Result<std::sync::Arc<Process>, Fault> {
    app.sandboxes
        .process(sandbox, which.pid, which.tag.as_deref())
}

fn listed(process: &Process) -> Value {
    let command = &process.command;
    let mut config =
        json!({"cmd": command.program, "args": command.arguments, "envs": command.variables});
    if let Some(cwd) = &command.cwd {
        config["cwd"] = json!(cwd);
    }
    let mut listed = json!({"config": config, "pid": process.id});
    if let Some(tag) = &command.tag {
        listed["tag"] = json!(tag);
    }
    listed
}

/// Tells what a process shows, until it has ended or whoever asked goes away.
fn shown(
    process: &Process,
    following: Following,
    revoked: impl Future<Output = ()> + Send + 'static,
) -> Response {
    let beginning = json!({"event": {"start": {"pid": process.id}}});
    let steps = stream::unfold(
        (Some(beginning), following),
        |(beginning, mut following)| async move {
            let message = match beginning {
                Some(beginning) => beginning,
                None => told(following.next().await?),
            };
            Some((Ok(message), (None, following)))
        },
    );
    stream_of(steps.take_until(revoked))
}

fn told(step: Step) -> Value {
    let event = match step {
        Step::Stdout(text) => json!({"data": {"stdout": encoded(&text)}}),
        Step::Stderr(text) => json!({"data": {"stderr": encoded(&text)}}),
        Step::End(end) => {
            let mut told =
                json!({"exitCode": end.code, "exited": end.code >= 0, "status": end.status});
            if let Some(error) = end.error {
                told["error"] = json!(error);
            }
            json!({"end": told})
        }
    };
    json!({"event": event})
}

fn no_terminal() -> Fault {
    let message = "There are no terminals here: a command line has its output as streams.";
    Fault::new(ErrorCode::NotOffered, message)
}
