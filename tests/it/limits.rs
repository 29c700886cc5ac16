//! Cells that will not end, and cells that try to take the session with them.

use crate::support::Folder;

#[test]
fn an_endless_loop_ends_at_the_time_limit_and_later_cells_do_not_run() {
    let folder = Folder::new();
    folder.notebook(
        "a.ipynb",
        &["print('before')", "while True: pass", "print('after')"],
    );
    let ran = folder
        .run(&["run", "a.ipynb", "--image", "base", "--timeout", "1s"])
        .expect(1);
    assert!(ran.stderr.contains("[2/3] LIMIT"), "{}", ran.stderr);
    assert!(ran.stderr.contains("cell_time"), "{}", ran.stderr);
    let written = folder.outputs("a.out.ipynb");
    assert_eq!(written.text(0), "before\n");
    assert_eq!(written.error(1).0, "LimitExceeded");
    assert!(
        written.error(1).1.contains("cell_time"),
        "{:?}",
        written.error(1)
    );
    assert!(!written.ran(2));
}

#[test]
fn a_loop_that_swallows_everything_is_ended_and_the_variables_stay() {
    let folder = Folder::new();
    let swallow = "x = 'lost'\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass";
    folder.notebook("a.ipynb", &["x = 'kept'", swallow, "print(x)"]);
    let arguments = [
        "run",
        "a.ipynb",
        "--image",
        "base",
        "--timeout",
        "1",
        "--keep-going",
    ];
    let ran = folder.run(&arguments).expect(1);
    assert!(ran.stderr.contains("[2/3] KILLED"), "{}", ran.stderr);
    let written = folder.outputs("a.out.ipynb");
    assert_eq!(written.error(1).0, "CellKilled");
    assert_eq!(written.text(2), "kept\n");
}

#[test]
fn a_cell_meant_to_raise_is_not_meant_to_hit_a_limit() {
    let folder = Folder::new();
    let cells = [crate::support::code(
        "while True: pass",
        &["raises-exception"],
    )];
    folder.write("a.ipynb", &crate::support::notebook(&cells));
    folder
        .run(&["run", "a.ipynb", "--image", "base", "--timeout", "500ms"])
        .expect(1);
}

#[test]
fn times_are_refused_outside_of_their_range() {
    let folder = Folder::new();
    folder.notebook("a.ipynb", &["1"]);
    let refusal = |time: &str| {
        let ran = folder.run(&["run", "a.ipynb", "--timeout", time]).expect(2);
        ran.stderr
    };
    assert!(refusal("1ms").starts_with(
        "error: --timeout 1ms: limits.cell_time is 1 ms, but it must be from 50 ms to"
    ));
    assert!(
        refusal("soon")
            .contains("limits.cell_time cannot be read: \"soon\" does not start with a number")
    );
}
