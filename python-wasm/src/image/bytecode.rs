//! Source files compiled to bytecode by the interpreter that will run them.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

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
    // Who compiles what, and in which order, is the same in every run, and so is the bytecode.
    packages.sort();
    let total = packages.len() as u64;
    let done = AtomicU64::new(0);
    let (packages, done) = (&packages, &done);
    let work = |share: usize| async move {
        let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut machine = Builder::start(runtime, scratch.path(), None, true)?;
        machine.initialize().await?;
        machine
            .run("import compileall, py_compile, sys; sys.setrecursionlimit(5000)")
            .await?;
        for package in packages.iter().skip(share).step_by(2) {
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
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            progress.update(TITLE, done, Some(total), Unit::Items);
        }
        Ok::<(), String>(())
    };
    let (first, second) = tokio::join!(work(0), work(1));
    first.and(second)?;
    progress.finish(TITLE);
    Ok(())
}
