//! Tests of the live notebook as a whole.

use proptest::prelude::*;
use python_wasm::Event;
use serde_json::json;

use super::*;
use crate::error_code::ErrorCode;
use crate::id::ExecutionId;
use crate::notebook::{CellKind, Notebook};

fn document(sources: &[&str]) -> Document {
    let cells = sources
        .iter()
        .map(|source| (CellKind::Code, (*source).to_owned(), Vec::new()));
    Document::of(
        Notebook::from_cells(cells.collect()),
        0,
        Tracking::default(),
    )
}

fn id(document: &Document, index: usize) -> String {
    document.cells()[index].id.clone()
}

fn sources(document: &Document) -> Vec<&str> {
    document
        .cells()
        .iter()
        .map(|cell| cell.source.as_str())
        .collect()
}

fn source(text: &str) -> CellPatch {
    CellPatch {
        source: Some(text.into()),
        ..CellPatch::default()
    }
}

fn revision(document: &Document, id: &str) -> u64 {
    document.cell(id).expect("it is there").revision
}

fn updates(document: &Document, reader: &str) -> Vec<String> {
    let views = document
        .views(&Running::default(), Some(reader))
        .into_iter();
    views
        .filter(|view| view.is_update == Some(true))
        .map(|view| view.cell.id.clone())
        .collect()
}

fn begun(execution: ExecutionId) -> Begun {
    Begun {
        execution,
        after: 0,
    }
}

fn printed(text: &str) -> Event {
    serde_json::from_value(json!({"type": "stream", "content": {"name": "stdout", "text": text}}))
        .expect("an event")
}

#[test]
fn a_stale_write_gets_the_current_cell_and_the_same_content_needs_no_revision() {
    let mut document = document(&["a"]);
    let cell = id(&document, 0);
    document.edit(&cell, 1, source("b")).expect("it is current");
    let fault = document
        .edit(&cell, 1, source("c"))
        .expect_err("it is stale");
    assert_eq!(fault.code, ErrorCode::CellConflict);
    let current = &fault.details.expect("the cell")["current"];
    assert_eq!(
        (&current["source"], &current["revision"]),
        (&json!("b"), &json!(2))
    );
    // Another try of a write whose answer was lost.
    document
        .edit(&cell, 1, source("b"))
        .expect("it says so already");
    assert_eq!(document.revision(), 2);
}

#[test]
fn splitting_and_merging_are_each_others_way_back() {
    let mut document = document(&["a = 1\nb = \u{e4}", "c"]);
    let cell = id(&document, 0);
    let first = document.split(&cell, 1, 6).expect("it is inside");
    assert_eq!(sources(&document), ["a = 1", "b = \u{e4}", "c"]);
    assert_eq!(
        [id(&document, 0), id(&document, 1)],
        [first.clone(), cell],
        "what was split stays behind the new cell"
    );
    let now = revision(&document, &first);
    document.merge(&first, now).expect("there is a next");
    assert_eq!(sources(&document), ["a = 1\nb = \u{e4}", "c"]);
    let now = revision(&document, &first);
    assert_eq!(
        document
            .split(&first, now, 100)
            .expect_err("behind the end")
            .code,
        ErrorCode::InvalidField
    );
    let last = id(&document, 1);
    assert_eq!(
        document.merge(&last, 1).expect_err("the last").code,
        ErrorCode::InvalidField
    );
}

#[test]
fn what_became_text_loses_its_outputs_and_gets_them_back() {
    let mut document = document(&["a"]);
    let mut running = Running::default();
    let (cell, execution) = (id(&document, 0), ExecutionId::new());
    running
        .begin(&mut document, &cell, begun(execution), "a")
        .expect("it is code");
    running.take(&document, &cell, execution, printed("x"));
    running.finish(&mut document, &cell, execution, Some(1), false);
    let patch = CellPatch {
        kind: Some(CellKind::Markdown),
        ..CellPatch::default()
    };
    document.edit(&cell, 1, patch).expect("it is current");
    assert!(document.cells()[0].outputs.is_empty());
    document.undo().expect("there is something");
    assert_eq!(document.cells()[0].outputs.len(), 1);
    assert_eq!(
        document.undo().expect_err("all is undone").code,
        ErrorCode::NothingToUndo
    );
}

#[test]
fn every_kind_of_change_is_an_update_until_it_is_acknowledged() {
    let mut document = document(&["a", "b"]);
    let mut running = Running::default();
    let (first, second) = (id(&document, 0), id(&document, 1));
    assert_eq!(
        updates(&document, "r").len(),
        2,
        "all is new to a new reader"
    );
    let acknowledged = |document: &mut Document, expected: &[&str], why: &str| {
        assert_eq!(updates(document, "r"), expected, "{why}");
        document
            .acknowledge("r", document.revision())
            .expect("it is there");
        assert!(updates(document, "r").is_empty());
    };
    acknowledged(&mut document, &[&first, &second], "added");
    document
        .edit(&first, 1, source("c"))
        .expect("it is current");
    acknowledged(&mut document, &[&first], "edited");
    let metadata = CellPatch {
        metadata: json!({"x": 1}).as_object().cloned(),
        ..CellPatch::default()
    };
    document
        .edit(&second, 1, metadata.clone())
        .expect("it is current");
    acknowledged(&mut document, &[&second], "metadata");
    let now = revision(&document, &second);
    document
        .edit(&second, now, metadata)
        .expect("it is current");
    document.clear(None).expect("nothing to clear");
    acknowledged(
        &mut document,
        &[],
        "the same metadata, and clearing what is empty",
    );
    let execution = ExecutionId::new();
    running
        .begin(&mut document, &first, begun(execution), "a")
        .expect("it is code");
    acknowledged(&mut document, &[], "it has only begun");
    running.take(&document, &first, execution, printed("x"));
    running.settle(&mut document);
    acknowledged(&mut document, &[&first], "an output");
    running.finish(&mut document, &first, execution, None, false);
    acknowledged(&mut document, &[], "no more output");
    document.clear(Some(&first)).expect("it is there");
    acknowledged(&mut document, &[&first], "cleared");
    // Who acknowledges what they saw does not miss what came after.
    let seen = document.revision();
    document
        .edit(&first, 4, source("z"))
        .expect_err("stale, and nothing happens");
    let now = revision(&document, &first);
    document
        .edit(&first, now, source("z"))
        .expect("it is current");
    document.acknowledge("r", seen).expect("it is there");
    assert_eq!(updates(&document, "r"), [first.as_str()]);
    assert_eq!(
        document.acknowledge("r", 10_000).expect_err("to come").code,
        ErrorCode::InvalidField
    );
}

#[test]
fn readers_are_bounded_and_a_forgotten_one_sees_everything_again() {
    let mut document = document(&["a"]);
    let cell = id(&document, 0);
    document.acknowledge("first", 1).expect("it is there");
    document.edit(&cell, 1, source("b")).expect("it is current");
    for number in 0..64 {
        document
            .acknowledge(&format!("reader-{number}"), 2)
            .expect("it is there");
    }
    assert_eq!(document.readers().acknowledged("first"), 0);
    assert_eq!(document.readers().acknowledged("reader-0"), 2);
}

#[test]
fn a_cell_is_stale_when_it_or_what_is_above_has_changed_since() {
    let mut document = document(&["a", "b"]);
    let mut running = Running::default();
    let stale = |document: &Document| {
        document
            .views(&Running::default(), None)
            .iter()
            .map(|view| view.stale)
            .collect::<Vec<_>>()
    };
    let (first, second) = (id(&document, 0), id(&document, 1));
    let run = |document: &mut Document, running: &mut Running, cell: &str| {
        let execution = ExecutionId::new();
        let source = document.cell(cell).expect("it is there").source.clone();
        running
            .begin(document, cell, begun(execution), &source)
            .expect("it is code");
        running.finish(document, cell, execution, Some(1), false);
    };
    assert_eq!(stale(&document), [false, false]);
    run(&mut document, &mut running, &first);
    run(&mut document, &mut running, &second);
    assert_eq!(stale(&document), [false, false]);
    let due = |document: &Document| {
        document
            .selected(&Selection::Stale)
            .expect("no cell is named")
    };
    assert_eq!(due(&document), [""; 0]);
    document
        .edit(&first, 1, source("c"))
        .expect("it is current");
    assert_eq!(stale(&document), [true, false]);
    // When it has run, what is below is out of date: one press brings all up to date.
    assert_eq!(due(&document), [first.clone(), second.clone()]);
    document.undo().expect("there is something");
    assert_eq!(stale(&document), [false, false]);
    run(&mut document, &mut running, &first);
    assert_eq!(stale(&document), [false, true]);
    assert_eq!(due(&document), [second]);
}

#[test]
fn messages_of_unknown_executions_and_of_deleted_cells_change_nothing() {
    let mut document = document(&["a"]);
    let mut running = Running::default();
    let (cell, execution) = (id(&document, 0), ExecutionId::new());
    running
        .begin(&mut document, &cell, begun(execution), "a")
        .expect("it is code");
    running.take(&document, &cell, ExecutionId::new(), printed("of another"));
    running.settle(&mut document);
    assert!(document.cells()[0].outputs.is_empty());
    assert_eq!(running.status(), Status::Running);
    document.delete(&cell, 1).expect("it is current");
    running.take(&document, &cell, execution, printed("late"));
    running.finish(&mut document, &cell, execution, Some(1), true);
    assert!(document.cells().is_empty());
    assert_eq!(running.status(), Status::Error);
}

#[test]
fn what_another_program_wrote_counts_as_changed_and_nothing_else() {
    let mut before = document(&["a", "b"]);
    before.acknowledge("r", 1).expect("it is there");
    let same =
        Document::read(&before.to_file(), before.revision(), before.tracking()).expect("it reads");
    assert_eq!((same.revision(), same.cells()), (1, before.cells()));
    assert!(updates(&same, "r").is_empty());
    let edited = before.to_file().replace("\"b\"", "\"c\"");
    let other = Document::read(&edited, before.revision(), before.tracking()).expect("it reads");
    assert_eq!(updates(&other, "r"), [id(&other, 1)]);
    assert_eq!(
        (other.cells()[0].revision, other.cells()[1].revision),
        (1, 2)
    );
}

/// Something that somebody does to a notebook; numbers are taken as far as they fit.
#[derive(Debug, Clone)]
enum Deed {
    Add(usize, String),
    Edit(usize, String),
    Kind(usize, CellKind),
    Move(usize, usize),
    Split(usize, usize),
    Merge(usize),
    Delete(usize),
    Undo,
    Redo,
}

fn deed() -> impl Strategy<Value = Deed> {
    let text = "[a-c\u{e4}\\n]{0,6}";
    prop_oneof![
        (any::<usize>(), text).prop_map(|(at, text)| Deed::Add(at, text)),
        (any::<usize>(), text).prop_map(|(at, text)| Deed::Edit(at, text)),
        (
            any::<usize>(),
            prop_oneof![
                Just(CellKind::Code),
                Just(CellKind::Markdown),
                Just(CellKind::Raw)
            ]
        )
            .prop_map(|(at, kind)| Deed::Kind(at, kind)),
        (any::<usize>(), any::<usize>()).prop_map(|(from, to)| Deed::Move(from, to)),
        (any::<usize>(), 0..7usize).prop_map(|(at, split)| Deed::Split(at, split)),
        any::<usize>().prop_map(Deed::Merge),
        any::<usize>().prop_map(Deed::Delete),
        Just(Deed::Undo),
        Just(Deed::Redo),
    ]
}

/// Does it; a refusal is an answer too.
fn perform(document: &mut Document, deed: Deed) -> Result<(), Fault> {
    let count = document.cells().len();
    let new = |cell_source| NewCell {
        cell_type: CellKind::Code,
        source: cell_source,
        metadata: Map::new(),
    };
    let at = |number: usize| {
        document
            .cells()
            .get(number % count.max(1))
            .map(|cell| (cell.id.clone(), cell.revision))
    };
    match deed {
        Deed::Undo => return document.undo(),
        Deed::Redo => return document.redo(),
        Deed::Add(number, text) => {
            return document
                .add(&Place::Index(number % (count + 1)), new(text))
                .map(drop);
        }
        Deed::Edit(number, text) => {
            at(number).map(|(id, revision)| document.edit(&id, revision, source(&text)))
        }
        Deed::Kind(number, kind) => at(number).map(|(id, revision)| {
            document.edit(
                &id,
                revision,
                CellPatch {
                    kind: Some(kind),
                    ..CellPatch::default()
                },
            )
        }),
        Deed::Move(from, to) => {
            at(from).map(|(id, revision)| document.move_to(&id, revision, to % count))
        }
        Deed::Split(number, split) => {
            at(number).map(|(id, revision)| document.split(&id, revision, split).map(drop))
        }
        Deed::Merge(number) => at(number).map(|(id, revision)| document.merge(&id, revision)),
        Deed::Delete(number) => at(number).map(|(id, revision)| document.delete(&id, revision)),
    }
    .unwrap_or(Ok(()))
}

fn contents(document: &Document) -> Vec<(String, CellKind, String)> {
    let content = |cell: &Arc<Cell>| (cell.id.clone(), cell.kind, cell.source.clone());
    document.cells().iter().map(content).collect()
}

proptest! {
    #[test]
    fn whatever_is_done_can_be_undone_and_redone_and_survives_the_file(deeds in prop::collection::vec(deed(), 0..60)) {
        let mut document = document(&["a", "b\nc"]);
        let first = contents(&document);
        for deed in deeds {
            let (before, was) = (contents(&document), document.revision());
            if perform(&mut document, deed).is_err() {
                prop_assert_eq!(&contents(&document), &before);
            }
            prop_assert!(contents(&document) == before || document.revision() > was);
            prop_assert!(document.cells().iter().all(|cell| cell.revision <= cell.change && cell.change <= document.revision()));
            let ids: std::collections::BTreeSet<_> = document.cells().iter().map(|cell| &cell.id).collect();
            prop_assert_eq!(ids.len(), document.cells().len());
        }
        let last = contents(&document);
        let read = Document::read(&document.to_file(), document.revision(), document.tracking()).expect("it reads");
        prop_assert_eq!(read.cells(), document.cells());
        prop_assert_eq!(read.to_file(), document.to_file());
        // Whatever was taken back first is made again, so that all can be taken back.
        while document.redo().is_ok() {}
        let all = contents(&document);
        while document.undo().is_ok() {}
        prop_assert_eq!(contents(&document), first);
        while document.redo().is_ok() {}
        prop_assert_eq!(contents(&document), all.clone());
        prop_assert!(all == last || document.can_undo_and_redo().0);
    }
}
