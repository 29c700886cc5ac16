//! What the cache holds of other builds of this program, and removing it.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::Path;

use super::lock::Lock;
use super::names::Names;
use super::{RuntimeError, RuntimeOptions, wanted};
use crate::cache::Cache;
use crate::engine::WASM_STACK_BYTES;

/// The folder of the fetched wheels.
const WHEELS: &str = "wheels";
/// The kinds of artefacts, as their names begin; a digest ends them.
const KINDS: [&str; 5] = ["image-", "packages-", "library-", "kernel-", "code-"];

/// Something in the cache that this build does not use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// Its name in the cache folder.
    pub name: String,
    /// How much it takes on disk, with all its files.
    pub bytes: u64,
}

/// What became of stale artefacts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// They are gone.
    pub removed: Vec<Stale>,
    /// They stay, for a running process uses them.
    pub in_use: Vec<Stale>,
}

impl RuntimeOptions {
    /// Returns what the cache holds that this build does not use: runtimes and images of other builds,
    /// and wheels that are no longer pinned. Images of one's own stay as long as their runtime.
    ///
    /// # Errors
    /// [`RuntimeError::Cache`] when the cache folder cannot be read. One that is not there is empty.
    pub fn stale(&self) -> Result<Vec<Stale>, RuntimeError> {
        let engine = crate::engine::metered(WASM_STACK_BYTES).map_err(RuntimeError::Engine)?;
        let lock = Lock::pinned();
        let names = Names::of(&engine, &lock);
        let pinned = wanted(&lock).into_iter().map(|wheel| wheel.filename);
        stale(&self.cache, &names, &pinned.collect()).map_err(|source| RuntimeError::Cache {
            path: self.cache.clone(),
            source,
        })
    }

    /// Removes what [`RuntimeOptions::stale`] names, except what a running process uses. Waits while
    /// another process prepares a runtime.
    ///
    /// # Errors
    /// [`RuntimeError::Cache`] when something cannot be removed; what was removed before stays so.
    pub fn prune(&self) -> Result<Pruned, RuntimeError> {
        let fail = |source| RuntimeError::Cache {
            path: self.cache.clone(),
            source,
        };
        let cache = Cache::open(&self.cache).map_err(fail)?;
        let _turn = cache.turn("prepare").map_err(fail)?;
        let mut pruned = Pruned::default();
        for stale in self.stale()? {
            if remove(&cache, &stale.name).map_err(fail)? {
                pruned.removed.push(stale);
            } else {
                pruned.in_use.push(stale);
            }
        }
        Ok(pruned)
    }
}

fn stale(folder: &Path, names: &Names, pinned: &HashSet<&str>) -> io::Result<Vec<Stale>> {
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for entry in listed(folder)? {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(artefact) = artefact(&name) {
            *found.entry(artefact.to_owned()).or_default() += size(&entry.path())?;
        }
    }
    let runtime = names.digest();
    let mut used = HashSet::from([&names.library, &names.code, &names.kernel].map(String::clone));
    for image in found.keys().filter(|name| name.starts_with("image-")) {
        if let Some(made_with) = crate::image::made_with(&folder.join(image))
            && made_with.runtime == runtime
        {
            used.insert(image.clone());
            used.extend(made_with.packages);
        }
    }
    // A lock alone takes nothing, and its image may be in the making.
    found.retain(|name, bytes| *bytes > 0 && !used.contains(name));
    for entry in listed(&folder.join(WHEELS))? {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !pinned.contains(name.as_str()) {
            found.insert(format!("{WHEELS}/{name}"), size(&entry.path())?);
        }
    }
    let stale = found.into_iter().map(|(name, bytes)| Stale { name, bytes });
    Ok(stale.collect())
}

/// Returns the name of the artefact that a file or folder of the cache belongs to, if it is one of
/// ours: what stands before the first dot.
fn artefact(name: &str) -> Option<&str> {
    let name = name.split('.').next()?;
    let (_, digest) = name.rsplit_once('-')?;
    let digest_fits = digest.len() == 32 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    (digest_fits && KINDS.iter().any(|kind| name.starts_with(kind))).then_some(name)
}

/// Removes an artefact with all its files, unless it is in use.
fn remove(cache: &Cache, name: &str) -> io::Result<bool> {
    let path = cache.path(name);
    if name.starts_with(WHEELS) {
        return fs::remove_file(path).map(|()| true);
    }
    // An image is read as a whole in its turn; what else there is, is held by those who use it.
    let Some(_turn) = cache.turn_now(name)? else {
        return Ok(false);
    };
    if cache.is_held(name)? || cache.is_held(&format!("{name}.cwasm"))? {
        return Ok(false);
    }
    let mut files: Vec<_> = listed(cache.folder())?
        .iter()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|file| artefact(file) == Some(name))
        .collect();
    // First what says that it is whole, and a folder in one step, so that no half is ever taken for it.
    files.sort_by_key(|file| !file.ends_with(".seal"));
    let removed = tempfile::tempdir_in(cache.folder())?;
    for file in files {
        fs::rename(cache.path(&file), removed.path().join(&file))?;
    }
    removed.close()?;
    Ok(true)
}

/// Returns what is in a folder; one that is not there has nothing in it.
fn listed(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder) {
        Ok(listing) => listing.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Returns how many bytes a file or all files of a folder have.
fn size(path: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    let mut waiting = vec![path.to_owned()];
    while let Some(path) = waiting.pop() {
        let metadata = fs::symlink_metadata(&path)?;
        if metadata.is_dir() {
            waiting.extend(listed(&path)?.iter().map(fs::DirEntry::path));
        } else {
            bytes += metadata.len();
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "00112233445566778899aabbccddeeff";
    const NEW: &str = "ffeeddccbbaa99887766554433221100";

    /// Returns a cache that holds a build's artefacts and an older one's, and the newer one's names.
    fn cache() -> (tempfile::TempDir, Cache, Names) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let names = |digest| Names {
            library: format!("library-{digest}"),
            code: format!("code-{digest}"),
            kernel: format!("kernel-{digest}"),
        };
        for digest in [OLD, NEW] {
            for kind in ["library", "kernel", "packages"] {
                let inner = cache.path(&format!("{kind}-{digest}/package"));
                fs::create_dir_all(&inner).unwrap();
                fs::write(inner.join("module.py"), "12345").unwrap();
            }
            for end in [".cwasm", ".cwasm.seal", ".data", ".data.seal"] {
                fs::write(cache.path(&format!("code-{digest}{end}")), "12345").unwrap();
            }
            let image = format!("image-my-own-{digest}");
            let head =
                crate::image::head_of(&names(digest).digest(), &format!("packages-{digest}"));
            cache.write_sealed(&image, &[&head]).unwrap();
            drop(cache.turn(&image).unwrap());
        }
        fs::create_dir(cache.path(WHEELS)).unwrap();
        for name in [
            "wheels/pinned.whl",
            "wheels/old.whl",
            "other-program",
            "seal-of",
        ] {
            fs::write(cache.path(name), "12345").unwrap();
        }
        drop(cache.turn("image-in-the-making-00112233445566778899aabbccddeeff"));
        (folder, cache, names(NEW))
    }

    fn found(folder: &Path, names: &Names) -> Vec<(String, u64)> {
        let stale = stale(folder, names, &HashSet::from(["pinned.whl"])).unwrap();
        stale
            .into_iter()
            .map(|stale| (stale.name, stale.bytes))
            .collect()
    }

    #[test]
    fn only_what_no_current_name_leads_to_is_stale() {
        let (folder, cache, names) = cache();
        let image = format!("image-my-own-{OLD}");
        let image_bytes = size(&cache.path(&image)).unwrap() + 64;
        assert_eq!(
            found(folder.path(), &names),
            [
                (format!("code-{OLD}"), 20),
                (image, image_bytes),
                (format!("kernel-{OLD}"), 5),
                (format!("library-{OLD}"), 5),
                (format!("packages-{OLD}"), 5),
                ("wheels/old.whl".to_owned(), 5),
            ]
        );
        assert_eq!(found(&folder.path().join("absent"), &names), []);
    }

    #[test]
    fn what_is_used_stays_and_the_rest_goes_whole() {
        let (folder, cache, names) = cache();
        let image = format!("image-my-own-{OLD}");
        let used = [
            format!("library-{OLD}"),
            format!("code-{OLD}"),
            image.clone(),
        ];
        let held = (
            cache.hold(&used[0]).unwrap(),
            cache.hold(&format!("{}.cwasm", used[1])).unwrap(),
            cache.turn(&image).unwrap(),
        );
        let stale = found(folder.path(), &names);
        for (name, _) in &stale {
            assert_eq!(
                remove(&cache, name).unwrap(),
                !used.contains(name),
                "{name}"
            );
        }
        let left: Vec<_> = found(folder.path(), &names)
            .into_iter()
            .map(|left| left.0)
            .collect();
        assert_eq!(left, [&used[1], &used[2], &used[0]].map(String::as_str));
        // The control: once they are let go, they go too, and nothing of them is left.
        drop(held);
        for name in &left {
            assert!(remove(&cache, name).unwrap(), "{name}");
        }
        assert_eq!(found(folder.path(), &names), []);
        let names: Vec<_> = listed(folder.path()).unwrap();
        let mut names: Vec<_> = names
            .iter()
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.retain(|name| !name.contains(NEW));
        names.sort();
        let lone = "image-in-the-making-00112233445566778899aabbccddeeff.lock";
        assert_eq!(
            names,
            [lone, "other-program", "seal-of", "seal.key", "wheels"]
        );
        assert!(
            cache
                .open_sealed(&format!("image-my-own-{NEW}"))
                .unwrap()
                .is_some()
        );
    }
}
