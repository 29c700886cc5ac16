//! Waiting for what is done beside a session.

use tokio::task::{JoinError, JoinHandle};

/// Returns what came of a task. One that was cancelled was so by a runtime that ends: whoever waits for it
/// ends with it, and has nothing to say.
pub(super) async fn outcome<T>(task: JoinHandle<T>) -> T {
    match task.await.map_err(JoinError::try_into_panic) {
        Ok(value) => value,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_cancelled)) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::panic::AssertUnwindSafe;

    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_runtime_that_ends_is_no_panic_of_who_waits() {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let endless = runtime.spawn(std::future::pending::<()>());
        let panics = runtime.spawn(async { panic!("told on") });
        let caught = runtime.block_on(AssertUnwindSafe(outcome(panics)).catch_unwind());
        let panic: Result<(), _> = caught;
        assert_eq!(
            panic.expect_err("it panicked").downcast_ref(),
            Some(&"told on")
        );
        drop(runtime);
        assert!(outcome(endless).now_or_never().is_none());
    }
}
