//! Source files compiled to bytecode by the interpreter that will run them.

use std::fs;
use std::sync::Mutex;

use super::builder::Builder;
use crate::progress::{Progress, Unit};
use crate::runtime::{Runtime, SITE, STANDARD};

/// Lets guests compile the library's source files, two at a time.
pub(crate) async fn compile_library(
    runtime: &Runtime,
    name: &str,
    progress: &dyn Progress,
) -> Result<(), String> {
    const TITLE: &str = "compiling the packages to bytecode";
    let folder = runtime.parts().cache.path(name);
    let mut packages = Vec::new();
    for part in [SITE, STANDARD] {
        for entry in fs::read_dir(folder.join(part)).map_err(|error| error.to_string())? {
            let entry = entry.map_err(|error| error.to_string())?;
            let file_name = entry.file_name().to_string_lossy().into_owned();
            if !file_name.ends_with("-info")
                && (entry.path().is_dir() || file_name.ends_with(".py"))
            {
                packages.push(format!("/usr/local/lib/{part}/{file_name}"));
            }
        }
    }
    let total = packages.len() as u64;
    let queue = Mutex::new((packages, 0u64));
    let work = || async {
        let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut machine = Builder::start(runtime, scratch.path(), None, true)?;
        machine.initialize().await?;
        machine
            .run("import compileall, py_compile, sys; sys.setrecursionlimit(5000)")
            .await?;
        loop {
            let next = queue.lock().map_err(|error| error.to_string())?.0.pop();
            let Some(package) = next else {
                return Ok::<(), String>(());
            };
            let call = if package.ends_with(".py") {
                "compile_file"
            } else {
                "compile_dir"
            };
            machine
                .run(&format!(
                    "_ = compileall.{call}({package:?}, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)"
                ))
                .await?;
            let done = {
                let mut queue = queue.lock().map_err(|error| error.to_string())?;
                queue.1 += 1;
                queue.1
            };
            progress.update(TITLE, done, Some(total), Unit::Items);
        }
    };
    let (first, second) = tokio::join!(work(), work());
    first.and(second)?;
    progress.finish(TITLE);
    Ok(())
}
