//! The cache folder: everything in it is named by what it was made of, complete or absent, and
//! checked by a keyed MAC before it is used.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Returns the default cache folder: `$XDG_CACHE_HOME/cellblock`, or `~/.cache/cellblock`.
pub fn default_folder() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let base = base.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
    base.unwrap_or_else(std::env::temp_dir).join("cellblock")
}

/// Creates a folder that only this user can read or write, or checks that it is one.
pub(crate) fn private_folder(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let metadata = fs::metadata(folder)?;
    if metadata.uid() != rustix::process::geteuid().as_raw() || metadata.mode() & 0o022 != 0 {
        return Err(io::Error::other(
            "it must belong to the user who runs this and be writable by nobody else; use another folder or `chmod go-w` it",
        ));
    }
    Ok(())
}

/// Returns the secret key kept in a file, which is made the first time.
pub(crate) fn secret_key(path: &Path) -> io::Result<[u8; 32]> {
    let read = || -> io::Result<[u8; 32]> {
        let mut key = [0; 32];
        let mut file = File::open(path)?;
        if file.metadata()?.mode() & 0o077 != 0 {
            return Err(io::Error::other(format!(
                "{} can be read by other users; remove it",
                path.display()
            )));
        }
        file.read_exact(&mut key)?;
        Ok(key)
    };
    match read() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found,
    }
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .permissions(mode(0o600))
        .tempfile_in(folder)?;
    file.write_all(&key)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(key),
        // Another process was first; its key is the key.
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => read(),
        Err(error) => Err(error.error),
    }
}

fn mode(bits: u32) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(bits)
}

/// The cache folder and the key its files are sealed with.
#[derive(Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
    key: [u8; 32],
}

/// Holds other processes off while something is made; released when dropped.
pub(crate) struct Turn(
    #[expect(dead_code, reason = "the lock lives as long as the open file")] File,
);

/// Says that an artefact is in use, so that nobody removes it; until dropped.
pub(crate) struct Held(
    #[expect(dead_code, reason = "the lock lives as long as the open file")] File,
);

impl Cache {
    /// Opens or creates the cache.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        private_folder(folder)?;
        Ok(Self {
            key: secret_key(&folder.join("seal.key"))?,
            folder: folder.to_owned(),
        })
    }

    /// Returns the place of an artefact.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Returns the cache folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits until no other process makes `name`.
    pub(crate) fn turn(&self, name: &str) -> io::Result<Turn> {
        let file = self.lock_file(name)?;
        file.lock()?;
        Ok(Turn(file))
    }

    /// Returns the turn to make or remove `name`; none when another process has it.
    pub(crate) fn turn_now(&self, name: &str) -> io::Result<Option<Turn>> {
        let file = self.lock_file(name)?;
        Ok(at_once(&file)?.then_some(Turn(file)))
    }

    fn lock_file(&self, name: &str) -> io::Result<File> {
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(self.folder.join(format!("{name}.lock")))
    }

    /// Holds an artefact, a file or a folder, for as long as it is used.
    pub(crate) fn hold(&self, name: &str) -> io::Result<Held> {
        let file = File::open(self.folder.join(name))?;
        file.lock_shared()?;
        Ok(Held(file))
    }

    /// Tells whether any process holds an artefact. One that is not there is held by none.
    pub(crate) fn is_held(&self, name: &str) -> io::Result<bool> {
        match File::open(self.folder.join(name)) {
            Ok(file) => Ok(!at_once(&file)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns the MAC of a file's bytes.
    fn mac(&self, path: &Path) -> io::Result<blake3::Hash> {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update_mmap_rayon(path)?;
        Ok(hasher.finalize())
    }

    /// Returns the MAC of bytes.
    pub(crate) fn mac_of(&self, bytes: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update_rayon(bytes);
        hasher.finalize()
    }

    /// Writes a sealed file: whole or not at all, read-only, with its MAC beside it.
    pub(crate) fn write_sealed(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        for part in parts {
            file.write_all(part)?;
        }
        file.as_file().set_permissions(mode(0o400))?;
        file.as_file().sync_all()?;
        let mac = self.mac(file.path())?;
        let mut seal = tempfile::NamedTempFile::new_in(&self.folder)?;
        seal.write_all(mac.to_hex().as_bytes())?;
        seal.as_file().sync_all()?;
        seal.persist(self.path(&seal_name(name)))
            .map_err(|error| error.error)?;
        file.persist(self.path(name)).map_err(|error| error.error)?;
        Ok(())
    }

    /// Opens a sealed file; `None` when it is absent or not what was written.
    pub(crate) fn open_sealed(&self, name: &str) -> io::Result<Option<File>> {
        let path = self.path(name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let seal = fs::read_to_string(self.path(&seal_name(name))).unwrap_or_default();
        let Ok(seal) = blake3::Hash::from_hex(seal.trim()) else {
            return Ok(None);
        };
        let intact = self.mac(&path)? == seal;
        // What was checked must be what is used: the folder is ours alone, and so is the file.
        let (checked, opened) = (fs::metadata(&path)?, file.metadata()?);
        let same = (checked.dev(), checked.ino()) == (opened.dev(), opened.ino());
        Ok((intact && same).then_some(file))
    }
}

/// Takes the lock of a file if nobody has it.
fn at_once(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn seal_name(name: &str) -> String {
    format!("{name}.seal")
}

/// Returns a short name for what something is made of.
pub(crate) fn digest<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_altered_cut_or_foreign_file_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        cache.write_sealed("code", &[b"native ", b"code"]).unwrap();
        assert!(cache.open_sealed("code").unwrap().is_some());
        assert!(cache.open_sealed("absent").unwrap().is_none());

        let alter = |bytes: &[u8]| {
            fs::remove_file(cache.path("code")).unwrap();
            fs::write(cache.path("code"), bytes).unwrap();
            cache.open_sealed("code").unwrap().is_some()
        };
        assert!(!alter(b"native codf"));
        assert!(!alter(b"native"));
        assert!(!alter(b""));
        assert!(alter(b"native code"));
        fs::remove_file(cache.path("seal.key")).unwrap();
        assert!(
            Cache::open(folder.path())
                .unwrap()
                .open_sealed("code")
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn a_folder_that_others_may_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), mode(0o777)).unwrap();
        let refusal = Cache::open(folder.path()).err().unwrap();
        assert!(
            refusal.to_string().contains("writable by nobody else"),
            "{refusal}"
        );
    }
}
