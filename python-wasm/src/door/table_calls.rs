//! Parquet and Feather files, read and written on the host's side.

use serde::Deserialize;
use serde_json::Value;

use crate::wasi::Wasi;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadCall {}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteCall {}

#[derive(Debug, thiserror::Error)]
#[error("not yet")]
pub(super) struct CallError;

impl CallError {
    pub(super) fn python_type(&self) -> &'static str {
        "ValueError"
    }
}

pub(super) fn answer_read(
    _wasi: &Wasi,
    _call: ReadCall,
    _body: &[u8],
) -> Result<(Value, Vec<u8>), CallError> {
    Err(CallError)
}

pub(super) fn answer_write(_call: WriteCall, _body: &[u8]) -> Result<(Value, Vec<u8>), CallError> {
    Err(CallError)
}
