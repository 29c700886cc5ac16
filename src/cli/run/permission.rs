//! The policy of a run: a profile or a file, with the mounts and the time of the command line.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::Context as _;
use python_wasm::{Grant, Policy};

use crate::cli::Failure;

/// Fuel that the fastest code burns in a second; more time must not end in less fuel.
const FUEL_PER_SECOND: u64 = 4_000_000_000;

/// Returns the policy named on the command line, with the mounts and the time asked for.
///
/// Whoever starts the program may choose any policy; the limits' allowed ranges hold all the same.
pub(in crate::cli) fn policy(
    name: &str,
    mounts: &[String],
    timeout: Option<&str>,
) -> Result<Policy, Failure> {
    let mut policy = load(name).map_err(Failure::Usage)?;
    for mount in mounts {
        let grant = Grant::from_mount(mount, resolve)
            .with_context(|| format!("--mount {mount}"))
            .map_err(Failure::Usage)?;
        policy.files.push(grant);
    }
    if let Some(text) = timeout {
        set_time(&mut policy, text)
            .with_context(|| format!("--timeout {text}"))
            .map_err(Failure::Usage)?;
    }
    policy.validate().map_err(Failure::usage)?;
    Ok(policy)
}

/// Returns a profile, or the policy in a TOML file.
pub(in crate::cli) fn load(name: &str) -> anyhow::Result<Policy> {
    if Policy::profiles().contains(&name) {
        return Ok(Policy::profile(name)?);
    }
    let path = Path::new(name);
    if !name.contains(['/', '.']) && !path.exists() {
        // The profile's own refusal lists the names there are.
        return Policy::profile(name).context("--policy takes a profile or a TOML file");
    }
    let text = fs::read_to_string(path)
        .with_context(|| format!("the policy {} cannot be read", path.display()))?;
    let policy = Policy::from_toml(&text).with_context(|| format!("{}", path.display()))?;
    for grant in &policy.files {
        resolve(&grant.host).with_context(|| {
            format!(
                "{}: the folder {} cannot be granted",
                path.display(),
                grant.host.display()
            )
        })?;
    }
    Ok(policy)
}

/// Returns where a folder really lies.
fn resolve(path: &Path) -> io::Result<std::path::PathBuf> {
    let found = path.canonicalize()?;
    if found.is_dir() {
        Ok(found)
    } else {
        Err(io::Error::other(
            "it is a file, and only folders can be mounted",
        ))
    }
}

fn set_time(policy: &mut Policy, text: &str) -> anyhow::Result<()> {
    let seconds = text.trim().parse::<f64>().is_ok();
    let time = if seconds {
        format!("{} s", text.trim())
    } else {
        text.to_owned()
    };
    policy.limits.set("cell_time", &time)?;
    policy.limits.validate()?;
    let limits = &mut policy.limits;
    let fuel = FUEL_PER_SECOND.saturating_mul(limits.cell_time.as_secs() + 1);
    limits.fuel_per_cell = limits.fuel_per_cell.max(fuel);
    limits.fuel_per_session = limits.fuel_per_session.max(limits.fuel_per_cell);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_time_may_be_lowered_and_raised_within_its_range() {
        let time = |text: &str| policy("notebook", &[], Some(text)).map(|policy| policy.limits);
        assert_eq!(time("1.5").unwrap().cell_time, Duration::from_millis(1500));
        let longer = time("2h").unwrap();
        assert_eq!(longer.cell_time, Duration::from_secs(7200));
        assert!(longer.fuel_per_cell >= 7200 * FUEL_PER_SECOND);
        let refusal = time("3 days").unwrap_err().to_string();
        assert!(
            refusal.starts_with("--timeout 3 days: limits.cell_time"),
            "{refusal}"
        );
        let refusal = time("1 ms").unwrap_err().to_string();
        assert!(refusal.contains("must be from 50 ms to"), "{refusal}");
    }

    #[test]
    fn refuses_unknown_policies_and_bad_mounts() {
        let refusal = |name: &str, mounts: &[&str]| {
            let mounts: Vec<_> = mounts.iter().map(ToString::to_string).collect();
            policy(name, &mounts, None).unwrap_err().to_string()
        };
        assert_eq!(
            refusal("nope", &[]),
            "--policy takes a profile or a TOML file: there is no profile \"nope\"; the profiles are untrusted, notebook, workflow, trusted"
        );
        assert!(refusal("no/such.toml", &[]).starts_with("the policy no/such.toml cannot be read"));
        assert!(refusal("notebook", &["data"]).contains("write HOST:GUEST"));
        assert!(refusal("notebook", &["/nowhere:/data"]).contains("check that it exists"));
        assert!(refusal("notebook", &["/:/usr/local/lib/x"]).contains("/usr/local/lib"));
        assert!(refusal("notebook", &["/:/d", "/:/d/e"]).contains("lie inside each other"));
    }
}
