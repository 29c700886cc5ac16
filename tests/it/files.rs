//! Which files a run sees, makes and keeps.

use std::fs;

use crate::support::{Folder, cellblock};

#[test]
fn data_beside_the_notebook_is_found_and_nothing_outside_is_written() {
    let folder = Folder::new();
    folder.write("data/numbers.csv", "a\n1\n2\n");
    folder.write(".env", "SECRET=1");
    folder.notebook(
        "a.ipynb",
        &[
            "print(open('data/numbers.csv').read())",
            "import os\nprint(sorted(os.listdir('.')))",
            "open('data/numbers.csv', 'w').write('changed')\nopen('made.txt', 'w').write('12345')",
        ],
    );
    let ran = folder.run(&["run", "a.ipynb", "--image", "base"]).expect(0);
    let written = folder.outputs("a.out.ipynb");
    assert_eq!(written.text(0), "a\n1\n2\n\n");
    assert_eq!(written.text(1), "['a.ipynb', 'data']\n");
    assert!(ran.stderr.contains("files made or changed (not kept; --files DIR keeps them):\n  data/numbers.csv (7 B, changed)\n  made.txt (5 B)"), "{}", ran.stderr);
    assert_eq!(folder.read("data/numbers.csv"), "a\n1\n2\n");
    assert_eq!(folder.names(), [".env", "a.ipynb", "a.out.ipynb", "data"]);
}

#[test]
fn made_files_are_kept_when_asked_for() {
    let folder = Folder::new();
    folder.notebook(
        "a.ipynb",
        &["import os\nos.makedirs('sub')\nopen('sub/made.txt', 'w').write('12345')"],
    );
    folder
        .run(&["run", "a.ipynb", "--image", "base", "--files", "kept"])
        .expect(0);
    assert_eq!(folder.read("kept/sub/made.txt"), "12345");
    assert_eq!(fs::read_dir(folder.path().join("kept")).unwrap().count(), 1);
}

#[test]
fn in_place_grants_the_folder_itself_and_writes_the_notebook_back() {
    let folder = Folder::new();
    folder.notebook("a.ipynb", &["open('made.txt', 'w').write('12345')"]);
    folder
        .run(&["run", "a.ipynb", "--image", "base", "--in-place"])
        .expect(0);
    assert_eq!(folder.read("made.txt"), "12345");
    assert_eq!(folder.outputs("a.ipynb").text(0), "5");
    assert_eq!(folder.names(), ["a.ipynb", "made.txt"]);
}

#[test]
fn outputs_are_not_lost_where_a_cell_puts_a_folder_in_their_place() {
    let folder = Folder::new();
    folder.notebook(
        "a.ipynb",
        &["import os\nos.remove('a.ipynb')\nos.makedirs('a.ipynb/sub')\nprint('ran')"],
    );
    let ran = folder
        .run(&["run", "a.ipynb", "--image", "base", "--in-place"])
        .expect(3);
    assert!(
        ran.stderr
            .contains("a.ipynb cannot be written: Is a directory")
            && ran.stderr.contains("its outputs is in a-1.ipynb instead"),
        "{}",
        ran.stderr
    );
    assert_eq!(folder.outputs("a-1.ipynb").text(0), "ran\n");
    assert_eq!(folder.names(), ["a-1.ipynb", "a.ipynb"]);
}

#[test]
fn an_empty_folder_can_be_asked_for() {
    let folder = Folder::new();
    folder.notebook("a.ipynb", &["import os\nos.listdir('.')"]);
    folder
        .run(&["run", "a.ipynb", "--image", "base", "--empty-folder"])
        .expect(0);
    assert_eq!(folder.outputs("a.out.ipynb").text(0), "[]");
}

#[test]
fn mounts_are_read_only_unless_said_otherwise() {
    let folder = Folder::new();
    let data = Folder::new();
    data.write("in.txt", "hello");
    folder.notebook(
        "a.ipynb",
        &[
            "print(open('/data/in.txt').read())",
            "open('/data/out.txt', 'w').write('x')",
        ],
    );
    let mount = |access: &str| format!("{}:/data{access}", data.path().display());
    let run = |access: &str| {
        cellblock(
            folder.path(),
            &[
                "run",
                "a.ipynb",
                "--image",
                "base",
                "--mount",
                &mount(access),
            ],
        )
    };
    run("").expect(1);
    let written = folder.outputs("a.out.ipynb");
    assert_eq!(written.text(0), "hello\n");
    assert_eq!(written.error(1).0, "OSError");
    assert!(
        written.error(1).1.contains("Read-only file system"),
        "{:?}",
        written.error(1)
    );
    assert_eq!(data.names(), ["in.txt"]);
    // The control case.
    run(":rw").expect(0);
    assert_eq!(data.read("out.txt"), "x");
}

#[test]
fn a_folder_larger_than_the_policy_allows_is_refused_with_sizes() {
    let folder = Folder::new();
    folder.notebook("a.ipynb", &["1"]);
    folder.write(
        "policy.toml",
        "profile = \"untrusted\"\nname = \"small\"\n[limits]\nfiles_total_bytes = \"1 KiB\"\n",
    );
    folder.write("data.bin", &"x".repeat(2000));
    let ran = folder
        .run(&["run", "a.ipynb", "--policy", "policy.toml"])
        .expect(2);
    assert!(
        ran.stderr.contains(
            "and the policy \"small\" allows 1 KiB (files_total_bytes) in 1000 (files_count)"
        ),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("the largest are data.bin (") && ran.stderr.contains("(--in-place"),
        "{}",
        ran.stderr
    );
    assert!(!folder.path().join("a.out.ipynb").exists());
    // The control case: without the large file the same policy is fine.
    fs::remove_file(folder.path().join("data.bin")).unwrap();
    folder
        .run(&[
            "run",
            "a.ipynb",
            "--policy",
            "policy.toml",
            "--image",
            "base",
        ])
        .expect(0);
}

#[test]
fn links_out_of_the_folder_are_left_behind() {
    let folder = Folder::new();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link.txt")).unwrap();
    folder.notebook("a.ipynb", &["open('link.txt').read()"]);
    let ran = folder.run(&["run", "a.ipynb", "--image", "base"]).expect(1);
    assert!(
        ran.stderr
            .contains("note: link.txt is left out: it is a link"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        folder.outputs("a.out.ipynb").error(0).0,
        "FileNotFoundError"
    );
}

#[test]
fn links_that_came_with_the_notebook_are_not_written_through() {
    use std::os::unix::fs::symlink;
    let (folder, victim) = (Folder::new(), Folder::new());
    victim.write("keys", "theirs");
    folder.notebook(
        "a.ipynb",
        &["import os\nos.makedirs('sub')\nopen('sub/keys', 'w').write('ours')"],
    );
    let out = folder.path().join("a.out.ipynb");
    symlink(victim.path().join("keys"), &out).unwrap();
    let refused = folder.run(&["run", "a.ipynb", "--image", "base"]).expect(2);
    assert!(
        refused
            .stderr
            .contains("a.out.ipynb cannot be written: it is a link"),
        "{}",
        refused.stderr
    );
    std::fs::remove_file(out).unwrap();

    symlink(victim.path(), folder.path().join("kept")).unwrap();
    let keep = ["run", "a.ipynb", "--image", "base", "--files", "kept"];
    let refused = folder.run(&keep).expect(2);
    assert!(
        refused.stderr.contains("kept for --files is a link"),
        "{}",
        refused.stderr
    );
    std::fs::remove_file(folder.path().join("kept")).unwrap();

    std::fs::create_dir(folder.path().join("kept")).unwrap();
    symlink(victim.path(), folder.path().join("kept/sub")).unwrap();
    let refused = folder.run(&keep).expect(2);
    assert!(
        refused.stderr.contains("sub/keys cannot be used"),
        "{}",
        refused.stderr
    );
    assert_eq!(
        (victim.read("keys").as_str(), victim.names().len()),
        ("theirs", 1)
    );

    // The control: without the link the file is kept.
    std::fs::remove_file(folder.path().join("kept/sub")).unwrap();
    folder.run(&keep).expect(0);
    assert_eq!(folder.read("kept/sub/keys"), "ours");
}
