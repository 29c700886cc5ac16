//! Power that fails: what was acknowledged was synced before, whatever becomes of the rest.

use std::path::PathBuf;
use std::process::Command;

use crate::support::crash_image::{Chance, History, Unsynced};
use crate::support::processes::worker_processes;
use crate::support::recording::{Recording, Step};
use crate::support::service::Service;
use crate::support::workload;

/// Images that are tried; `TEST_EVERY=1` takes a thousand.
const IMAGES: u64 = 12;

/// Asserts that nothing of the data folder can be written to past the calls that are recorded, but
/// what SQLite makes anew after a crash.
fn nothing_is_mapped(service: &Service) {
    let mut processes = worker_processes(service);
    processes.push(service.pid());
    let data = service.data().to_str().expect("a text");
    let mut seen = 0;
    for process in processes {
        let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).expect("it lives");
        for line in maps.lines().filter(|line| line.contains(data)) {
            let rights = line.split(' ').nth(1).expect("they are named");
            if rights.contains('w') && rights.contains('s') {
                assert!(line.ends_with("-shm"), "{line}");
                seen += 1;
            }
        }
    }
    assert!(seen > 0, "SQLite's is seen");
}

/// Asserts that an audit log whose head could not be written any more is none that was tampered with.
fn audit_heads_are_behind(steps: &[Step]) {
    let is_head =
        |step: &Step| matches!(step, Step::Rename { to, .. } if to.ends_with("audit-heads.json"));
    let heads = steps.iter().enumerate().filter(|(_, step)| is_head(step));
    let places: Vec<usize> = heads.map(|(at, _)| at).take(6).collect();
    assert_eq!(places.len(), 6, "so many records were made");
    for at in places {
        let folder = tempfile::tempdir().expect("a folder");
        let history = History::new(&steps[..at]);
        history.write(folder.path(), Unsynced::Stays, &mut Chance::new(0));
        let case = format!("ended before step {at}, which names an audit head");
        workload::audit_is_sound(folder.path(), &case);
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_power_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    let (recording, data) = (Recording::default(), folder.path().to_owned());
    let command = Command::new(env!("CARGO_BIN_EXE_cellblock"));
    let service = recording.watch(command, &data.clone(), |command| {
        Service::start_by(command, folder, data)
    });
    let (ledger, ended) = workload::run(&service, &recording).await;
    assert!(ended, "nobody killed it");
    nothing_is_mapped(&service);
    drop(service);
    let (steps, told) = (recording.steps(), ledger.acknowledgements());
    audit_heads_are_behind(&steps);
    let every = std::env::var_os("TEST_EVERY").is_some();
    for seed in 0..if every { 1000 } else { IMAGES } {
        let mut chance = Chance::new(seed);
        // What was synced too late is missed most right after it was acknowledged.
        let at = match seed % 3 {
            0 => chance.below(steps.len() as u64) as usize,
            _ => told[chance.below(told.len() as u64) as usize],
        };
        let unsynced = match seed % 4 {
            0 => Unsynced::Goes,
            1 => Unsynced::Stays,
            _ => Unsynced::ByChance,
        };
        let case = format!(
            "seed {seed}, {at} of {} steps, what was not synced {unsynced:?}",
            steps.len()
        );
        let folder = tempfile::tempdir().expect("a folder");
        History::new(&steps[..at]).write(folder.path(), unsynced, &mut chance);
        // What it says is shown with what fails.
        eprintln!("{case}");
        let data = folder.path().to_owned();
        let command = Command::new(env!("CARGO_BIN_EXE_cellblock"));
        let service = Service::start_by(command, folder, data);
        ledger.check(&service, at, &case).await;
    }
}

#[test]
fn an_image_has_what_was_synced_and_nothing_else() {
    let path = |path: &str| PathBuf::from(path);
    let write = |name: &str, at, bytes: &[u8]| Step::Write {
        path: path(name),
        at,
        bytes: bytes.to_vec(),
    };
    let mut steps = vec![
        Step::Folder(path("a")),
        Step::File {
            path: path("a/new"),
            make: true,
            empty: false,
        },
        write("a/new", None, b"synced"),
        Step::Sync(path("a/new")),
        Step::Sync(path("a")),
    ];
    let read = |steps: &[Step], name: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut chance = Chance::new(1);
        History::new(steps).write(folder.path(), Unsynced::Goes, &mut chance);
        std::fs::read(folder.path().join(name)).ok()
    };
    assert_eq!(read(&steps, "a/new"), None, "its folder is not there");
    steps.push(Step::Sync(path("")));
    steps.push(write("a/new", Some(0), b"lost"));
    assert_eq!(read(&steps, "a/new").as_deref(), Some(&b"synced"[..]));
    steps.push(Step::Rename {
        from: path("a/new"),
        to: path("a/old"),
        replace: false,
    });
    assert_eq!(read(&steps, "a/old"), None);
    steps.push(Step::Sync(path("a")));
    assert_eq!(read(&steps, "a/old").as_deref(), Some(&b"synced"[..]));
    assert_eq!(read(&steps, "a/new"), None);
    steps.push(Step::Sync(path("a/old")));
    assert_eq!(read(&steps, "a/old").as_deref(), Some(&b"losted"[..]));
}
