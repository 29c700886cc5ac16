//! Checks whether this machine can run the sandbox, and well.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

use python_wasm::{
    ImageSpec, Outcome, Policy, Quiet, Runtime, RuntimeError, RuntimeOptions, Session,
    SessionOptions, Stale,
};
use rustix::process::{Resource, getrlimit};

use crate::text;

/// How a check came out; the later the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// As it should be.
    Ok,
    /// It works, but not as well as it could.
    Warn,
    /// Nothing can be run.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) state: State,
    /// What was found.
    pub(crate) found: String,
    /// What it consists of, line by line.
    pub(crate) list: Vec<String>,
    /// What to do about it.
    pub(crate) advice: Option<String>,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Ok,
            found: found.into(),
            list: Vec::new(),
            advice: None,
        }
    }

    fn bad(name: &'static str, state: State, found: impl Into<String>, advice: &str) -> Self {
        Self {
            name,
            state,
            found: found.into(),
            list: Vec::new(),
            advice: Some(advice.into()),
        }
    }
}

const GIB: u64 = 1 << 30;

/// Memory below which an image of the larger kind and a session with data do not fit well.
const MEMORY: u64 = 2 * GIB;
/// Disk that the prepared runtime and three images take, with room to unpack.
const DISK: u64 = 4 * GIB;
/// Memory maps a session takes, about; the kernel's default of 65530 is room for thousands.
const MAPS: u64 = 65_530;
/// Open files that some hundred sessions need.
const FILES: u64 = 1024;

/// Checks the machine, without starting anything of the sandbox.
pub(crate) fn machine() -> Vec<Check> {
    let options = RuntimeOptions::default();
    vec![
        kernel(&rustix::system::uname().release().to_string_lossy()),
        memory(&fs::read_to_string("/proc/meminfo").unwrap_or_default()),
        cache(&options.cache),
        stale(options.stale()),
        disk(&options.cache),
        maps(&fs::read_to_string("/proc/sys/vm/max_map_count").unwrap_or_default()),
        files(getrlimit(Resource::Nofile).current),
        python(),
    ]
}

fn kernel(release: &str) -> Check {
    const NAME: &str = "kernel";
    let mut numbers = release
        .split(|letter: char| !letter.is_ascii_digit())
        .map(|number| number.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version < (5, 6) {
        let advice = "Linux 5.6 or newer is needed: openat2 confines the sessions' files";
        return Check::bad(NAME, State::Fail, release, advice);
    }
    if version < (6, 7) {
        let advice = "Linux 6.7 or newer tells exactly which pages a cell wrote; without it checkpoints take longer";
        return Check::bad(NAME, State::Warn, release, advice);
    }
    Check::ok(NAME, release)
}

fn memory(meminfo: &str) -> Check {
    const NAME: &str = "memory";
    let available = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .map(|kib| kib << 10);
    match available {
        Some(bytes) if bytes >= MEMORY => {
            Check::ok(NAME, format!("{} available", text::size(bytes)))
        }
        Some(bytes) => Check::bad(
            NAME,
            State::Warn,
            format!("{} available", text::size(bytes)),
            "with less than 2 GiB the first preparation may not finish, and cells with much data end early",
        ),
        None => Check::bad(
            NAME,
            State::Warn,
            "unknown",
            "/proc/meminfo cannot be read; is /proc mounted?",
        ),
    }
}

fn cache(folder: &Path) -> Check {
    const NAME: &str = "cache folder";
    let shown = folder.display().to_string();
    match fs::metadata(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Check::ok(NAME, format!("{shown} (will be made)"))
        }
        Err(error) => Check::bad(
            NAME,
            State::Fail,
            format!("{shown}: {error}"),
            "make it readable for this user, or set XDG_CACHE_HOME to another folder",
        ),
        Ok(metadata) => {
            let own = metadata.uid() == rustix::process::geteuid().as_raw();
            let closed = metadata.permissions().mode() & 0o022 == 0;
            if metadata.is_dir() && own && closed {
                Check::ok(NAME, shown)
            } else {
                Check::bad(
                    NAME,
                    State::Fail,
                    format!("{shown} belongs to, or can be written by, somebody else"),
                    "make it your own with `chown` and `chmod go-w`, or set XDG_CACHE_HOME to another folder",
                )
            }
        }
    }
}

fn stale(found: Result<Vec<Stale>, RuntimeError>) -> Check {
    const NAME: &str = "cache contents";
    let stale = match found {
        Ok(stale) if stale.is_empty() => return Check::ok(NAME, "all of it is in use"),
        Ok(stale) => stale,
        Err(error) => {
            let advice = "see the line above; nothing of it is used until it can be read";
            return Check::bad(NAME, State::Warn, error.to_string(), advice);
        }
    };
    let bytes = stale.iter().map(|stale| stale.bytes).sum();
    let line = |stale: &Stale| format!("{:>10}  {}", text::size(stale.bytes), stale.name);
    Check {
        list: stale.iter().map(line).collect(),
        advice: Some(
            "`cellblock image prune` removes what other builds of this program left".into(),
        ),
        ..Check::ok(NAME, format!("{} of other builds", text::size(bytes)))
    }
}

fn disk(folder: &Path) -> Check {
    const NAME: &str = "disk";
    let existing = folder.ancestors().find(|folder| folder.exists());
    let Some(stat) = existing.and_then(|folder| rustix::fs::statvfs(folder).ok()) else {
        return Check::bad(
            NAME,
            State::Warn,
            "unknown",
            "the free space of the cache folder cannot be told",
        );
    };
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let found = format!("{} free in the cache folder", text::size(free));
    if free >= DISK {
        Check::ok(NAME, found)
    } else {
        let advice = "the prepared runtime and its images take up to 4 GiB; free some, or set XDG_CACHE_HOME to another disk";
        Check::bad(NAME, State::Warn, found, advice)
    }
}

fn maps(text: &str) -> Check {
    const NAME: &str = "memory maps";
    match text.trim().parse::<u64>() {
        Ok(number) if number >= MAPS => Check::ok(NAME, format!("vm.max_map_count is {number}")),
        Ok(number) => Check::bad(
            NAME,
            State::Warn,
            format!("vm.max_map_count is {number}"),
            "few sessions fit; raise it: sysctl -w vm.max_map_count=262144",
        ),
        Err(_) => Check::ok(NAME, "vm.max_map_count is unknown"),
    }
}

fn files(limit: Option<u64>) -> Check {
    const NAME: &str = "open files";
    match limit {
        Some(number) if number < FILES => Check::bad(
            NAME,
            State::Warn,
            format!("at most {number}"),
            "few sessions fit; raise it: ulimit -n 65536",
        ),
        Some(number) => Check::ok(NAME, format!("at most {number}")),
        None => Check::ok(NAME, "no limit"),
    }
}

fn python() -> Check {
    const NAME: &str = "python3 with pip";
    let answer = Command::new("python3")
        .args(["-m", "pip", "--version"])
        .stderr(Stdio::null())
        .output();
    match answer {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            let version = text.split_whitespace().take(2).collect::<Vec<_>>();
            Check::ok(NAME, version.join(" "))
        }
        Ok(_) | Err(_) => Check::bad(
            NAME,
            State::Warn,
            "not found",
            "pip fetches the interpreter and its packages the first time; on Debian and Ubuntu: apt-get install python3-pip",
        ),
    }
}

/// Prepares the runtime and runs `1+1` in a session.
pub(crate) async fn session() -> Check {
    const NAME: &str = "a session";
    match one_and_one().await {
        Ok(found) => Check::ok(NAME, found),
        Err(error) => Check::bad(
            NAME,
            State::Fail,
            error.to_string(),
            "see what is said above; `cellblock image build base` shows how far the preparation comes",
        ),
    }
}

async fn one_and_one() -> anyhow::Result<String> {
    let runtime = Runtime::prepare(RuntimeOptions::default(), Quiet::shared()).await?;
    let image = runtime
        .image(&ImageSpec::builtin("base")?, Quiet::shared())
        .await?;
    let options = SessionOptions::new(Policy::profile("untrusted")?);
    let mut session = Session::spawn(&image, options).await?;
    let (execution, events) = session.collect("1+1").await?;
    anyhow::ensure!(
        execution.outcome == Outcome::Ok && events.len() == 1,
        "1+1 was not answered: {:?}",
        execution.outcome
    );
    let exact = if runtime.tracks_writes_exactly() {
        "writes are tracked exactly"
    } else {
        "writes are found by comparing pages"
    };
    Ok(format!("1+1 is answered; {exact}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_told_apart() {
        for (release, state) in [
            ("5.4.0-100-generic", State::Fail),
            ("5.15.0", State::Warn),
            ("6.6.13", State::Warn),
            ("6.7.0-rc1", State::Ok),
            ("7.0", State::Ok),
            ("?", State::Fail),
        ] {
            assert_eq!(kernel(release).state, state, "{release}");
        }
    }

    #[test]
    fn what_other_builds_left_is_listed_with_sizes() {
        let left = |name: &str, bytes| Stale {
            name: name.into(),
            bytes,
        };
        let check = stale(Ok(vec![
            left("image-a", 5 << 20),
            left("kernel-b", 1 << 20),
        ]));
        assert_eq!(
            (check.state, check.found.as_str()),
            (State::Ok, "6.0 MiB of other builds")
        );
        assert_eq!(check.list, ["   5.0 MiB  image-a", "   1.0 MiB  kernel-b"]);
        assert!(
            check
                .advice
                .is_some_and(|advice| advice.contains("cellblock image prune"))
        );
        assert_eq!(stale(Ok(Vec::new())).advice, None);
    }

    #[test]
    fn little_is_warned_of() {
        assert_eq!(
            memory("MemTotal: 1 kB\nMemAvailable:   8388608 kB\n").found,
            "8.0 GiB available"
        );
        assert_eq!(memory("MemAvailable: 100 kB").state, State::Warn);
        assert_eq!(memory("").state, State::Warn);
        assert_eq!(files(Some(256)).state, State::Warn);
        assert_eq!(files(None).state, State::Ok);
        assert_eq!(maps("100\n").state, State::Warn);
        assert_eq!(maps("65530\n").state, State::Ok);
    }
}
