//! Reads what is to be run.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use crate::cli::Failure;
use crate::notebook::{self, Notebook};

/// Bytes of the largest notebook that is read; Jupyter itself gives up far below this.
const MOST: u64 = 512 << 20;

/// What the input was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// A notebook, from a file.
    Notebook,
    /// A notebook, from stdin.
    Piped,
    /// A Python script.
    Script,
}

/// What is to be run.
pub(super) struct Input {
    pub(super) notebook: Notebook,
    pub(super) format: Format,
    /// The folder it lies in, with its links resolved; none for stdin.
    pub(super) folder: Option<PathBuf>,
    /// Its name in that folder.
    pub(super) name: Option<String>,
    /// The text that came from stdin.
    pub(super) piped: Option<String>,
}

/// Reads a notebook or a script from a file or stdin.
pub(super) fn read(file: &Path) -> Result<Input, Failure> {
    read_input(file).map_err(Failure::Usage)
}

fn read_input(file: &Path) -> anyhow::Result<Input> {
    if file == Path::new("-") {
        let stdin = std::io::stdin();
        if stdin.is_terminal() {
            note!("reading a notebook or a script from stdin; Ctrl-D ends it");
        }
        let text = text(stdin.lock()).context("stdin cannot be read")?;
        if text.trim().is_empty() {
            return Err(anyhow!(
                "stdin is empty: there is nothing to run; pass a notebook or a script"
            ));
        }
        let is_notebook = text
            .trim_start_matches('\u{feff}')
            .trim_start()
            .starts_with('{');
        return Ok(Input {
            notebook: if is_notebook {
                Notebook::parse(&text).context("stdin cannot be run")?
            } else {
                notebook::from_script(&text)
            },
            format: if is_notebook {
                Format::Piped
            } else {
                Format::Script
            },
            folder: None,
            name: None,
            piped: Some(text),
        });
    }
    let extension = file.extension().and_then(|extension| extension.to_str());
    let format = match extension {
        Some("ipynb") => Format::Notebook,
        Some("py") => Format::Script,
        Some(_) | None => {
            return Err(anyhow!(
                "{} is neither a notebook (.ipynb) nor a script (.py)",
                file.display()
            ));
        }
    };
    let cannot = || format!("{} cannot be read", file.display());
    // Opened without waiting: a pipe of that name would not answer for ever.
    let opened = File::options()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32)
        .open(file)
        .with_context(cannot)?;
    if !opened.metadata().with_context(cannot)?.is_file() {
        return Err(anyhow!("it is not a file")).with_context(cannot);
    }
    let text = text(opened).with_context(cannot)?;
    let path = file.canonicalize().with_context(cannot)?;
    let notebook = match format {
        Format::Script => notebook::from_script(&text),
        Format::Notebook | Format::Piped => {
            Notebook::parse(&text).with_context(|| format!("{} cannot be run", file.display()))?
        }
    };
    Ok(Input {
        notebook,
        format,
        folder: path.parent().map(Path::to_owned),
        name: path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned()),
        piped: None,
    })
}

fn text(from: impl Read) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    from.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        return Err(anyhow!("it is larger than {} MiB", MOST >> 20));
    }
    String::from_utf8(bytes)
        .map_err(|error| anyhow!("it is not UTF-8 text: {}", error.utf8_error()))
}
