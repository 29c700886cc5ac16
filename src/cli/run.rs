//! `cellblock run`: a notebook in, the notebook with its outputs out.

mod input;
mod output;
mod permission;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use python_wasm::{Home, Policy, Runtime, RuntimeOptions, Session, SessionError, SessionOptions};
use tokio::sync::mpsc;

use super::watch::{CellLines, ScriptText};
use super::{Failure, bars, image, stdin};
use crate::folder::{self, Snapshot};
use crate::notebook::{self, Parameter};
use crate::runner::{self, Observer, Plan, Report, Script};
use crate::text;
use input::{Format, Input};
use output::Target;
pub(super) use permission::{load as load_policy, policy};

const EXAMPLES: &str = "\
Examples:
  cellblock run analysis.ipynb                      writes analysis.out.ipynb
  cellblock run analysis.ipynb --out report.ipynb --image ml -p year=2024 -p 'columns=[\"a\", \"b\"]'
  cellblock run analysis.ipynb --policy untrusted --timeout 10s --mount ./data:/data
  cellblock run script.py                           prints what it shows
  cellblock run - < analysis.ipynb > out.ipynb

The cells run in /home/user, a private copy of the notebook's folder (without hidden files, links, virtual environments and node_modules);
nothing outside of the sandbox is written except the notebook with its outputs and what --files names.

Exit codes: 0 all cells ran; 1 a cell raised or hit a limit (what ran is written all the same);
2 wrong use or unreadable input; 3 the sandbox itself failed, or the outputs could not be written where they belong;
130 ended by Ctrl-C without waiting for the cell (a second Ctrl-C does that).";

/// The exit code of what Ctrl-C ended: 128 and the signal's number, as shells have it.
const ENDED: u8 = 130;

/// Runs a notebook or a script and writes the notebook with its outputs.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The notebook (.ipynb), the script (.py, plain or with `# %%` cells), or `-` for stdin.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where the notebook with its outputs is written; `-` is stdout. Without it NAME.out.ipynb beside NAME.ipynb, stdout for
    /// a notebook from stdin, and nothing for a script, which prints instead.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The image to start from: base, data, ml, or a recipe (TOML file).
    #[arg(long, value_name = "NAME|TOML", default_value = "data")]
    image: String,
    /// The policy to run under: untrusted, notebook, workflow, trusted, or a TOML file.
    #[arg(long, value_name = "NAME|TOML", default_value = "notebook")]
    policy: String,
    /// Let the cells see a folder of this machine, read-only or (`:rw`) writable. May be repeated.
    #[arg(long, value_name = "HOST:GUEST[:rw]")]
    mount: Vec<String>,
    /// Set a variable, in a cell behind the one tagged `parameters` or at the start. Values are read as booleans, None,
    /// numbers or JSON where they look like it, else as text. May be repeated.
    #[arg(short, long = "parameter", value_name = "NAME=VALUE")]
    parameters: Vec<Parameter>,
    /// The longest time a cell may take, such as `90s`, `10 min` or `1h`; a plain number is seconds.
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// Go on after a cell that failed.
    #[arg(long)]
    keep_going: bool,
    /// Run in the notebook's own folder instead of a copy: the cells may read and change everything in it. The notebook itself is
    /// written back too, unless --out says where.
    #[arg(long)]
    in_place: bool,
    /// Start in an empty folder instead of a copy of the notebook's.
    #[arg(long, conflicts_with = "in_place")]
    empty_folder: bool,
    /// Keep the files that the cells made or changed in this folder.
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// Show no progress.
    #[arg(long, short)]
    quiet: bool,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    // Everything that can be wrong with the arguments is found before the long work.
    let Input {
        mut notebook,
        format,
        folder,
        name,
        piped,
    } = input::read(&arguments.file)?;
    notebook::inject(&mut notebook, &arguments.parameters);
    let policy = policy(
        &arguments.policy,
        &arguments.mount,
        arguments.timeout.as_deref(),
    )?;
    let target = Target::of(
        arguments.out.as_deref(),
        &arguments.file,
        format,
        arguments.in_place,
    )?;
    let spec = image::spec(&arguments.image)?;
    if !policy.images.allows(&spec.name) {
        return Err(Failure::from(SessionError::ImageNotAllowed {
            policy: policy.name,
            image: spec.name,
        }));
    }
    // From here on a signal ends the run by way of its end, so that no private folder is left.
    let mut interrupts = interrupts();
    let place = place(&arguments, folder.as_deref(), &policy)?;
    if let Some(kept) = &arguments.files {
        if kept.is_symlink() {
            return Err(Failure::Usage(anyhow::anyhow!(
                "{} for --files is a link, and may lead anywhere; name the folder itself",
                kept.display()
            )));
        }
        std::fs::create_dir_all(kept)
            .with_context(|| format!("the folder {} for --files cannot be made", kept.display()))
            .map_err(Failure::Usage)?;
    }

    let progress = bars::progress(arguments.quiet);
    let prepared = async {
        let runtime = Runtime::prepare(RuntimeOptions::default(), progress.clone())
            .await
            .map_err(Failure::sandbox)?;
        Ok::<_, Failure>(runtime.image(&spec, progress.clone()).await?)
    };
    let image = tokio::select! {
        biased;
        Some(()) = interrupts.recv() => return Ok(ExitCode::from(ENDED)),
        image = prepared => image?,
    };
    let before = Snapshot::of(&place.path);
    let started = Instant::now();
    let options = SessionOptions {
        home: Home::Folder(place.path.clone()),
        ..SessionOptions::new(policy)
    };
    let mut session = Session::spawn(&image, options).await?;
    let prints = format == Format::Script;
    let mut observer: Box<dyn Observer> = if prints && !matches!(target, Target::Stdout) {
        Box::new(ScriptText::new())
    } else {
        Box::new(CellLines::new(arguments.quiet))
    };
    let plan = Plan {
        keep_going: arguments.keep_going,
        allow_stdin: stdin::can_ask(),
        script: prints.then(|| match &name {
            Some(name) => Script::File(name.clone()),
            None => Script::Piped(piped.unwrap_or_default()),
        }),
    };
    let result = runner::run(
        &mut session,
        &mut notebook,
        plan,
        &mut interrupts,
        &mut *observer,
    )
    .await;
    drop(observer);
    let written = target.write(&notebook.to_json());
    let report = result?;
    if report.abandoned {
        written?;
        return Ok(ExitCode::from(ENDED));
    }
    let changed: Vec<_> = before
        .changes()
        .into_iter()
        .filter(|file| !target.is(&place.path.join(&file.path)))
        .collect();
    let kept = match &arguments.files {
        Some(folder) => folder::keep(&place.path, &changed, folder).map_err(Failure::usage),
        None => Ok(()),
    };
    // Each is done although the other failed; where the outputs are is the more important to know.
    written.and(kept)?;
    if !arguments.quiet {
        output::tell_files(&changed, &arguments, place.private);
    }
    if !arguments.quiet && !prints {
        tell_end(report, &notebook, &target, started);
    }
    Ok(ExitCode::from(u8::from(
        report.failed > 0 || report.interrupted,
    )))
}

/// The folder that the cells see as their home.
struct Place {
    path: PathBuf,
    /// It is gone after the run.
    private: bool,
    /// Removes it.
    _scratch: Option<tempfile::TempDir>,
}

fn place(
    arguments: &Arguments,
    folder: Option<&std::path::Path>,
    policy: &Policy,
) -> Result<Place, Failure> {
    if arguments.in_place {
        let folder = folder
            .context("--in-place needs a file; a notebook from stdin has no folder")
            .map_err(Failure::Usage)?;
        return Ok(Place {
            path: folder.into(),
            private: false,
            _scratch: None,
        });
    }
    let scratch = tempfile::Builder::new()
        .prefix("cellblock-run-")
        .tempdir()
        .context("no temporary folder can be made")
        .map_err(Failure::Sandbox)?;
    if let Some(folder) = folder.filter(|_| !arguments.empty_folder) {
        let skipped = folder::copy(folder, scratch.path(), &policy.limits, &policy.name)
            .map_err(Failure::usage)?;
        if !arguments.quiet {
            output::tell_skipped(&skipped, policy);
        }
    }
    Ok(Place {
        path: scratch.path().into(),
        private: true,
        _scratch: Some(scratch),
    })
}

/// Returns what Ctrl-C, a request to end (SIGTERM) and the terminal's end (SIGHUP) arrive on.
fn interrupts() -> mpsc::Receiver<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = mpsc::channel(4);
    for kind in [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ] {
        // Without a handler the signal ends the process, as it does elsewhere.
        let Ok(mut signals) = signal(kind) else {
            continue;
        };
        let sender = sender.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() && sender.send(()).await.is_ok() {}
        });
    }
    receiver
}

fn tell_end(report: Report, notebook: &notebook::Notebook, target: &Target, started: Instant) {
    let cells = (0..notebook.len())
        .filter(|index| {
            notebook.kind(*index) == notebook::CellKind::Code
                && !notebook.source(*index).trim().is_empty()
        })
        .count();
    let mut line = format!(
        "{} of {} ran in {:.1} s",
        report.ran,
        text::count(cells as u64, "cell"),
        started.elapsed().as_secs_f64()
    );
    if report.failed > 0 {
        line.push_str(&format!(", {} failed", report.failed));
    }
    if let Some(written) = target.name() {
        line.push_str(&format!("; wrote {}", text::line(&written, 500)));
    }
    note!("{line}");
}
