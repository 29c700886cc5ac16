//! The processes of a service, seen from outside.

use std::process::Command;

use super::service::Service;

/// Returns the worker processes of a service.
pub fn worker_processes(service: &Service) -> Vec<u32> {
    let control = service.pid();
    let mut all: Vec<u32> = Vec::new();
    // A child belongs to the thread that started it.
    for entry in std::fs::read_dir(format!("/proc/{control}/task"))
        .expect("it runs")
        .flatten()
    {
        let children = std::fs::read_to_string(entry.path().join("children")).unwrap_or_default();
        all.extend(
            children
                .split_whitespace()
                .filter_map(|id| id.parse::<u32>().ok()),
        );
    }
    all
}

/// Ends a process as a crash does.
pub fn kill(process: u32) {
    let killed = Command::new("kill")
        .args(["-9", &process.to_string()])
        .status()
        .expect("kill runs");
    assert!(killed.success());
}
