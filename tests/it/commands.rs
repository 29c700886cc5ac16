//! The smaller commands.

use std::path::Path;

use crate::support::{Folder, cellblock};

#[test]
fn images_are_listed_and_shown() {
    let folder = Folder::new();
    let list = folder.run(&["image", "list"]).expect(0).stdout;
    for name in ["base", "data", "ml"] {
        assert!(list.lines().any(|line| line.starts_with(name)), "{list}");
    }
    let shown = folder.run(&["image", "show", "ml"]).expect(0).stdout;
    assert!(shown.contains("sklearn.ensemble"), "{shown}");
    assert_eq!(
        folder.run(&["image", "build", "nope"]).expect(2).stderr,
        "error: there is no image named \"nope\"; known are base, data, ml\n"
    );
}

#[test]
fn an_image_of_ones_own_is_built_and_used() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let folder = Folder::new();
    folder.notebook("a.ipynb", &["YEAR"]);
    let recipe = examples.join("reports.toml");
    let recipe = recipe.to_str().unwrap();
    let built = cellblock(&examples, &["image", "build", "reports.toml"]).expect(0);
    assert!(built.stdout.starts_with("reports: "), "{}", built.stdout);
    let policy = examples.join("lecture.toml");
    let run = ["run", "a.ipynb", "--image", recipe];
    folder.run(&run).expect(0);
    assert_eq!(folder.outputs("a.out.ipynb").text(0), "2024");
    let narrow = [&run[..], &["--policy", policy.to_str().unwrap()]].concat();
    let refusal = folder.run(&narrow).expect(2).stderr;
    assert!(
        refusal.contains("the policy \"lecture\" does not allow the image \"reports\""),
        "{refusal}"
    );
}

#[test]
fn policies_are_listed_and_shown() {
    let folder = Folder::new();
    let list = folder.run(&["policy", "list"]).expect(0).stdout;
    let names: Vec<_> = list
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(names, ["untrusted", "notebook", "workflow", "trusted"]);
    let shown = folder.run(&["policy", "show", "notebook"]).expect(0).stdout;
    folder.write("mine.toml", &shown);
    let again = folder
        .run(&["policy", "show", "./mine.toml"])
        .expect(0)
        .stdout;
    assert!(again.contains("cell_time = \"10 min\""), "{again}");
}

#[test]
fn the_doctor_finds_a_working_session() {
    let folder = Folder::new();
    let ran = folder.run(&["doctor"]);
    assert!(ran.code == 0 || ran.code == 1, "{}", ran.stdout);
    let line = ran.stdout.lines().find(|line| line.contains("a session"));
    assert!(
        line.is_some_and(|line| line.starts_with("ok") && line.contains("1+1 is answered")),
        "{}",
        ran.stdout
    );
}

#[test]
fn the_bench_writes_json() {
    let folder = Folder::new();
    let ran = folder
        .run(&["bench", "--json", "--runs", "2", "--sessions", "3"])
        .expect(0);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let figures = json["figures"].as_array().unwrap();
    assert!(figures.len() >= 9, "{json:#}");
    for figure in figures {
        assert!(
            figure["median"].as_f64().is_some_and(|median| median > 0.0),
            "{figure}"
        );
    }
}

#[test]
fn a_script_ends_where_it_says_so() {
    let folder = Folder::new();
    for (argument, code) in [("", 0), ("0", 0), ("None", 0), ("1", 1), ("'no'", 1)] {
        let text = format!(
            "print('begun')\n# %%\nimport sys\nsys.exit({argument})\n# %%\nprint('never')\n"
        );
        folder.write("a.py", &text);
        let ran = folder
            .run(&["run", "a.py", "--image", "base", "--keep-going"])
            .expect(code);
        assert_eq!(ran.stdout, "begun\n", "{argument}");
    }
}

#[test]
fn progress_that_nobody_can_read_ends_nothing() {
    let folder = Folder::new();
    folder.notebook("a.ipynb", &["print('ran')"]);
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_cellblock"))
        .args(["run", "a.ipynb", "--image", "base"])
        .current_dir(folder.path())
        .stdin(std::process::Stdio::null())
        .stderr(full)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(folder.outputs("a.out.ipynb").text(0), "ran\n");
}
