//! The example notebooks run green and show what they promise.

use std::path::Path;

use crate::support::{Folder, Outputs, cellblock, jupyter};

/// Runs a notebook of `examples/` and checks its outputs; `media` must be among what is shown.
fn runs_green(name: &str, image: &str, media: &[&str]) -> Outputs {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let file = format!("{name}.ipynb");
    let before = Outputs::read(&examples.join(&file));
    for cell in before.code_cells() {
        assert!(
            cell["outputs"].as_array().is_some_and(Vec::is_empty),
            "{name} was committed with outputs"
        );
    }
    jupyter::validate(&examples.join(&file));
    let folder = Folder::new();
    let out = folder.path().join("out.ipynb");
    let out = out.to_str().expect("UTF-8");
    cellblock(&examples, &["run", &file, "--out", out, "--image", image]).expect(0);
    let after = folder.outputs("out.ipynb");
    for (index, cell) in after.code_cells().iter().enumerate() {
        assert!(after.ran(index), "cell {} did not run", index + 1);
        for output in cell["outputs"].as_array().expect("outputs") {
            assert_ne!(
                output["output_type"],
                "error",
                "cell {}: {output:#}",
                index + 1
            );
        }
    }
    let shown = after.media();
    for expected in media {
        let found = shown.iter().any(|kind| kind == expected);
        assert!(found, "{expected} is not among {shown:?}");
    }
    // What stands around the outputs is as it was.
    for (old, new) in before.0["cells"]
        .as_array()
        .expect("cells")
        .iter()
        .zip(after.0["cells"].as_array().expect("cells"))
    {
        for key in ["id", "cell_type", "metadata", "source"] {
            assert_eq!(old[key], new[key]);
        }
    }
    after
}

#[test]
fn pandas_wrangling() {
    let ran = runs_green("pandas-wrangling", "data", &["text/html", "text/plain"]);
    assert!(ran.text(9).contains("80 holes filled"), "{}", ran.text(9));
}

#[test]
fn plotting() {
    runs_green(
        "plotting",
        "data",
        &[
            "image/png",
            "image/svg+xml",
            "application/vnd.plotly.v1+json",
            "application/vnd.vegalite.v6+json",
            "application/vnd.bokehjs_exec.v0+json",
            "text/html",
        ],
    );
}

#[test]
fn machine_learning() {
    let ran = runs_green("machine-learning", "ml", &["image/png", "text/html"]);
    assert!(
        ran.text(0)
            .contains("426 to learn from, 143 to be judged on")
    );
}

#[test]
fn statistics() {
    let ran = runs_green("statistics", "ml", &["image/png", "text/html"]);
    assert!(ran.text(11).contains("95 % interval"));
}

#[test]
fn symbolic_maths() {
    let ran = runs_green("symbolic-maths", "data", &["text/latex", "image/png"]);
    assert!(ran.text(12).contains("is prime: True"));
}

#[test]
fn text_excel_and_parquet() {
    let ran = runs_green("text-excel-parquet", "data", &["text/html"]);
    assert!(ran.text(9).contains("refused:"), "{}", ran.text(9));
}

#[test]
fn the_tour() {
    let ran = runs_green("tour", "ml", &["image/png", "text/html"]);
    assert!(!ran.text(7).contains("done?!"), "{}", ran.text(7));
}

#[test]
fn the_sandbox_is_embedded_in_a_few_lines() {
    let tests = std::env::current_exe().expect("this program");
    let built = tests
        .ancestors()
        .nth(2)
        .expect("the folder of what cargo builds");
    let example = built.join("examples/embed");
    let ran = std::process::Command::new(&example).output();
    let ran = ran.unwrap_or_else(|error| {
        panic!("{}: {error}; run cargo build --examples", example.display())
    });
    let shown = String::from_utf8_lossy(&ran.stdout);
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    assert!(shown.lines().any(|line| line == "total = 15"), "{shown}");
}
