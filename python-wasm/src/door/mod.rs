//! The door: the one function through which guest code asks the host for anything but files.
//!
//! What comes in is hostile. Every call is length-checked, parsed into a type, paid for in fuel
//! and time, and answered by a frame; who asks is known from the store, never from the message.

mod calls;
mod frame;
mod immortal;
mod json;
mod output;
mod rate;
mod table_calls;

pub(crate) use calls::{add_to_linker, flush};
pub(crate) use frame::Frame;
pub(crate) use output::Output;
pub(crate) use rate::Rate;

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc};

use crate::columnar::TableDoor;
use crate::event::Event;
use crate::tool::Tools;

/// Who hears and answers the running turn.
#[derive(Default)]
pub(crate) struct Audience {
    /// Where messages go; weak, so that a reader of an abandoned turn sees its end.
    pub(crate) events: Option<mpsc::WeakSender<Event>>,
    /// Lines typed by the user; `None` when the caller does not allow questions.
    pub(crate) input: Option<Arc<Mutex<mpsc::Receiver<Option<String>>>>>,
}

/// What the door knows of the session behind it.
pub(crate) struct DoorState {
    /// The request the guest is to fetch.
    pub(crate) request: Option<Frame>,
    /// The guest's answer to it.
    pub(crate) reply: Option<Frame>,
    pub(crate) audience: Audience,
    pub(crate) tools: Arc<Tools>,
    pub(crate) rate: Rate,
    /// The guest builds an image: what it runs is the operator's own.
    pub(crate) building: bool,
    /// The table that the running cell is writing.
    pub(crate) tables: TableDoor,
}
