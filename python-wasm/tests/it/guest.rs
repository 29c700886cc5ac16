//! The guest kernel's own tests, run where it lives.

use std::time::Duration;

use crate::harness::{policy, session_with, text};

#[tokio::test]
async fn the_guests_own_tests_pass() {
    // All of them are one cell.
    let policy = policy(|limits| {
        limits.cell_time = Duration::from_secs(600);
        limits.fuel_per_cell *= 10;
    });
    let mut session = session_with("data", policy).await;
    let code = "import sys\nsys.path.append('/usr/local/lib/kernel/tests')\nimport cellblock_kernel_tests\nresult = cellblock_kernel_tests.run()\nprint(result['text'])\nprint(result['passed'] > 50, result['failed'])";
    let said = text(&mut session, code).await;
    assert!(said.trim_end().ends_with("True 0"), "{said}");
}
