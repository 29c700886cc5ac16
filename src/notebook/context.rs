//! A notebook as a model is told of it: within a budget of tokens, texts shortened where that
//! hurts least, images named and not included.

use python_wasm::Variable;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::CellKind;
use super::export::{media_types, plain};
use super::library::Snapshot;
use crate::text::shortened;

/// Bytes that are counted as a token.
const TOKEN: usize = 4;

/// Tokens that the frame of a cell takes: its id, its kind, its numbers.
const FRAME: usize = 40;

/// The share of the budget that sources may take when outputs need the rest, in percent.
const SOURCES: usize = 70;

/// What a model is told of a notebook.
#[derive(Debug, Serialize, ToSchema, JsonSchema)]
pub(crate) struct Context {
    name: String,
    revision: u64,
    /// About how many tokens it takes, at four bytes a token.
    tokens: usize,
    cells: Vec<ContextCell>,
    /// Cells that had no place in the budget: those that changed longest ago.
    cells_left_out: usize,
    /// The error that was shown last, wherever its cell stands.
    last_error: Option<ContextError>,
    /// What the session knows now, as far as it is awake; at most 100.
    variables: Vec<ContextVariable>,
}

/// A variable as a model is told of it.
#[derive(Debug, Serialize, ToSchema, JsonSchema)]
pub(crate) struct ContextVariable {
    name: String,
    r#type: String,
    shape: Option<Vec<u64>>,
    preview: String,
}

/// A cell as a model is told of it.
#[derive(Debug, Serialize, ToSchema, JsonSchema)]
pub(crate) struct ContextCell {
    cell_id: String,
    /// Its place in the notebook, counted from 0.
    index: usize,
    cell_type: CellKind,
    source: String,
    /// What it shows, as text.
    outputs: Vec<String>,
    execution_count: Option<u64>,
    revision: u64,
    stale: bool,
    running: bool,
    /// Something of it was left out.
    shortened: bool,
    #[serde(rename = "isUpdate", skip_serializing_if = "Option::is_none")]
    is_update: Option<bool>,
}

/// An error that a cell showed.
#[derive(Debug, Serialize, ToSchema, JsonSchema)]
pub(crate) struct ContextError {
    cell_id: String,
    name: String,
    message: String,
}

/// Variables that are told, and characters of each.
const VARIABLES: usize = 100;
const PREVIEW: usize = 120;

impl Context {
    /// Adds the variables that the session knows.
    pub(crate) fn with_variables(mut self, variables: Vec<Variable>) -> Self {
        let told = variables.into_iter().take(VARIABLES);
        self.variables = told
            .map(|variable| ContextVariable {
                name: variable.name,
                r#type: variable.r#type,
                shape: variable.shape,
                preview: crate::text::line(&variable.preview, PREVIEW),
            })
            .collect();
        let size = |variable: &ContextVariable| variable.name.len() + variable.preview.len();
        self.tokens += self.variables.iter().map(size).sum::<usize>() / TOKEN;
        self
    }

    /// Returns what fits into the budget. What variables there are is known to the session alone
    /// and is added by whoever has one.
    pub(crate) fn of(snapshot: &Snapshot, budget: usize) -> Self {
        let error = last_error(snapshot);
        let error_size = error
            .as_ref()
            .map_or(0, |error| (error.name.len() + error.message.len()) / TOKEN);
        let budget = budget.saturating_sub(error_size);
        // Those that changed last come first; they stand in the notebook's order afterwards.
        let mut chosen: Vec<usize> = (0..snapshot.cells.len()).collect();
        chosen.sort_by_key(|index| std::cmp::Reverse(snapshot.cells[*index].cell.change));
        chosen.truncate(budget / (2 * FRAME));
        chosen.sort_unstable();
        let cells_left_out = snapshot.cells.len() - chosen.len();
        let room = (budget - chosen.len() * FRAME) * TOKEN;
        let outputs: Vec<Vec<String>> = chosen
            .iter()
            .map(|index| told(&snapshot.cells[*index].cell.outputs))
            .collect();
        let sources = || {
            chosen
                .iter()
                .map(|index| snapshot.cells[*index].cell.source.len())
        };
        let of_outputs: Vec<usize> = outputs.iter().flatten().map(String::len).collect();
        let for_sources = (room * SOURCES / 100).max(room.saturating_sub(of_outputs.iter().sum()));
        let source_most = share(sources().collect(), for_sources);
        let left: usize =
            room.saturating_sub(sources().map(|length| length.min(source_most)).sum());
        let output_most = share(of_outputs, left);
        let mut cells = Vec::with_capacity(chosen.len());
        for (index, outputs) in chosen.into_iter().zip(outputs) {
            let view = &snapshot.cells[index];
            let is_long = view.cell.source.len() > source_most
                || outputs.iter().any(|text| text.len() > output_most);
            cells.push(ContextCell {
                cell_id: view.cell.id.clone(),
                index,
                cell_type: view.cell.kind,
                source: fitted(&view.cell.source, source_most),
                outputs: outputs
                    .iter()
                    .map(|text| fitted(text, output_most))
                    .collect(),
                execution_count: view.cell.execution_count,
                revision: view.cell.revision,
                stale: view.stale,
                running: view.running,
                shortened: is_long,
                is_update: view.is_update,
            });
        }
        let size = |cell: &ContextCell| {
            cell.source.len() + cell.outputs.iter().map(String::len).sum::<usize>()
        };
        let texts: usize = cells.iter().map(size).sum();
        Self {
            name: snapshot.row.name.clone(),
            revision: snapshot.document.revision(),
            tokens: error_size + cells.len() * FRAME + texts.div_ceil(TOKEN),
            cells,
            cells_left_out,
            last_error: error,
            variables: Vec::new(),
        }
    }
}

/// Returns what outputs say; what is no text is named.
fn told(outputs: &[Value]) -> Vec<String> {
    let of_output = |output: &Value| {
        let others: Vec<&str> = media_types(output)
            .filter(|mime| !mime.starts_with("text/"))
            .collect();
        match (plain(output), others.is_empty()) {
            (Some(text), true) => text,
            (Some(text), false) => format!("[{}] {text}", others.join(", ")),
            (None, _) => format!("[{}]", media_types(output).collect::<Vec<_>>().join(", ")),
        }
    };
    outputs.iter().map(of_output).collect()
}

fn last_error(snapshot: &Snapshot) -> Option<ContextError> {
    let failed = |output: &&Value| {
        output
            .get("output_type")
            .is_some_and(|kind| kind == "error")
    };
    let with_error = snapshot
        .cells
        .iter()
        .filter(|view| view.cell.outputs.iter().any(|output| failed(&output)));
    let cell = &with_error.max_by_key(|view| view.cell.change)?.cell;
    let error = cell.outputs.iter().rfind(failed)?;
    let field = |key: &str| {
        error
            .get(key)
            .and_then(Value::as_str)
            .map(|text| fitted(text, 500))
            .unwrap_or_default()
    };
    Some(ContextError {
        cell_id: cell.id.clone(),
        name: field("ename"),
        message: field("evalue"),
    })
}

/// Returns the greatest length to which texts of these lengths have to be cut for all to fit.
fn share(mut lengths: Vec<usize>, room: usize) -> usize {
    lengths.sort_unstable();
    let (mut left, mut count) = (room, lengths.len());
    for length in lengths {
        let fair = left / count;
        if length > fair {
            return fair;
        }
        left -= length;
        count -= 1;
    }
    usize::MAX
}

/// Shortens a text to so many bytes, the remark about what is missing included.
fn fitted(text: &str, most: usize) -> String {
    const REMARK: usize = 48;
    if text.len() <= most {
        return text.to_owned();
    }
    if most < 2 * REMARK {
        return text[..text.floor_char_boundary(most)].to_owned();
    }
    shortened(text, most - REMARK)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::notebook::Notebook;
    use crate::notebook::live::{Document, Running, Status, Tracking};
    use crate::store::notebooks::NotebookRow;

    fn snapshot(cells: &Value) -> Snapshot {
        let text =
            json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).to_string();
        let document = Document::of(
            Notebook::read(&text).expect("a notebook"),
            0,
            Tracking::default(),
        );
        let none = String::new;
        Snapshot {
            row: NotebookRow {
                id: none(),
                tenant_id: none(),
                project_id: none(),
                path: none(),
                name: "name".into(),
                revision: 1,
                session_id: None,
                under_way: None,
                created_at: none(),
                modified_at: none(),
            },
            cells: document.views(&Running::default(), None),
            document,
            status: Status::Idle,
        }
    }

    #[test]
    fn what_is_small_is_whole_and_images_are_named() {
        let snapshot = snapshot(&json!([
            {"cell_type": "code", "source": "plot()", "outputs": [
                {"output_type": "display_data", "data": {"image/png": "aaaa", "text/plain": "<Figure>"}},
                {"output_type": "display_data", "data": {"image/png": "aaaa"}},
                {"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": ["\u{1b}[31mtrace\u{1b}[0m"]},
            ]},
        ]));
        let context = Context::of(&snapshot, 1000);
        let cell = &context.cells[0];
        assert_eq!(
            cell.outputs,
            ["[image/png] <Figure>", "[image/png]", "trace"]
        );
        assert!(!cell.shortened && cell.source == "plot()");
        assert_eq!(context.last_error.expect("an error").name, "ValueError");
    }

    #[test]
    fn the_budget_is_kept_and_small_texts_are_not_cut_for_large_ones() {
        let long = "0123456789\n".repeat(10_000);
        let cell = |source: &str| {
            json!({"cell_type": "code", "source": source,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": long}]})
        };
        let snapshot = snapshot(&json!([
            cell("a = 1"),
            cell(&long),
            cell("b = 2"),
            cell(&long)
        ]));
        for budget in [0, 50, 200, 500, 2000, 20_000] {
            let context = Context::of(&snapshot, budget);
            assert!(context.tokens <= budget, "{} of {budget}", context.tokens);
            assert_eq!(context.cells.len() + context.cells_left_out, 4);
        }
        let context = Context::of(&snapshot, 2000);
        assert_eq!(context.cells[0].source, "a = 1");
        let output = &context.cells[0].outputs[0];
        assert!(
            output.starts_with("0123")
                && output.ends_with("456789\n")
                && output.contains("left out"),
            "{output}"
        );
        assert!(context.tokens > 1500, "{} of 2000 are used", context.tokens);
    }

    #[test]
    fn room_is_shared_from_the_smallest_on() {
        assert_eq!(share(vec![1, 2, 100, 200], 103), 50);
        assert_eq!(share(vec![1, 2], 3), usize::MAX);
        assert_eq!(share(vec![], 0), usize::MAX);
        assert_eq!(share(vec![5, 5], 0), 0);
    }
}
