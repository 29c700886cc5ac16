//! Runs a cell in a sandbox: `cargo run -p python-wasm --example first_steps`.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use python_wasm::{Event, ImageSpec, Policy, Quiet, Runtime, Session, SessionOptions};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let runtime = Runtime::prepare(Default::default(), Quiet::shared()).await?;
    let image = runtime
        .image(&ImageSpec::builtin("data")?, Quiet::shared())
        .await?;
    let mut session =
        Session::spawn(&image, SessionOptions::new(Policy::profile("untrusted")?)).await?;
    let (execution, events) = session
        .collect("import pandas as pd\npd.Series([1, 2, 3]).describe()")
        .await?;
    for event in events {
        if let Event::ExecuteResult(result) = event {
            println!(
                "{}",
                serde_json::to_value(result.data)?["text/plain"]
                    .as_str()
                    .unwrap_or_default()
            );
        }
    }
    println!(
        "{:?}, {:.1} ms",
        execution.outcome,
        execution.usage.seconds * 1000.0
    );
    Ok(())
}
