//! Policies as people write them, and what a refusal says.

use std::time::Duration;

use sandbox_policy::{Access, GuestPath, ImageRule, Policy};

fn refusal(text: &str) -> String {
    Policy::from_toml(text).expect_err(text).to_string()
}

#[test]
fn a_policy_starts_from_a_profile_and_changes_it() {
    let policy = Policy::from_toml(
        r#"
        profile = "notebook"
        images = ["base", "data"]
        [limits]
        memory = "1.5 GiB"
        cell_time = "90 s"
        fuel_per_cell = "20 G"
        files_count = 2_000
        [[files]]
        host = "/srv/data"
        guest = "/data/"
        [[files]]
        host = "/srv/out"
        guest = "/out"
        access = "read-write"
        "#,
    )
    .unwrap();
    let notebook = Policy::profile("notebook").unwrap();
    assert_eq!(policy.name, "notebook");
    assert_eq!(policy.images, ImageRule::listed(["base", "data"]));
    assert_eq!(policy.limits.memory, 3 << 29);
    assert_eq!(policy.limits.cell_time, Duration::from_secs(90));
    assert_eq!(policy.limits.fuel_per_cell, 20_000_000_000);
    assert_eq!(policy.limits.files_count, 2_000);
    assert_eq!(policy.limits.idle_time, notebook.limits.idle_time);
    assert_eq!(policy.files[0].guest, GuestPath::new("/data").unwrap());
    assert_eq!(policy.files[0].access, Access::ReadOnly);
    assert_eq!(policy.files[1].access, Access::ReadWrite);
}

#[test]
fn the_written_form_has_human_units() {
    let text = Policy::profile("untrusted").unwrap().to_toml();
    for line in [
        "name = \"untrusted\"",
        "egress = \"none\"",
        "images = \"any\"",
        "fuel_per_cell = \"40 G\"",
        "cell_time = \"10 s\"",
        "grace_time = \"500 ms\"",
        "memory = \"1 GiB\"",
        "files_count = 1000",
    ] {
        assert!(
            text.lines().any(|written| written == line),
            "{line} is not in\n{text}"
        );
    }
}

#[test]
fn every_profile_is_read_back_from_its_written_form() {
    for name in Policy::profiles() {
        let policy = Policy::profile(name).unwrap();
        assert_eq!(Policy::from_toml(&policy.to_toml()).unwrap(), policy);
    }
}

#[test]
fn unknown_keys_are_refused() {
    let unknown = refusal("profile = \"notebook\"\nlimit = 3\n");
    assert!(
        unknown.contains("unknown field `limit`") && unknown.contains("line 2"),
        "{unknown}"
    );
    let in_limits = refusal("profile = \"notebook\"\n[limits]\ncell_tme = \"1 s\"\n");
    assert!(
        in_limits.starts_with("there is no limit \"cell_tme\"; the limits are"),
        "{in_limits}"
    );
    let in_files = refusal(
        "profile = \"notebook\"\n[[files]]\nhost = \"/a\"\nguest = \"/b\"\nacces = \"read-write\"\n",
    );
    assert!(in_files.contains("unknown field `acces`"), "{in_files}");
}

#[test]
fn refusals_name_field_value_and_range() {
    assert_eq!(
        refusal("profile = \"notebook\"\n[limits]\nopen_files = 10_000\n"),
        "limits.open_files is 10000, but it must be from 8 to 256: the interpreter itself needs some, and each one is a descriptor of the host that all sessions share"
    );
    assert_eq!(
        refusal("profile = \"notebook\"\n[limits]\nmemory = -1\n"),
        "limits.memory cannot be read: \"-1\" does not start with a number; write \"512 MiB\"; it must be from 128 MiB to 4 GiB"
    );
    let float = refusal("profile = \"notebook\"\n[limits]\nmemory = 1.5\n");
    assert!(
        float.contains("a number with a unit between quotes"),
        "{float}"
    );
    assert_eq!(
        refusal("name = \"mine\"\n[limits]\nfuel_per_cell = \"20 G\"\n"),
        "limits.fuel_per_session is missing; give it a value, or start from a profile with profile = \"notebook\""
    );
    assert_eq!(
        refusal("profile = \"lax\"\n"),
        "there is no profile \"lax\"; the profiles are untrusted, notebook, workflow, trusted"
    );
}

#[test]
fn the_network_cannot_be_opened() {
    let open = refusal("profile = \"trusted\"\negress = \"any\"\n");
    assert!(
        open.contains("unknown variant `any`, expected `none`"),
        "{open}"
    );
    // The control: saying what holds anyway is fine.
    assert!(Policy::from_toml("profile = \"trusted\"\negress = \"none\"\n").is_ok());
}

#[test]
fn grants_are_checked() {
    let with_files = |host: &str, guest: &str| {
        Policy::from_toml(&format!(
            "profile = \"notebook\"\n[[files]]\nhost = {host:?}\nguest = {guest:?}\n"
        ))
    };
    assert!(with_files("/srv", "/data").is_ok());
    assert_eq!(
        with_files("srv", "/data").unwrap_err().to_string(),
        "files: the host folder \"srv\" must be an absolute path without \"..\"; write where it really lies"
    );
    assert_eq!(
        with_files("/srv", "/usr/local/lib/kernel")
            .unwrap_err()
            .to_string(),
        "files: the guest path \"/usr/local/lib/kernel\" would hide the interpreter's folder /usr/local/lib; choose another, such as /data"
    );
}

#[test]
fn a_name_is_short_and_printable() {
    for name in ["", "a\\u0007b", &"x".repeat(101)] {
        let text = refusal(&format!("profile = \"notebook\"\nname = \"{name}\"\n"));
        assert!(text.contains("must have 1 to 100 characters"), "{text}");
    }
}
