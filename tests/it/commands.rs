//! The smaller commands.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Folder, cellblock, cellblock_with};

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
fn images_of_ones_own_are_listed_and_say_what_their_recipes_lack() {
    let folder = Folder::new();
    folder.write("mine.toml", "name = 'mine'\nextends = 'base'");
    folder.run(&["image", "build", "mine.toml"]).expect(0);
    let list = folder.run(&["image", "list"]).expect(0).stdout;
    let listed = |name: &str| list.lines().any(|line| line.starts_with(name));
    assert!(
        listed("mine   Built from a recipe, ") && listed("base "),
        "{list}"
    );
    for (recipe, told) in [
        (
            "imports = ['nowhere_to_be_found']",
            "error: the recipe of the image \"lacking\" cannot be followed at \"import nowhere_to_be_found\"; correct it there, or add \
             the wheel of what it imports to its `wheels`: ModuleNotFoundError: No module named 'nowhere_to_be_found'\n",
        ),
        ("setup = '1 / 0'", "at \"setup\"; correct it there"),
    ] {
        let text = format!("name = 'lacking'\nextends = 'base'\n{recipe}");
        folder.write("lacking.toml", &text);
        let refused = folder.run(&["image", "build", "--quiet", "lacking.toml"]);
        let refusal = refused.expect(2).stderr;
        assert!(refusal.contains(told), "{refusal}");
    }
    let list = folder.run(&["image", "list"]).expect(0).stdout;
    assert!(!list.contains("lacking"), "{list}");
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
fn what_other_builds_left_is_listed_and_removed() {
    let folder = Folder::new();
    let old = "library-00112233445566778899aabbccddeeff";
    folder.write(&format!("cellblock/{old}/package/module.py"), "12345");
    folder.write("cellblock/seal.txt", "somebody's");
    std::fs::set_permissions(
        folder.path().join("cellblock"),
        Permissions::from_mode(0o700),
    )
    .unwrap();
    let prune = || {
        let output = Command::new(env!("CARGO_BIN_EXE_cellblock"))
            .args(["image", "prune"])
            .env("XDG_CACHE_HOME", folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(prune(), format!("removed {old} (5 B)\n5 B removed\n"));
    assert_eq!(prune(), "0 B removed\n");
    assert_eq!(folder.read("cellblock/seal.txt"), "somebody's");
    assert!(!folder.path().join("cellblock").join(old).exists());
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
    let run = ["run", "a.py", "--image", "base", "--keep-going", "--quiet"];
    for call in ["sys.exit", "exit", "quit"] {
        for (argument, code, said) in [
            ("", 0, ""),
            ("0", 0, ""),
            ("None", 0, ""),
            ("1", 1, ""),
            ("'no'", 1, "no\n"),
        ] {
            let text = format!(
                "print('begun')\n# %%\nimport sys\n{call}({argument})\n# %%\nprint('never')\n"
            );
            folder.write("a.py", &text);
            let ran = folder.run(&run).expect(code);
            let (out, error) = (ran.stdout.as_str(), ran.stderr.as_str());
            assert_eq!((out, error), ("begun\n", said), "{call}({argument})");
        }
    }
}

#[test]
fn a_notebook_goes_on_after_exit() {
    let folder = Folder::new();
    folder.notebook("a.ipynb", &["x = 1\nexit()\nx = 2", "x"]);
    folder.run(&["run", "a.ipynb", "--image", "base"]).expect(0);
    let written = folder.outputs("a.out.ipynb");
    assert!(written.text(0).contains("the next cell runs"));
    assert_eq!(written.text(1), "1");
}

#[test]
fn a_script_knows_its_name() {
    let folder = Folder::new();
    let text = "import sys\nprint(sys.argv)\nprint(globals().get('__file__'))\nprint(__name__)\n";
    for name in ["plain.py", "qu\"ote é.py"] {
        folder.write(name, &format!("{text}print(open(__file__).readline())\n"));
        let ran = folder.run(&["run", name, "--image", "base"]).expect(0);
        let path = format!("/home/user/{name}");
        assert_eq!(
            ran.stdout,
            format!("['{path}']\n{path}\n__main__\nimport sys\n\n")
        );
    }
    let piped = ["run", "-", "--image", "base"];
    let ran = cellblock_with(folder.path(), &piped, text).expect(0);
    assert_eq!(ran.stdout, "['-']\nNone\n__main__\n");
}

#[test]
fn what_cannot_be_shown_is_said_and_a_reader_that_goes_away_is_not_missed() {
    let folder = Folder::new();
    let run = |arguments: &[&str], stdout: Stdio| {
        let output = Command::new(env!("CARGO_BIN_EXE_cellblock"))
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(stdout)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), told)
    };
    for arguments in [
        &["image", "list"][..],
        &["image", "show", "ml"],
        &["policy", "list"],
        &["policy", "show", "notebook"],
        &["doctor"],
    ] {
        let (code, told) = run(arguments, full().into());
        assert_eq!(code, Some(3), "{arguments:?}");
        assert!(
            told.starts_with("error: stdout cannot be written: No space left on device"),
            "{told}"
        );
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (code, told) = run(arguments, writer.into());
        assert!(code == Some(0) || arguments == ["doctor"], "{told}");
        assert_eq!(told, "", "{arguments:?}");
    }
}

/// Returns a device that is always full.
fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

#[test]
fn progress_that_nobody_can_read_ends_nothing() {
    let folder = Folder::new();
    folder.notebook("a.ipynb", &["print('ran')"]);
    let status = Command::new(env!("CARGO_BIN_EXE_cellblock"))
        .args(["run", "a.ipynb", "--image", "base"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stderr(full())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(folder.outputs("a.out.ipynb").text(0), "ran\n");
}
