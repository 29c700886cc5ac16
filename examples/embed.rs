//! Runs code that nobody has to trust in a program of yours, lends it a function, and takes back what it did:
//! `cargo run --example embed`.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use python_wasm::{ImageSpec, Policy, Quiet, Runtime, Session, SessionOptions, Tools};
use serde_json::json;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let runtime = Runtime::prepare(Default::default(), Quiet::shared()).await?;
    let image = ImageSpec::builtin("base")?;
    let image = runtime.image(&image, Quiet::shared()).await?;
    let price = |arguments: serde_json::Map<String, serde_json::Value>| async move {
        Ok(json!(arguments["item"].as_str().map(str::len)))
    };
    let tools = Tools::none().with("price", "(item: str) -> int", "What it costs.", price);
    let mut session = Session::spawn(
        &image,
        SessionOptions {
            tools: tools.into(),
            ..SessionOptions::new(Policy::profile("untrusted")?)
        },
    )
    .await?;

    let code = "import tools\ntotal = 3 * tools.price(item='apple')";
    let (execution, _) = session.collect(code).await?;
    println!(
        "{:?} after {} instructions",
        execution.outcome, execution.usage.fuel
    );
    let before = session.checkpoint().await?;
    session.collect("del total; open('/etc/passwd')").await?; // refused, and still it did harm
    session.restore(&before).await?;
    for variable in session.variables().await? {
        println!("{} = {}", variable.name, variable.preview); // total = 15
    }
    Ok(())
}
