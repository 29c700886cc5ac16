//! Building an image in a guest of its own.

use std::fs;
use std::io;
use std::sync::{Arc, OnceLock};

use cap_std::fs::Dir;
use sandbox_policy::{ImageRule, Policy};
use serde_json::{Value, json};

use super::builder::Builder;
use super::file::{self, MadeWith};
use super::{Image, ImageError, ImageSpec, PACKAGES, Packages, Parts};
use crate::cache;
use crate::memory::{PAGE, PageRun};
use crate::progress::{Progress, Unit};
use crate::runtime::{Runtime, RuntimeError, unpack_wheel};
use crate::session::{Session, SessionError, SessionOptions};

/// Returns the name of an image's file for a runtime of this digest, and the folder name of its packages if it adds any.
pub(crate) fn image_file(
    runtime: &str,
    spec: &ImageSpec,
) -> Result<(String, Option<String>), ImageError> {
    let recipe = serde_json::to_vec(&steps(spec)?).expect("steps are writable");
    let mut wheels = Vec::new();
    for path in &spec.wheels {
        let wheel = |reason: String| ImageError::Wheel {
            path: path.clone(),
            reason,
        };
        if !path.to_string_lossy().ends_with("-none-any.whl") {
            return Err(wheel("only wheels of pure Python (`-none-any.whl`) can be added; native code cannot run here".into()));
        }
        let bytes = fs::read(path).map_err(|error| wheel(error.to_string()))?;
        wheels.push(cache::digest([&bytes[..]]));
    }
    let packages = (!wheels.is_empty()).then(|| {
        format!(
            "packages-{}",
            cache::digest(wheels.iter().map(String::as_bytes))
        )
    });
    let made_of = [
        runtime.as_bytes(),
        &recipe,
        packages.as_deref().unwrap_or_default().as_bytes(),
    ];
    Ok((
        format!("image-{}-{}", spec.name, cache::digest(made_of)),
        packages,
    ))
}

pub(super) async fn open_or_build(
    runtime: &Runtime,
    spec: &ImageSpec,
    progress: &dyn Progress,
) -> Result<Image, ImageError> {
    let cache = &runtime.parts().cache;
    let fail = |source: io::Error| {
        ImageError::Runtime(RuntimeError::Cache {
            path: cache.folder().into(),
            source,
        })
    };
    let (name, packages) = image_file(runtime.digest(), spec)?;
    let _turn = cache.turn(&name).map_err(fail)?;
    let made_with = MadeWith {
        runtime: runtime.digest().to_owned(),
        packages,
    };
    let packages = match &made_with.packages {
        Some(folder) => Some(unpack_packages(runtime, spec, folder)?),
        None => None,
    };
    for attempt in 0..2 {
        if let Some(opened) = cache.open_sealed(&name).map_err(fail)?
            && let Some(contents) = file::read(opened).map_err(fail)?
        {
            let image = Image(Arc::new(Parts {
                name: spec.name.clone(),
                digest: format!("{name}-{}", contents.digest),
                file: Arc::new(contents.file.map_err(RuntimeError::from)?),
                flags: Arc::new(contents.flags),
                open: contents.open,
                serve: contents.serve,
                first_pages: OnceLock::new(),
                packages,
                runtime: runtime.clone(),
            }));
            // Without them a first cell is slower, and nothing else.
            if let Ok(pages) = first_pages(&image).await {
                let _ = image.0.first_pages.set(pages);
            }
            return Ok(image);
        }
        if attempt == 0 {
            build(
                runtime,
                spec,
                &name,
                &made_with,
                packages.as_ref(),
                progress,
            )
            .await?;
        }
    }
    Err(fail(io::Error::other(
        "the image was altered while it was written",
    )))
}

/// Runs a first cell in a session and returns the pages it wrote.
async fn first_pages(image: &Image) -> Result<Vec<PageRun>, SessionError> {
    let mut policy = Policy::profile("trusted").expect("the profile is compiled in");
    policy.images = ImageRule::Any;
    let mut session = Session::spawn(image, SessionOptions::new(policy)).await?;
    session.collect("1 + 1").await?;
    let image_pages = (image.file().bytes() / PAGE) as u32;
    let mut pages = session.private_pages()?;
    pages.retain(|run| run.indices().end <= image_pages);
    Ok(pages)
}

async fn build(
    runtime: &Runtime,
    spec: &ImageSpec,
    name: &str,
    made_with: &MadeWith,
    packages: Option<&Packages>,
    progress: &dyn Progress,
) -> Result<(), ImageError> {
    let title = format!("building the image {}", spec.name);
    let failed = |step: &str, reason: String| ImageError::Step {
        image: spec.name.clone(),
        step: step.into(),
        reason,
    };
    let scratch = tempfile::tempdir().map_err(|error| failed("start", error.to_string()))?;
    let mut machine = Builder::start(
        runtime,
        scratch.path(),
        packages.map(|packages| &packages.folder),
        false,
    )
    .map_err(|reason| failed("start", reason))?;
    let steps = steps(spec)?;
    let total = steps.len() as u64 + 2;
    progress.update(&title, 0, Some(total), Unit::Items);
    machine
        .boot()
        .await
        .map_err(|reason| failed("boot", reason))?;
    for (done, (label, code)) in steps.iter().enumerate() {
        progress.update(&title, done as u64 + 1, Some(total), Unit::Items);
        machine
            .ask(json!({"op": "eval", "code": code}))
            .await
            .map_err(|reason| unfollowed(spec, label, reason))?;
    }
    let sealed = machine
        .ask(json!({"op": "seal"}))
        .await
        .map_err(|reason| failed("seal", reason))?;
    let serve = sealed.get("turn_address").and_then(Value::as_u64);
    let serve = serve
        .and_then(|address| u32::try_from(address).ok())
        .ok_or_else(|| {
            failed(
                "seal",
                "the kernel did not say where its function is".into(),
            )
        })?;
    let flags = machine
        .interrupt_flags()
        .await
        .map_err(|reason| failed("interrupt", reason))?;
    let open = machine.open_files();
    let (start, runs) = file::parts(machine.contents(), &flags, open, serve, made_with.clone());
    let mut parts: Vec<&[u8]> = vec![&start];
    parts.extend(runs);
    let cache = &runtime.parts().cache;
    cache
        .write_sealed(name, &parts)
        .map_err(|source| RuntimeError::Cache {
            path: cache.path(name),
            source,
        })?;
    progress.finish(&title);
    Ok(())
}

/// Returns the failure of a step: the recipe's, unless it is one of ours. Of an import the exception says
/// all; its traceback is of the import itself.
fn unfollowed(spec: &ImageSpec, step: &str, reason: String) -> ImageError {
    let (image, step) = (spec.name.clone(), step.to_owned());
    if ImageSpec::builtin(&spec.name).is_ok_and(|builtin| builtin == *spec) {
        return ImageError::Step {
            image,
            step,
            reason,
        };
    }
    let reason = match reason.split_once('\n') {
        Some((exception, _)) if step.starts_with("import ") => exception.to_owned(),
        Some(_) | None => reason,
    };
    ImageError::Recipe {
        image,
        step,
        reason,
    }
}

/// Returns what is run for a recipe: a label and code for each step.
fn steps(spec: &ImageSpec) -> Result<Vec<(String, String)>, ImageError> {
    let mut steps = Vec::new();
    if !spec.wheels.is_empty() {
        steps.push((
            "packages".to_owned(),
            format!("import sys; sys.path.append({PACKAGES:?})"),
        ));
    }
    let base = spec
        .extends
        .as_deref()
        .map(ImageSpec::builtin)
        .transpose()?;
    for spec in base.iter().chain([spec]) {
        for import in &spec.imports {
            // A plain module is loaded without becoming a variable of the user's.
            let code = match import.split_once(" as ") {
                Some(_) => format!("import {import}"),
                None => format!("__import__({import:?})"),
            };
            steps.push((format!("import {import}"), code));
        }
        for (label, code) in [("setup", &spec.setup), ("warm", &spec.warm)] {
            if !code.trim().is_empty() {
                steps.push((label.to_owned(), code.clone()));
            }
        }
    }
    Ok(steps)
}

fn unpack_packages(
    runtime: &Runtime,
    spec: &ImageSpec,
    name: &str,
) -> Result<Packages, ImageError> {
    let folder = runtime.parts().cache.path(name);
    let fail = |source| RuntimeError::Cache {
        path: folder.clone(),
        source,
    };
    let cache = &runtime.parts().cache;
    // Nobody prunes between the look and the hold.
    let _turn = cache.turn("prepare").map_err(fail)?;
    if !folder.exists() {
        let parent = cache.folder();
        let made = tempfile::tempdir_in(parent).map_err(fail)?;
        for wheel in &spec.wheels {
            unpack_wheel(wheel, made.path())?;
        }
        match fs::rename(made.path(), &folder) {
            Ok(()) => {
                let _ = made.keep();
            }
            // Another process was first and made the same.
            Err(_) if folder.exists() => {}
            Err(source) => return Err(fail(source).into()),
        }
    }
    let opened = Dir::open_ambient_dir(&folder, cap_std::ambient_authority()).map_err(fail)?;
    Ok(Packages {
        folder: Arc::new(opened),
        _held: cache.hold(name).map_err(fail)?,
    })
}
