//! What a guest may ask, and the answers.

use std::time::Instant;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use wasmtime::{Caller, Extern, Linker};

use super::frame::{FRAME_BYTES, Frame};
use super::immortal;
use super::output::Verdict;
use super::table_calls;
use crate::columnar::{ReadCall, WriteCall};
use crate::comm::Buffer;
use crate::event::Event;
use crate::session::Host;
use crate::wasi::Guest;

/// A call of the guest, by the `op` of its header.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Call {
    /// What am I to do?
    Next {},
    /// Show this.
    Emit {
        r#type: String,
        content: Value,
        #[serde(default)]
        metadata: Map<String, Value>,
        /// The lengths of the pieces of the body.
        #[serde(default)]
        buffers: Vec<usize>,
    },
    /// Ask the user for a line.
    Input { prompt: String, password: bool },
    /// Why was I interrupted?
    Limit {},
    /// Make the objects at these addresses immortal; only while an image is built.
    Immortal {},
    /// This is the answer to the request.
    Reply { content: Value },
    /// Call a function of the embedding program.
    Tool {
        name: String,
        arguments: Map<String, Value>,
    },
    /// Read a Parquet or Feather file.
    TableRead(ReadCall),
    /// Write a Parquet or Feather file.
    TableWrite(WriteCall),
}

/// A refusal, which becomes an exception in the guest.
pub(super) struct Refusal {
    kind: &'static str,
    message: String,
}

impl Refusal {
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

/// Most binary parts of a message.
const BUFFERS: usize = 1024;

const OK: i32 = 0;
const FAULT: i32 = -2;
/// Fuel that a call costs besides what it moves.
const CALL_FUEL: u64 = 5000;

/// Adds the door to a linker.
pub(crate) fn add_to_linker(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        "host",
        "call",
        |mut caller: Caller<'_, Host>,
         (pointer, len, out_pointer, out_len): (u32, u32, u32, u32)| {
            Box::new(async move {
                let Some(request) = received(&mut caller, pointer, len) else {
                    return Ok(FAULT);
                };
                let answer = match request {
                    Ok(frame) => answer(&mut caller, frame).await,
                    Err(refusal) => refused(&refusal),
                };
                let bytes = answer.to_bytes();
                let delivered = deliver(&mut caller, &bytes, out_pointer, out_len).await?;
                Ok::<i32, wasmtime::Error>(delivered.map_or(FAULT, |()| OK))
            })
        },
    )?;
    Ok(())
}

/// Copies a frame out of the guest's memory; `None` when the guest named memory it has not.
fn received(
    caller: &mut Caller<'_, Host>,
    pointer: u32,
    len: u32,
) -> Option<Result<Frame, Refusal>> {
    let mut guest = Guest::of(caller).ok()?;
    guest.charge(CALL_FUEL + u64::from(len) / 8);
    let bytes = guest.bytes(pointer, len).ok()?;
    Some(Frame::parse(bytes).map_err(|error| Refusal::new("ValueError", error.to_string())))
}

/// Writes an answer into memory that the guest gives for it; `None` when that memory is none.
///
/// # Errors
/// The trap in which the guest's allocator ended: it was left in the middle of its work, so nothing
/// of this instance may run on.
async fn deliver(
    caller: &mut Caller<'_, Host>,
    bytes: &[u8],
    out_pointer: u32,
    out_len: u32,
) -> wasmtime::Result<Option<()>> {
    let Some(alloc) = caller.get_export("host_alloc").and_then(Extern::into_func) else {
        return Ok(None);
    };
    let alloc = alloc.typed::<u32, u32>(&mut *caller)?;
    let pointer = alloc.call_async(&mut *caller, bytes.len() as u32).await?;
    Ok(place(caller, bytes, pointer, out_pointer, out_len))
}

fn place(
    caller: &mut Caller<'_, Host>,
    bytes: &[u8],
    pointer: u32,
    out_pointer: u32,
    out_len: u32,
) -> Option<()> {
    if pointer == 0 {
        return None;
    }
    let mut guest = Guest::of(caller).ok()?;
    guest.write(pointer, bytes).ok()?;
    guest.write_u32(out_pointer, pointer).ok()?;
    guest.write_u32(out_len, bytes.len() as u32).ok()
}

fn refused(refusal: &Refusal) -> Frame {
    Frame::of(json!({"error": {"type": refusal.kind, "message": refusal.message}}))
}

async fn answer(caller: &mut Caller<'_, Host>, frame: Frame) -> Frame {
    let wait = caller.data_mut().door.rate.take();
    if !wait.is_zero() {
        crate::session::rest(caller.data_mut(), wait).await;
    }
    let answered = match serde_json::from_value(Value::Object(frame.header)) {
        Ok(call) => perform(caller, call, frame.body).await,
        Err(error) => Err(Refusal::new(
            "ValueError",
            format!("this is no call of the door: {error}"),
        )),
    };
    match answered {
        Ok(frame) if frame.body.len() + 4096 < FRAME_BYTES => frame,
        Ok(frame) => refused(&Refusal::new(
            "MemoryError",
            format!(
                "an answer of {} bytes is too long for one call",
                frame.body.len()
            ),
        )),
        Err(refusal) => refused(&refusal),
    }
}

async fn perform(
    caller: &mut Caller<'_, Host>,
    call: Call,
    body: Vec<u8>,
) -> Result<Frame, Refusal> {
    let host = caller.data_mut();
    match call {
        Call::Next {} => {
            let request = host.door.request.take();
            let Frame { header, body } = request
                .ok_or_else(|| Refusal::new("RuntimeError", "there is no request to fetch"))?;
            Ok(Frame {
                body,
                ..Frame::of(json!({"ok": header}))
            })
        }
        Call::Emit {
            r#type,
            content,
            metadata,
            buffers,
        } => {
            let beside: u64 = metadata.values().map(text_bytes).sum();
            let bytes = body.len() as u64 + text_bytes(&content) + beside;
            let buffers = pieces(body, &buffers)?;
            let event = Event::parse(&r#type, content, metadata, buffers).map_err(|reason| {
                Refusal::new(
                    "ValueError",
                    format!("a {} message does not fit its form: {reason}", r#type),
                )
            })?;
            flush(host).await;
            let shown = emit(host, event, bytes).await;
            Ok(Frame::of(if shown {
                json!({"ok": {}})
            } else {
                json!({"ok": {"dropped": true}})
            }))
        }
        Call::Input { prompt, password } => ask(host, prompt, password).await,
        Call::Limit {} => {
            let (reason, message) = host.turn.acknowledge();
            Ok(Frame::of(
                json!({"ok": {"reason": reason, "message": message}}),
            ))
        }
        Call::Immortal {} => {
            if !host.door.building {
                return Err(Refusal::new(
                    "PermissionError",
                    "only an image under construction has objects that never end",
                ));
            }
            let mut guest = Guest::of(caller)
                .map_err(|_| Refusal::new("RuntimeError", "the guest has no memory"))?;
            immortal::make(&mut guest, &body)?;
            Ok(Frame::of(json!({"ok": {}})))
        }
        Call::Reply { content } => {
            if host.door.reply.is_some() {
                return Err(Refusal::new(
                    "RuntimeError",
                    "the request has been answered already",
                ));
            }
            flush(host).await;
            if let Some(note) = host.output.left_out() {
                send(host, note).await;
            }
            let Value::Object(header) = content else {
                return Err(Refusal::new(
                    "ValueError",
                    "an answer's content is an object",
                ));
            };
            host.door.reply = Some(Frame { header, body });
            Ok(Frame::of(json!({"ok": {}})))
        }
        Call::Tool { name, arguments } => {
            let work = host.door.tools.call(&name, arguments).ok_or_else(|| {
                Refusal::new(
                    "NameError",
                    format!("no tool named {name:?} is granted to this session"),
                )
            })?;
            match crate::session::bounded(host, work).await {
                Some(Ok(value)) => Ok(Frame::of(json!({"ok": {"value": value}}))),
                Some(Err(error)) => Err(Refusal::new("ToolError", error.to_string())),
                None => Err(Refusal::new(
                    "InterruptedError",
                    format!("the tool {name:?} was interrupted"),
                )),
            }
        }
        Call::TableRead(call) => table_calls::read(host, call, body).await,
        Call::TableWrite(call) => table_calls::write(host, call, body).await,
    }
}

/// Cuts a body into the binary parts of a message.
fn pieces(body: Vec<u8>, lengths: &[usize]) -> Result<Vec<Buffer>, Refusal> {
    if lengths.len() > BUFFERS {
        return Err(Refusal::new(
            "ValueError",
            format!("a message has {BUFFERS} buffers at most"),
        ));
    }
    let mut rest = Bytes::from(body);
    let mut pieces = Vec::new();
    for &length in lengths {
        if length > rest.len() {
            return Err(Refusal::new(
                "ValueError",
                "the buffers of a message are longer than its body",
            ));
        }
        pieces.push(Buffer(rest.split_to(length)));
    }
    Ok(pieces)
}

/// Asks the user; waiting for a person does not count as the cell's time.
async fn ask(host: &mut Host, prompt: String, password: bool) -> Result<Frame, Refusal> {
    let Some(input) = host.door.audience.input.clone() else {
        return Err(Refusal::new(
            "StdinNotImplementedError",
            "input() was called, but this execution does not allow questions (allow_stdin is off)",
        ));
    };
    flush(host).await;
    emit(
        host,
        Event::InputRequest(jupyter_protocol::InputRequest { prompt, password }),
        0,
    )
    .await;
    let asked = Instant::now();
    let control = host.turn.control();
    control.gauge.wait(true);
    host.wasi.clock.rest();
    let answer = tokio::select! {
        answer = async { input.lock().await.recv().await } => Some(answer),
        () = control.interrupted() => None,
    };
    host.wasi.clock.work();
    let Some(answer) = answer else {
        return Err(Refusal::new(
            "InterruptedError",
            "the question was interrupted",
        ));
    };
    host.turn.pause(asked.elapsed());
    control.gauge.wait(false);
    match answer.flatten() {
        Some(line) => Ok(Frame::of(json!({"ok": {"value": line}}))),
        None => Err(Refusal::new("EOFError", "nobody is there to answer")),
    }
}

/// Passes on what was written to the raw descriptors.
pub(crate) async fn flush(host: &mut Host) {
    for (event, bytes) in host.output.take_raw() {
        emit(host, event, bytes).await;
    }
}

/// Sends an event within the cell's budget; tells whether it is shown.
async fn emit(host: &mut Host, event: Event, bytes: u64) -> bool {
    if host.door.audience.events.is_none() {
        return true;
    }
    let (event, shown) = match host.output.admit(event, bytes) {
        Verdict::Show(event) => (event, true),
        Verdict::Note(event) => (event, false),
        Verdict::Drop => return false,
    };
    send(host, event).await && shown
}

/// Sends an event; tells whether somebody takes it.
async fn send(host: &mut Host, event: Event) -> bool {
    let events = host.door.audience.events.as_ref();
    let Some(events) = events.and_then(mpsc::WeakSender::upgrade) else {
        return true;
    };
    // A reader that has gone away, or that keeps a full queue beyond the cell's time, misses it.
    let sent = crate::session::bounded(host, async move { events.send(event).await.is_ok() }).await;
    sent.unwrap_or(false)
}

/// Returns about how many bytes a value takes: the sum of its texts.
fn text_bytes(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() as u64,
        Value::Array(items) => items.iter().map(text_bytes).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| name.len() as u64 + text_bytes(value))
            .sum(),
    }
}
