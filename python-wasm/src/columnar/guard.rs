//! The last resort around the third-party decoders: a panic becomes an error.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use super::{ColumnarError, Format};

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// Runs a decoder and turns its panic into an error. What it was working on is dropped with it.
///
/// The error says what a panic's message says, so the message is kept out of the log, where it would
/// look like a fault of the host: the first call puts a hook before the process's own that passes on
/// every panic but those of a thread that is in here.
pub(crate) fn guarded<T>(
    format: Format,
    run: impl FnOnce() -> Result<T, ColumnarError>,
) -> Result<T, ColumnarError> {
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !DECODING.get() {
                before(panic);
            }
        }));
    });
    let outer = DECODING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    DECODING.set(outer);
    result.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&'static str>().copied())
            .unwrap_or("no reason was given");
        Err(ColumnarError::DecoderFailed {
            format: format.name(),
            reason: text.chars().take(200).collect(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_that_says_why() {
        let failed = guarded::<()>(Format::Parquet, || panic!("index {} out of range", 7));
        assert_eq!(
            failed.unwrap_err().to_string(),
            "the Parquet file made the decoder fail: index 7 out of range"
        );
        // The control: what does not panic passes.
        assert_eq!(guarded(Format::Feather, || Ok(3)).unwrap(), 3);
        assert!(!DECODING.get());
    }
}
