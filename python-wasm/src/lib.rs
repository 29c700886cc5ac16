//! A Python interpreter compiled to WebAssembly, as a library.
//!
//! ```no_run
//! use python_wasm::{Event, ImageSpec, Outcome, Policy, Quiet, Runtime, Session, SessionOptions};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let runtime = Runtime::prepare(Default::default(), Quiet::shared()).await?;
//! let image = runtime.image(&ImageSpec::builtin("data")?, Quiet::shared()).await?;
//! let policy = Policy::profile("untrusted")?;
//! let mut session = Session::spawn(&image, SessionOptions::new(policy)).await?;
//! let (execution, events) = session.collect("import pandas as pd\npd.Series([1, 2]).sum()").await?;
//! assert_eq!(execution.outcome, Outcome::Ok);
//! assert!(matches!(&events[0], Event::ExecuteResult(_)));
//! # Ok(())
//! # }
//! ```

mod cache;
mod checkpoint;
mod columnar;
mod comm;
mod door;
mod engine;
mod event;
#[cfg(test)]
mod hostile;
mod image;
mod memory;
mod patch;
mod progress;
mod runtime;
mod session;
mod table;
mod tool;
mod wasi;

pub use cache::default_folder as default_cache;
pub use checkpoint::{
    Checkpoint, CheckpointId, Doomed, Held, PageStore, StoreError, Sweeper, Swept,
};
pub use comm::{Buffer, Comm, CommMessage, Delivery};
pub use engine::stalls;
pub use event::Event;
pub use image::{Image, ImageError, ImageSpec};
pub use memory::MemoryError;
pub use patch::PatchError;
pub use progress::{Progress, Quiet, Unit};
pub use runtime::{OwnImage, Pruned, Runtime, RuntimeError, RuntimeOptions, Stale};
pub use sandbox_policy::{
    Access, Egress, Grant, GuestPath, ImageRule, Limits, Policy, PolicyError,
};
pub use session::{
    Cell, Execution, Exported, FigureFormat, FolderError, Formulas, Hibernated, Home, InputSender,
    Interrupter, Meter, Outcome, Session, SessionError, SessionOptions, SoFar, StillAwake, Stop,
    Twin, Usage, VariableFormat,
};
pub use table::{Column, Diagnostic, Filter, Sort, TablePage, TableQuery, Variable};
pub use tool::{ToolError, ToolFuture, Tools};

/// The messages' content types, as the Jupyter messaging specification has them.
pub use jupyter_protocol;
