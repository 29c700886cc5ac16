//! The guest kernel's own tests, run where it lives.

use crate::harness::{data, text};

#[tokio::test]
async fn the_guests_own_tests_pass() {
    let mut session = data().await;
    let code = "import sys\nsys.path.append('/usr/local/lib/kernel/tests')\nimport cellblock_kernel_tests\nresult = cellblock_kernel_tests.run()\nprint(result['text'])\nprint(result['passed'] > 50, result['failed'])";
    let said = text(&mut session, code).await;
    assert!(said.trim_end().ends_with("True 0"), "{said}");
}
