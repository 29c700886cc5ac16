//! The service is killed before any call by which it changes its data folder: what it acknowledged is
//! there once, and what it did not is absent or whole.

use std::path::Path;
use std::process::Command;

use crate::support::recording::Recording;
use crate::support::service::Service;
use crate::support::workload;

/// Calls before which the service is killed, of all; `TEST_EVERY=1` takes all.
const CUTS: usize = 8;

/// Starts a recorded service on a copy of a data folder that another has begun.
fn recorded(begun: &Path) -> (Service, Recording) {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(begun).expect("it is there").flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let copy = folder.path().join(entry.file_name());
            std::fs::copy(entry.path(), copy).expect("it is copied");
        }
    }
    let (recording, data) = (Recording::default(), folder.path().to_owned());
    let command = Command::new(env!("CARGO_BIN_EXE_cellblock"));
    let service = recording.watch(command, &data.clone(), |command| {
        Service::start_by(command, folder, data)
    });
    (service, recording)
}

#[tokio::test]
async fn what_was_acknowledged_is_there_whichever_write_the_service_is_killed_before() {
    let mut first = Service::start_on_file(&[]);
    first.end();
    let (service, recording) = recorded(first.data());
    let began = recording.len();
    let (_, ended) = workload::run(&service, &recording).await;
    assert!(ended, "nobody killed it");
    let steps = recording.len() - began;
    assert!(steps > 100, "{steps}");
    drop(service);
    let every = std::env::var_os("TEST_EVERY").is_some();
    let cuts = if every { steps } else { CUTS };
    for cut in 0..cuts {
        // In the middle of each part.
        let cut = (2 * cut + 1) * steps / (2 * cuts);
        let (mut service, recording) = recorded(first.data());
        recording.end_before(cut, service.pid());
        let (ledger, _) = workload::run(&service, &recording).await;
        service.kill_and_restart();
        let case = format!("killed before step {cut} of {steps}");
        ledger.check(&service, usize::MAX, &case).await;
    }
}
