//! Jupyter's messages about sessions: what its clients send and are sent, whatever carries it; and files as they
//! see them.

mod asked;
mod bridge;
mod clients;
mod contents;
mod kernel;
mod message;
mod process;
mod zmq;

pub(crate) use asked::{Asked, looked, refused};
pub(crate) use bridge::Bridge;
pub(crate) use clients::Clients;
pub(crate) use contents::{Checkpoint, Contents, Format, Kind, Model, New, Save, Wanted};
pub(crate) use kernel::{LOGO, LOGO_FILE, spec};
pub(crate) use message::{Header, Malformed, Message, V1};
pub(crate) use process::serve;
