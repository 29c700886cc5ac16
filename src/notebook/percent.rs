//! Python scripts as notebooks: the percent format (`# %%`), or the whole file as one cell.

use super::document::{CellKind, Notebook};

/// What a line that begins a cell says.
struct Marker {
    kind: CellKind,
    tags: Vec<String>,
}

/// Reads a script. Lines `# %%` begin cells, `# %% [markdown]` begins text; without such lines
/// the whole script is one cell.
pub(crate) fn from_script(text: &str) -> Notebook {
    let text = text.trim_start_matches('\u{feff}');
    let lines: Vec<&str> = text.lines().collect();
    if !lines.iter().any(|line| marker(line).is_some()) {
        return Notebook::from_cells(vec![(CellKind::Code, text.to_owned(), Vec::new())]);
    }
    let mut cells = Vec::new();
    let mut now = Marker {
        kind: CellKind::Code,
        tags: Vec::new(),
    };
    let mut gathered: Vec<&str> = Vec::new();
    for line in &lines[header(&lines)..] {
        match marker(line) {
            Some(next) => {
                let wanted = cells_begun(&cells, &gathered);
                close(&mut cells, &now, &gathered, wanted);
                (now, gathered) = (next, Vec::new());
            }
            None => gathered.push(line),
        }
    }
    close(&mut cells, &now, &gathered, true);
    Notebook::from_cells(cells)
}

/// Code before the first marker is a cell only when there is some.
fn cells_begun(cells: &[(CellKind, String, Vec<String>)], gathered: &[&str]) -> bool {
    !cells.is_empty() || gathered.iter().any(|line| !line.trim().is_empty())
}

fn close(
    cells: &mut Vec<(CellKind, String, Vec<String>)>,
    marker: &Marker,
    lines: &[&str],
    wanted: bool,
) {
    if !wanted {
        return;
    }
    let source = match marker.kind {
        CellKind::Code => lines
            .iter()
            .map(|line| magic(line))
            .collect::<Vec<_>>()
            .join("\n"),
        CellKind::Markdown | CellKind::Raw => prose(lines),
    };
    let source = source.trim_matches('\n').to_owned();
    cells.push((marker.kind, source, marker.tags.clone()));
}

/// Returns how many lines of a jupytext header (`# ---` to `# ---`) stand at the start.
fn header(lines: &[&str]) -> usize {
    if lines.first().map(|line| line.trim_end()) != Some("# ---") {
        return 0;
    }
    let end = lines[1..]
        .iter()
        .position(|line| line.trim_end() == "# ---");
    end.map_or(0, |end| end + 2)
}

fn marker(line: &str) -> Option<Marker> {
    let rest = line
        .strip_prefix("# %%")
        .or_else(|| line.strip_prefix("#%%"))?;
    // `# %%time` is a magic in a comment, and no marker.
    if rest.starts_with(|letter: char| !letter.is_whitespace()) {
        return None;
    }
    let kind = if rest.contains("[markdown]") || rest.contains("[md]") {
        CellKind::Markdown
    } else if rest.contains("[raw]") {
        CellKind::Raw
    } else {
        CellKind::Code
    };
    Some(Marker {
        kind,
        tags: tags(rest).unwrap_or_default(),
    })
}

/// Reads `tags=["a", "b"]`.
fn tags(rest: &str) -> Option<Vec<String>> {
    let (_, list) = rest.split_once("tags=")?;
    let end = list.find(']')?;
    serde_json::from_str(&list[..=end]).ok()
}

/// Takes magics out of the comments in which the percent format hides them.
fn magic(line: &str) -> &str {
    match line.strip_prefix("# ") {
        Some(rest)
            if rest.starts_with(['%', '!'])
                && rest
                    .trim_start_matches(['%', '!'])
                    .starts_with(|letter: char| letter.is_ascii_alphabetic()) =>
        {
            rest
        }
        Some(_) | None => line,
    }
}

/// Returns text that stands in comments or in a string of three quotes.
fn prose(lines: &[&str]) -> String {
    let text = lines.join("\n");
    let trimmed = text.trim();
    for quotes in ["\"\"\"", "'''"] {
        let inner = trimmed
            .strip_prefix(quotes)
            .and_then(|rest| rest.strip_suffix(quotes));
        if let Some(inner) = inner {
            return inner.to_owned();
        }
    }
    let plain = |line: &&str| -> String {
        let line = line.strip_prefix('#').unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line).to_owned()
    };
    lines.iter().map(plain).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_script_is_one_cell() {
        let read = from_script("import os\n\nprint(1)\n");
        assert_eq!(
            (read.len(), read.source(0).as_str()),
            (1, "import os\n\nprint(1)\n")
        );
    }

    #[test]
    fn markers_begin_cells() {
        let text = "# ---\n# jupyter: {}\n# ---\n\n# %% [markdown]\n# # Title\n#\n# text\n\n# %% tags=[\"parameters\"]\na = 1\n\n# %%\n# %%time\n# %matplotlib inline\n# plain comment\nprint(a)\n\n#%% [md]\n\"\"\"\nmore\n\"\"\"\n";
        let read = from_script(text);
        let cells: Vec<_> = (0..read.len())
            .map(|index| (read.kind(index), read.source(index)))
            .collect();
        assert_eq!(
            cells,
            [
                (CellKind::Markdown, "# Title\n\ntext".into()),
                (CellKind::Code, "a = 1".into()),
                (
                    CellKind::Code,
                    "%%time\n%matplotlib inline\n# plain comment\nprint(a)".into()
                ),
                (CellKind::Markdown, "more".into()),
            ]
        );
        assert!(read.has_tag(1, "parameters") && !read.has_tag(2, "parameters"));
    }

    #[test]
    fn code_before_the_first_marker_is_a_cell() {
        let read = from_script("import os\n# %%\nprint(1)");
        assert_eq!((read.len(), read.source(0).as_str()), (2, "import os"));
    }
}
