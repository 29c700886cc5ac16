//! JupyterLab as it is installed: from PyPI, each package pinned by its hash, into a virtual environment of the
//! cache folder that is named for what is in it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use anyhow::Context as _;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// What is installed.
const LOCK: &str = include_str!("lab/requirements.txt");

/// The service's own part of it: how JupyterLab finds the project's files.
const MODULE: &str = include_str!("lab/cellblock_lab.py");

/// What JupyterLab's page leaves out: it would ask for news that it cannot fetch.
const PAGE: &str =
    r#"{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}"#;

/// Written when everything is there.
const COMPLETE: &str = "complete";

/// Lines of pip's that are told when it fails.
const TOLD: usize = 12;

/// Asks a virtual environment's Python where it is and what it reads.
const PATHS: &str = "import json, os, sys, sysconfig; print(json.dumps({'program': os.path.realpath(sys.executable), \
    'library': sysconfig.get_path('purelib'), 'reads': sorted({sysconfig.get_path('stdlib'), \
    sysconfig.get_path('platstdlib'), sysconfig.get_config_var('LIBDIR') or sys.prefix})}))";

/// JupyterLab, ready to be started.
#[derive(Debug, Clone)]
pub(super) struct Installed {
    pub(super) folder: PathBuf,
    /// The Python behind the virtual environment's link to it.
    pub(super) program: PathBuf,
    /// What it reads outside of it.
    pub(super) reads: Vec<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Paths {
    program: PathBuf,
    library: PathBuf,
    reads: Vec<PathBuf>,
}

/// Returns JupyterLab with these plugins, which is installed first if need be; `tell` hears what is being done.
pub(super) async fn installed(
    cache: &Path,
    python: &str,
    plugins: &[String],
    tell: impl Fn(String),
) -> anyhow::Result<Installed> {
    let mut hasher = blake3::Hasher::new();
    for part in [python, LOCK, MODULE, PAGE]
        .into_iter()
        .chain(plugins.iter().map(String::as_str))
    {
        hasher.update(part.as_bytes()).update(b"\0");
    }
    let name = format!("jupyterlab-{}", &hasher.finalize().to_hex()[..16]);
    let folder = cache.join(&name);
    crate::disk::private_folder(cache)?;
    let lock = File::create(cache.join(format!("{name}.lock")))?;
    // Two services may share the cache; who comes second finds it done.
    let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await??;
    if !folder.join(COMPLETE).exists() {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)
                .context("what is left of an installation cannot be removed")?;
        }
        install(&folder, python, plugins, &tell).await?;
    }
    drop(lock);
    let paths = paths(&folder).await?;
    Ok(Installed {
        folder,
        program: paths.program,
        reads: paths.reads,
    })
}

async fn install(
    folder: &Path,
    python: &str,
    plugins: &[String],
    tell: &impl Fn(String),
) -> anyhow::Result<()> {
    tell("making a virtual environment".into());
    let mut command = Command::new(python);
    command.args(["-m", "venv"]).arg(folder);
    let by_hand = format!("{python} -m venv {}", folder.display());
    let made = run(&mut command).await;
    let made = made.with_context(|| {
        failed(
            &by_hand,
            "install Python with venv (on Debian and Ubuntu: apt-get install python3-venv)",
        )
    })?;
    if !made.status.success() {
        anyhow::bail!(
            "{}: {}",
            failed(
                &by_hand,
                "install Python with venv (on Debian and Ubuntu: apt-get install python3-venv)"
            ),
            last_lines(&[made.stdout, made.stderr].concat())
        );
    }
    let lock = folder.join("requirements.txt");
    std::fs::write(&lock, LOCK)?;
    let hashed = vec![
        "--require-hashes".into(),
        "-r".into(),
        lock.display().to_string(),
    ];
    pip(folder, hashed, tell).await?;
    if !plugins.is_empty() {
        // What JupyterLab itself consists of stays as it is.
        let constraints = folder.join("constraints.txt");
        let pins = LOCK
            .lines()
            .filter_map(|line| line.split_once(" \\"))
            .map(|(pin, _)| pin);
        let pins: Vec<&str> = pins.filter(|pin| pin.contains("==")).collect();
        std::fs::write(&constraints, pins.join("\n"))?;
        let named = ["-c".into(), constraints.display().to_string()];
        pip(
            folder,
            named.into_iter().chain(plugins.iter().cloned()).collect(),
            tell,
        )
        .await?;
    }
    std::fs::write(
        paths(folder).await?.library.join("cellblock_lab.py"),
        MODULE,
    )?;
    let settings = folder.join("etc/jupyter/labconfig");
    std::fs::create_dir_all(&settings)?;
    std::fs::write(settings.join("page_config.json"), PAGE)?;
    crate::disk::write_whole(&folder.join(COMPLETE), b"")?;
    Ok(())
}

/// Has pip install, and tells what it says.
async fn pip(folder: &Path, what: Vec<String>, tell: &impl Fn(String)) -> anyhow::Result<()> {
    let python = folder.join("bin/python");
    let mut arguments: Vec<String> = [
        "-m",
        "pip",
        "install",
        "--only-binary",
        ":all:",
        "--no-input",
        "--progress-bar",
        "off",
    ]
    .map(String::from)
    .to_vec();
    arguments.extend(what);
    let by_hand = format!("{} {}", python.display(), arguments.join(" "));
    let mut child = Command::new(&python)
        .args(&arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| failed(&by_hand, "see that pip is there"))?;
    let output = child.stdout.take().context("pip has no stdout")?;
    let errors = child.stderr.take().context("pip has no stderr")?;
    let reading = tokio::spawn(async move {
        let mut kept = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut { errors }, &mut kept).await;
        kept
    });
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        tell(crate::text::line(&line, 200));
    }
    let status = child.wait().await?;
    let errors = reading.await?;
    if !status.success() {
        anyhow::bail!(
            "{}: {}",
            failed(&by_hand, "see that PyPI can be reached"),
            last_lines(&errors)
        );
    }
    Ok(())
}

async fn paths(folder: &Path) -> anyhow::Result<Paths> {
    let mut command = Command::new(folder.join("bin/python"));
    let answer = run(command.args(["-I", "-c", PATHS])).await?;
    serde_json::from_slice(&answer.stdout)
        .context("the virtual environment's Python does not say where it is")
}

async fn run(command: &mut Command) -> std::io::Result<Output> {
    command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
}

fn failed(by_hand: &str, advice: &str) -> String {
    format!(
        "JupyterLab could not be installed; {advice}. This is the command that failed: `{by_hand}`"
    )
}

/// Returns the end of what a program said.
pub(super) fn last_lines(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines: Vec<String> = text
        .lines()
        .map(|line| crate::text::line(line, 300))
        .collect();
    lines[lines.len().saturating_sub(TOLD)..].join("\n")
}
