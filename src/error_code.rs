//! Every way in which a request can be refused or fail: one table with a number, an HTTP status,
//! whether trying again helps, and what to do. The reference page and the OpenAPI document are
//! made from it.
//!
//! A number is AABCC: the module AA (10 environments, 20 programming, 30 versions, 40 workflows,
//! 50 platform), the kind B (1 system, 2 request, 3 permission, 4 data) and a count.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What a code means to whoever meets it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meaning {
    /// The code's five digits.
    pub(crate) number: u32,
    /// The HTTP status it is answered with.
    pub(crate) status: u16,
    /// The same request may succeed later.
    pub(crate) retryable: bool,
    /// What happened, in a few words that are the same for every occurrence.
    pub(crate) title: &'static str,
    /// What to do.
    pub(crate) solution: &'static str,
}

macro_rules! error_codes {
    ($($name:ident = $number:literal, $status:literal, $retryable:literal, $title:literal, $solution:literal;)*) => {
        /// Why a request was refused or failed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum ErrorCode { $($name,)* }

        impl ErrorCode {
            /// All codes, in the order of the table.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns the name that programs may compare.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// Returns the code's line of the table.
            pub(crate) fn meaning(self) -> Meaning {
                match self {
                    $(Self::$name => Meaning {
                        number: $number, status: $status, retryable: $retryable, title: $title, solution: $solution,
                    },)*
                }
            }
        }
    };
}

error_codes! {
    // Environments: what runs in them.
    NotConfined = 10101, 503, false, "The kernel does not hold the walls around the program", "Run a Linux kernel from 6.12 on with Landlock, or set `jupyter.confinement` to `best_effort`.";
    NoLabPort = 10102, 503, true, "All ports of the pool are taken", "Stop a JupyterLab that is not needed, or have the operator widen `jupyter.first_port` to `jupyter.last_port`.";
    LabRuns = 10201, 409, false, "The environment has a JupyterLab", "Open it, or stop it first.";
    LabNotRunning = 10202, 409, true, "The environment's JupyterLab does not run", "Start it, and wait until its state is `running`.";
    EnvironmentNotFound = 10401, 404, false, "There is no such environment", "List the environments to see which there are.";
    // Programming: sessions, executions, notebooks.
    SandboxFailed = 20101, 500, true, "The sandbox failed", "Try again. If it goes on, run `cellblock doctor` on the server.";
    WorkerLost = 20102, 503, true, "The worker process ended", "The session comes back from its last checkpoint by itself; send the request again.";
    NoCapacity = 20103, 503, true, "There is no room for another session", "Try again after the time in Retry-After, or delete or hibernate sessions.";
    ExecutionNotStored = 20104, 507, false, "The code ran, and what came of it could not be stored", "The variables have changed, and are lost when the session leaves memory before they are stored. When the server's disk has room, run any cell: its state is stored with theirs.";
    UnknownImage = 20201, 422, false, "There is no such image", "Use one of the images in `details.allowed`, or have the operator add it to `workers.images`.";
    UnknownPolicy = 20202, 422, false, "There is no such policy", "Use one of the policies in `details.allowed`.";
    LimitOutOfRange = 20203, 422, false, "A limit is out of its range", "Give a value within the range that the message names.";
    GuestRefused = 20204, 422, false, "The interpreter refused the request", "The message is Python's; change the request.";
    NoInputAwaited = 20205, 409, false, "No cell is waiting for input", "Answer only after an `input_request` event.";
    SessionBusy = 20206, 409, true, "The session is running a cell", "Wait for its `finished` event, or interrupt it.";
    QueueFull = 20207, 429, true, "Too many executions are waiting", "Wait until some of them have finished.";
    CellQuarantined = 20208, 409, false, "This code ended two worker processes and is not run again", "Change the code.";
    SessionDead = 20209, 409, false, "The session has ended", "Create a new session, or fork one of its checkpoints.";
    NothingToUndo = 20210, 409, false, "There is nothing to undo or redo", "Nothing has to be done.";
    CellConflict = 20211, 409, false, "The cell was changed meanwhile", "Take the current cell from `details.current`, merge, and send its revision.";
    CodeRefused = 20301, 403, false, "The policy refuses this code", "See `details.findings`; change the code or ask for another policy.";
    TemplateNotFound = 20430, 404, false, "There is no such template", "List the templates to see which there are.";
    SessionNotFound = 20401, 404, false, "There is no such session", "List the sessions to see which there are.";
    ExecutionNotFound = 20402, 404, false, "There is no such execution", "List the session's executions.";
    CheckpointNotFound = 20403, 404, false, "There is no such checkpoint", "List the session's checkpoints.";
    CheckpointUnreadable = 20404, 409, false, "The checkpoint cannot be read", "Restore an earlier one.";
    CheckpointForeign = 20405, 409, false, "The checkpoint belongs to another image", "Fork it instead; a fork starts from the checkpoint's own image.";
    VariableNotFound = 20406, 404, false, "There is no such variable", "List the variables of the session.";
    QuarantineNotFound = 20407, 404, false, "There is no such code in quarantine", "List the quarantine to see which there is.";
    KernelNotFound = 20408, 404, false, "There is no such kernel", "List the kernelspecs to see which there are.";
    NotebookNotFound = 20411, 404, false, "There is no such notebook", "List the notebooks to see which there are.";
    CellNotFound = 20412, 404, false, "There is no such cell", "Get the notebook to see its cells.";
    NotebookInvalid = 20413, 422, false, "This is no notebook that can be read", "The message says where it is wrong. Notebooks of nbformat 3 and 4 are read.";
    SandboxRuns = 20221, 409, false, "The sandbox runs", "Connect to it.";
    SandboxPaused = 20222, 409, false, "The sandbox is paused", "Connect to it, which wakes it.";
    NotOffered = 20223, 501, false, "This is not to be had here", "Sandboxes run Python, and what of the shell's commands is done in Python; see the README for what there is.";
    SandboxNotFound = 20431, 404, false, "There is no such sandbox", "List the sandboxes to see which there are; make another one with a longer `timeout`.";
    SandboxNotRunning = 20432, 502, false, "The sandbox does not run", "It was ended, its time was over, or it is paused. Connect to it, or make another one.";
    SandboxTemplateNotFound = 20433, 404, false, "There is no such template or snapshot", "Use an image of `GET /images`, `base`, `code-interpreter-v1` or a snapshot.";
    ContextNotFound = 20434, 404, false, "There is no such context", "List the contexts to see which there are.";
    ProcessNotFound = 20435, 404, false, "There is no such process", "List the processes to see which there are.";
    // Platform: requests, people, limits, files.
    Internal = 50101, 500, true, "Something went wrong in the service", "Try again. If it goes on, tell the operator the request id.";
    ShuttingDown = 50102, 503, true, "The service is stopping or starting", "Try again after the time in Retry-After.";
    StoreBusy = 50103, 503, true, "The database is busy", "Try again after the time in Retry-After.";
    StoreFull = 50104, 507, true, "There is no room left on the server's disk", "Nothing was changed. Delete files, or ask the operator for room.";
    StoreCorrupt = 50105, 500, false, "Stored data is damaged", "Ask the operator to restore it from a backup.";
    SignInsBusy = 50106, 503, true, "Too many callers are being checked at once", "Try again after the time in Retry-After.";
    StoreFailed = 50107, 500, true, "The server's disk failed", "Nothing was acknowledged. Tell the operator, whose log has what the disk answered.";
    MalformedBody = 50201, 400, false, "The body cannot be read", "Send JSON as the OpenAPI document at /docs describes it.";
    InvalidField = 50202, 422, false, "A field of the request is wrong", "`errors` says which and what is allowed.";
    BodyTooLarge = 50203, 413, false, "The body is too large", "Send less than `details.limit` bytes; files go through /uploads.";
    UnsupportedMediaType = 50204, 415, false, "The body's type is not understood here", "Send it with the Content-Type that the OpenAPI document names.";
    NoSuchRoute = 50205, 404, false, "There is nothing at this address", "See /docs for the addresses there are.";
    MethodNotAllowed = 50206, 405, false, "This address does not take this method", "Use one of the methods in the Allow header.";
    RateLimited = 50207, 429, true, "Too many requests", "Wait for the seconds in Retry-After.";
    IdempotencyMismatch = 50208, 422, false, "The idempotency key was used for another request", "Use a new key for a new request.";
    IdempotencyRunning = 50209, 409, true, "The first request with this idempotency key is still running", "Wait, then send it again; the first answer will be repeated.";
    PreconditionFailed = 50210, 412, false, "It was changed meanwhile", "Get it again, merge, and send the new ETag in If-Match.";
    NotAcceptable = 50211, 406, false, "No answer of the accepted types can be given", "Accept `application/json`, `application/x-ndjson` or `text/event-stream`.";
    HeadersTooLarge = 50212, 431, false, "The request's headers are too large", "Send fewer or shorter headers.";
    TimedOut = 50213, 408, true, "The request came too slowly", "Send it again over a better connection.";
    RangeNotSatisfiable = 50214, 416, false, "The file has no such range", "Ask for a range within the size in Content-Range.";
    IdempotencyLost = 50217, 409, false, "The first request with this idempotency key cannot be repeated", "See what it did; use a new key if it has to be done again.";
    MalformedRequest = 50218, 400, false, "The request cannot be understood", "Send one Host header, and the path alone in the first line.";
    NotAuthenticated = 50301, 401, false, "The caller is not known", "Send a valid token: `Authorization: Bearer`, `X-API-Key` or `?token=`.";
    NotAllowed = 50302, 403, false, "The caller's role does not allow this", "Ask an admin of the tenant.";
    ScopeMissing = 50303, 403, false, "The API key's scopes do not allow this", "Use a key with the scope in `details.scope`.";
    OriginRefused = 50304, 403, false, "Pages of this origin may not call the service", "The operator can add the origin to `server.allowed_origins`.";
    QuotaExceeded = 50305, 429, true, "A quota of the tenant is used up", "`details` says which; free some of it or ask an admin for more.";
    LastAdmin = 50306, 409, false, "A tenant keeps at least one active admin", "Make another user an admin first.";
    HostRefused = 50307, 403, false, "The service is not known by this name", "Call it by `localhost` or its address. The operator can add names to `server.hosts`.";
    NotFound = 50401, 404, false, "There is no such thing", "List what there is.";
    AlreadyExists = 50402, 409, false, "It exists already", "Use another name, or change the one there is.";
    FileNotFound = 50403, 404, false, "There is no such file", "List the project's files.";
    PathRefused = 50404, 422, false, "This path is not allowed", "Use a relative path of ordinary names, without `..`, links or control characters.";
    FileTypeRefused = 50405, 415, false, "Files of this type are not taken", "The operator's `files.refused_types` names them.";
    UploadConflict = 50406, 409, false, "The upload does not go on here", "Ask for the upload's offset with HEAD and go on from there.";
    ArchiveRefused = 50407, 422, false, "The archive cannot be unpacked safely", "The message says why.";
    ProjectNotFound = 50408, 404, false, "There is no such project", "List the projects to see which there are.";
    UserNotFound = 50410, 404, false, "There is no such user", "List the users to see which there are.";
    KeyNotFound = 50411, 404, false, "There is no such API key", "List the keys to see which there are.";
    TenantNotFound = 50412, 404, false, "There is no such tenant", "List the tenants to see which there are.";
    NotAFile = 50413, 409, false, "It is a folder, and a file is needed", "Ask for a folder with `?list` or `?zip`, and delete one with `?recursive`.";
    NotAFolder = 50414, 409, false, "It is a file, and a folder is needed", "Name a folder, or leave the parameter out.";
    ProjectInUse = 50416, 409, false, "Sessions or environments use the project", "End those in `details` first.";
    FolderNotEmpty = 50415, 409, false, "The folder is not empty", "Delete what is in it first, or add `?recursive`.";
    AgentConnectionNotFound = 50440, 404, false, "There is no such connection of an agent", "Send `initialize` again, without Mcp-Session-Id.";
    SecretNotFound = 50430, 404, false, "There is no such secret", "List the project's secrets to see which there are.";
    UploadNotFound = 50409, 404, false, "There is no such upload", "Create it again; unfinished uploads are removed after a day.";
}

/// A field of a request that is wrong.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// The field, as a path such as `limits.memory`.
    pub(crate) field: String,
    /// What is wrong with it and what is allowed.
    pub(crate) message: String,
}

/// A request that was refused or failed: its code, and what is special about this occurrence.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) code: ErrorCode,
    pub(crate) message: Cow<'static, str>,
    pub(crate) details: Option<Value>,
    pub(crate) errors: Vec<FieldError>,
    /// Seconds after which trying again makes sense.
    pub(crate) retry_after: Option<u64>,
}

impl Fault {
    /// Returns a fault with a message that says what was wrong, where, and what is allowed.
    pub(crate) fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            details: None,
            errors: Vec::new(),
            retry_after: code.meaning().retryable.then_some(1),
        }
    }

    /// Returns a fault about one field of the request.
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        let mut fault = Self::new(ErrorCode::InvalidField, format!("{field}: {message}"));
        fault.errors.push(FieldError { field, message });
        fault
    }

    /// Returns a failure of the service itself; what happened goes to the log and not to the caller.
    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(
            ErrorCode::Internal,
            "The service could not finish the request; the log has the reason.",
        )
    }

    /// Returns what a caller is told when the disk refuses to keep something of the service's own.
    pub(crate) fn disk(error: std::io::Error) -> Self {
        if is_full(&error) {
            let message = "The server's disk is full; nothing was changed.";
            return Self::new(ErrorCode::StoreFull, message);
        }
        if out_of_room(&error) {
            let message = "The service has as many files open, or as much memory, as it may.";
            return Self::new(ErrorCode::NoCapacity, message).retry_after(30);
        }
        tracing::error!(%error, "the disk failed");
        let message = "The server's disk failed; nothing was acknowledged.";
        Self::new(ErrorCode::StoreFailed, message)
    }

    /// Adds facts that a program can read.
    pub(crate) fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// Sets the seconds after which trying again makes sense.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

/// Tells whether a disk, or what may be used of it, is full.
pub(crate) fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// Tells whether the operating system gives no more files or memory now.
pub(crate) fn out_of_room(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM))
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{} ({})",
            self.message,
            self.code.meaning().number
        )
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbers_are_unique_and_of_known_modules_and_kinds() {
        let mut seen = HashSet::new();
        for code in ErrorCode::ALL {
            let Meaning { number, status, .. } = code.meaning();
            assert!(seen.insert(number), "{number} is there twice");
            assert!([10, 20, 30, 40, 50].contains(&(number / 1000)), "{number}");
            assert!((1..=4).contains(&(number / 100 % 10)), "{number}");
            assert!((400..600).contains(&status), "{number}: {status}");
        }
    }
}
