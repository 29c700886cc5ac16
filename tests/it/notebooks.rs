//! What a run writes into a notebook.

use serde_json::json;

use crate::support::{Folder, Outputs, cellblock_with, code, notebook};

#[test]
fn the_notebook_goes_beside_its_file_with_counts_and_outputs() {
    let folder = Folder::new();
    folder.notebook("a.ipynb", &["x = 41\nprint('one')", "x + 1"]);
    let ran = folder.run(&["run", "a.ipynb", "--image", "base"]).expect(0);
    assert!(ran.stderr.contains("2 of 2 cells ran"), "{}", ran.stderr);
    assert!(ran.stderr.contains("[2/2] ok"), "{}", ran.stderr);
    let written = folder.outputs("a.out.ipynb");
    assert_eq!(written.text(0), "one\n");
    assert_eq!(written.of(1)[0]["output_type"], "execute_result");
    assert_eq!(written.text(1), "42");
    assert_eq!(written.code_cells()[1]["execution_count"], 2);
    // Nothing else was written, and the notebook itself is as it was.
    assert_eq!(folder.names(), ["a.ipynb", "a.out.ipynb"]);
    assert_eq!(Outputs::read(&folder.path().join("a.ipynb")).of(0).len(), 0);
}

#[test]
fn metadata_of_other_tools_survives() {
    let folder = Folder::new();
    let mut cell = code("1", &["keep"]);
    cell["metadata"]["vendor"] = json!({"a": [1, null, "x"]});
    cell["metadata"]["scrolled"] = json!("auto");
    let text = json!({"nbformat": 4, "nbformat_minor": 2, "cells": [cell, {"cell_type": "raw", "metadata": {"format": "text/x"}, "source": "r"}],
        "metadata": {"kernelspec": {"name": "k", "display_name": "K", "extra": 1}, "vendor": {"deep": [{}]}}});
    folder.write("a.ipynb", &text.to_string());
    folder.run(&["run", "a.ipynb", "--image", "base"]).expect(0);
    let written = folder.outputs("a.out.ipynb").0;
    assert_eq!(written["metadata"]["vendor"], text["metadata"]["vendor"]);
    assert_eq!(
        written["metadata"]["kernelspec"],
        json!({"name": "k", "display_name": "K", "extra": 1})
    );
    for index in 0..2 {
        assert_eq!(
            written["cells"][index]["metadata"],
            text["cells"][index]["metadata"]
        );
    }
}

#[test]
fn displays_are_updated_in_earlier_cells_and_cleared_when_asked() {
    let folder = Folder::new();
    folder.notebook(
        "a.ipynb",
        &[
            "from IPython.display import display, clear_output\nhandle = display('old', display_id=True)",
            "handle.update('new')",
            "import sys\nprint('a'); print('b'); print('c', file=sys.stderr)",
            "print('gone'); clear_output(wait=True); print('stays')",
        ],
    );
    folder.run(&["run", "a.ipynb", "--image", "base"]).expect(0);
    let written = folder.outputs("a.out.ipynb");
    assert_eq!(written.text(0), "'new'");
    assert_eq!(written.of(1).len(), 0);
    assert_eq!(written.of(2).len(), 2);
    assert_eq!(written.of(2)[0]["text"], json!(["a\n", "b\n"]));
    assert_eq!(written.text(3), "stays\n");
}

#[test]
fn the_state_of_widgets_is_kept_with_the_notebook() {
    let folder = Folder::new();
    folder.notebook(
        "a.ipynb",
        &[
            "import ipywidgets\nslider = ipywidgets.IntSlider(value=3, max=9)\nslider",
            "slider.value = 7",
        ],
    );
    folder.run(&["run", "a.ipynb", "--image", "base"]).expect(0);
    let written = folder.outputs("a.out.ipynb");
    let view = "application/vnd.jupyter.widget-view+json";
    let id = written.of(0)[0]["data"][view]["model_id"].as_str().unwrap();
    let saved = &written.0["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"];
    assert_eq!(saved["version_major"], 2);
    let model = &saved["state"][id];
    assert_eq!(model["model_name"], "IntSliderModel");
    assert_eq!(model["model_module"], "@jupyter-widgets/controls");
    assert_eq!(
        (&model["state"]["value"], &model["state"]["max"]),
        (&json!(7), &json!(9))
    );
    // What a model refers to is there too.
    let layout = model["state"]["layout"].as_str().unwrap();
    let layout = &saved["state"][layout.trim_start_matches("IPY_MODEL_")];
    assert_eq!(layout["model_name"], "LayoutModel");
}

#[test]
fn a_repr_that_fails_costs_only_itself() {
    let folder = Folder::new();
    folder.notebook(
        "a.ipynb",
        &["class C:\n    def __repr__(self): return 'text'\n    def _repr_png_(self): raise ValueError('no')\nC()", "1"],
    );
    folder.run(&["run", "a.ipynb", "--image", "base"]).expect(0);
    let written = folder.outputs("a.out.ipynb");
    assert_eq!(written.of(0)[0]["name"], "stderr");
    assert!(written.text(0).contains("ValueError"));
    assert_eq!(written.of(0)[1]["data"]["text/plain"], json!(["text"]));
    assert_eq!(written.text(1), "1");
}

#[test]
fn parameters_become_a_cell_that_runs() {
    let folder = Folder::new();
    let cells = [
        code("alpha = 1\nname = 'x'", &["parameters"]),
        code("print(alpha, name, values, flag)", &[]),
    ];
    folder.write("a.ipynb", &notebook(&cells));
    let arguments = [
        "run",
        "a.ipynb",
        "--image",
        "base",
        "-p",
        "alpha=0.5",
        "-p",
        "name=it's",
        "-p",
        "values=[1, null]",
        "-p",
        "flag=true",
    ];
    folder.run(&arguments).expect(0);
    let written = folder.outputs("a.out.ipynb");
    assert_eq!(
        written.code_cells()[1]["metadata"]["tags"],
        json!(["injected-parameters"])
    );
    assert!(written.ran(1));
    assert_eq!(written.text(2), "0.5 it's [1, None] True\n");
}

#[test]
fn a_failing_cell_ends_the_run_and_what_ran_is_written() {
    let folder = Folder::new();
    folder.notebook("a.ipynb", &["print(1)", "1 / 0", "print(3)"]);
    let ran = folder.run(&["run", "a.ipynb", "--image", "base"]).expect(1);
    assert!(
        ran.stderr.contains("ZeroDivisionError: division by zero"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("2 of 3 cells ran"), "{}", ran.stderr);
    let written = folder.outputs("a.out.ipynb");
    assert_eq!(written.text(0), "1\n");
    assert_eq!(written.error(1).0, "ZeroDivisionError");
    assert!(written.ran(1) && !written.ran(2));
    assert_eq!(written.of(2).len(), 0);
}

#[test]
fn keep_going_runs_the_rest() {
    let folder = Folder::new();
    folder.notebook("a.ipynb", &["1 / 0", "print(2)"]);
    folder
        .run(&["run", "a.ipynb", "--image", "base", "--keep-going"])
        .expect(1);
    assert_eq!(folder.outputs("a.out.ipynb").text(1), "2\n");
}

#[test]
fn a_cell_may_be_meant_to_raise() {
    let folder = Folder::new();
    let cells = [code("1 / 0", &["raises-exception"]), code("print(2)", &[])];
    folder.write("a.ipynb", &notebook(&cells));
    let ran = folder.run(&["run", "a.ipynb", "--image", "base"]).expect(0);
    let written = folder.outputs("a.out.ipynb");
    assert_eq!(written.error(0).0, "ZeroDivisionError");
    assert_eq!(written.text(1), "2\n");
    let told =
        "ZeroDivisionError: division by zero (expected: the cell is tagged raises-exception)";
    assert!(
        ran.stderr.contains(told) && !ran.stderr.contains("ERROR"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_notebook_goes_through_a_pipe() {
    let folder = Folder::new();
    let text = notebook(&[code("print('piped')", &[])]);
    let ran = cellblock_with(folder.path(), &["run", "-", "--image", "base"], &text).expect(0);
    folder.write("out.ipynb", &ran.stdout);
    assert_eq!(folder.outputs("out.ipynb").text(0), "piped\n");
}

#[test]
fn nobody_answers_questions() {
    let folder = Folder::new();
    folder.notebook("a.ipynb", &["input('name? ')"]);
    folder.run(&["run", "a.ipynb", "--image", "base"]).expect(1);
    assert_eq!(
        folder.outputs("a.out.ipynb").error(0).0,
        "StdinNotImplementedError"
    );
}

#[test]
fn scripts_print_what_they_show() {
    let folder = Folder::new();
    folder.write(
        "plain.py",
        "import sys\nprint('out')\nprint('err', file=sys.stderr)\n",
    );
    let ran = folder
        .run(&["run", "plain.py", "--image", "base"])
        .expect(0);
    assert_eq!(
        (ran.stdout.as_str(), ran.stderr.as_str()),
        ("out\n", "err\n")
    );
    assert_eq!(folder.names(), ["plain.py"]);

    folder.write(
        "cells.py",
        "# %% [markdown]\n# # Title\n\n# %% tags=[\"parameters\"]\na = 1\n\n# %%\na * 2\n",
    );
    let arguments = [
        "run",
        "cells.py",
        "--image",
        "base",
        "-p",
        "a=21",
        "--out",
        "cells.ipynb",
    ];
    let ran = folder.run(&arguments).expect(0);
    assert_eq!(ran.stdout, "42\n");
    let written = folder.outputs("cells.ipynb");
    assert_eq!(written.0["cells"][0]["source"], json!(["# Title"]));
    assert_eq!(written.text(2), "42");

    let ran = cellblock_with(
        folder.path(),
        &["run", "-", "--image", "base"],
        "print('from a pipe')",
    );
    assert_eq!(ran.expect(0).stdout, "from a pipe\n");
    let piped = ["run", "-", "--image", "base"];
    let ran = cellblock_with(folder.path(), &piped, "x = 1\ny = '\"é'\n\nx / 0").expect(1);
    assert!(ran.stderr.contains("<stdin>:4"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("In["), "{}", ran.stderr);
    folder.write("bad.py", "raise ValueError('no')");
    let ran = folder.run(&["run", "bad.py", "--image", "base"]).expect(1);
    assert!(ran.stderr.contains("ValueError"), "{}", ran.stderr);
}
