//! Lends guest code a function of this program, and goes back to before a cell:
//! `cargo run -p python-wasm --example tools_and_checkpoints`.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use python_wasm::{ImageSpec, Policy, Quiet, Runtime, Session, SessionOptions, ToolError, Tools};
use serde_json::json;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let runtime = Runtime::prepare(Default::default(), Quiet::shared()).await?;
    let image = runtime
        .image(&ImageSpec::builtin("base")?, Quiet::shared())
        .await?;
    let tools = Tools::none().with(
        "price",
        "(item: str) -> float",
        "Returns a price.",
        |arguments| async move {
            match arguments.get("item").and_then(|item| item.as_str()) {
                Some("apple") => Ok(json!(0.5)),
                _ => Err(ToolError::new("only apples are sold here")),
            }
        },
    );
    let options = SessionOptions {
        tools: tools.into(),
        ..SessionOptions::new(Policy::profile("untrusted")?)
    };
    let mut session = Session::spawn(&image, options).await?;

    session
        .collect("import tools\ntotal = 3 * tools.price('apple')")
        .await?;
    let before = session.checkpoint().await?;
    let mut fork = session.fork().await?;
    fork.collect("total = 'changed in the fork'").await?;
    session.collect("del total").await?;
    session.restore(&before).await?;
    for (name, session) in [("session", &mut session), ("fork", &mut fork)] {
        println!(
            "{name}: {:?}",
            session
                .variables()
                .await?
                .iter()
                .find(|variable| variable.name == "total")
        );
    }
    Ok(())
}
