//! What a process and those that it started hold, as the kernel counts it.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context as _, Result};

/// Returns a process and all below it.
pub fn family(process: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // One that ended meanwhile has no parent any more.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        // Behind the name, which may hold anything, stand the state and the parent.
        let parent = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
        if let Some(parent) = parent {
            children.entry(parent).or_default().push(id);
        }
    }
    let mut family = vec![process];
    let mut next = 0;
    while let Some(member) = family.get(next).copied() {
        family.extend(children.get(&member).into_iter().flatten());
        next += 1;
    }
    family
}

/// Returns the mebibytes that a process and those below it hold: what several share counts once.
pub fn mebibytes(process: u32) -> f64 {
    let held = family(process)
        .into_iter()
        .filter_map(|member| field(member, "smaps_rollup", "Pss:"));
    held.sum::<u64>() as f64 / 1024.0
}

/// Returns the most mebibytes that one process held since [`forget_peak`].
pub fn peak_mebibytes(process: u32) -> Result<f64> {
    let kilobytes = field(process, "status", "VmHWM:").context("the process has ended")?;
    Ok(kilobytes as f64 / 1024.0)
}

/// Lets the peak of a process begin anew.
pub fn forget_peak(process: u32) -> Result<()> {
    fs::write(format!("/proc/{process}/clear_refs"), "5").context("the peak cannot be forgotten")
}

fn field(process: u32, file: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/{file}")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
