//! What a session may keep on disk.

use std::collections::HashMap;

use super::errno::Errno;

/// Counts bytes and entries of all writable folders of a session, by logical size.
pub(crate) struct Quota {
    total_bytes: u64,
    entries: u64,
    file_bytes: u64,
    used_bytes: u64,
    used_entries: u64,
    /// Files without a name that are still open, by device and inode: their bytes are given back
    /// when the last descriptor closes.
    orphans: HashMap<(u64, u64), u32>,
}

impl Quota {
    /// Returns an empty account with its limits: bytes in all, files and folders, bytes a file.
    pub(crate) fn new(total_bytes: u64, entries: u64, file_bytes: u64) -> Self {
        Self {
            total_bytes,
            entries,
            file_bytes,
            used_bytes: 0,
            used_entries: 0,
            orphans: HashMap::new(),
        }
    }

    /// Returns bytes and entries in use.
    pub(crate) fn used(&self) -> (u64, u64) {
        (self.used_bytes, self.used_entries)
    }

    /// Takes account of what is there already.
    pub(crate) fn found(&mut self, bytes: u64, entries: u64) {
        self.used_bytes = self.used_bytes.saturating_add(bytes);
        self.used_entries = self.used_entries.saturating_add(entries);
    }

    /// Admits one more file or folder.
    pub(crate) fn add_entry(&mut self) -> Result<(), Errno> {
        if self.used_entries >= self.entries {
            return Err(Errno::NOSPC);
        }
        self.used_entries += 1;
        Ok(())
    }

    pub(crate) fn remove_entry(&mut self) {
        self.used_entries = self.used_entries.saturating_sub(1);
    }

    /// Admits a file's change from `before` to `after` bytes.
    pub(crate) fn resize(&mut self, before: u64, after: u64) -> Result<(), Errno> {
        if after <= before {
            self.give_back(before - after);
            return Ok(());
        }
        if after > self.file_bytes {
            return Err(Errno::FBIG);
        }
        let used = self.used_bytes.saturating_add(after - before);
        if used > self.total_bytes {
            return Err(Errno::NOSPC);
        }
        self.used_bytes = used;
        Ok(())
    }

    /// Returns how far a write from `offset` may go in a file of `size` bytes.
    pub(crate) fn room(&self, size: u64, offset: u64) -> u64 {
        let end = self
            .file_bytes
            .min(size.saturating_add(self.total_bytes.saturating_sub(self.used_bytes)));
        end.saturating_sub(offset)
    }

    pub(crate) fn give_back(&mut self, bytes: u64) {
        self.used_bytes = self.used_bytes.saturating_sub(bytes);
    }

    /// Notes that a file lost its last name while `descriptors` still have it open.
    pub(crate) fn orphan(&mut self, file: (u64, u64), descriptors: u32) {
        self.orphans.insert(file, descriptors);
    }

    /// Notes that a descriptor closed; returns whether the file's bytes are free now.
    pub(crate) fn closed(&mut self, file: (u64, u64)) -> bool {
        let Some(left) = self.orphans.get_mut(&file) else {
            return false;
        };
        *left -= 1;
        if *left > 0 {
            return false;
        }
        self.orphans.remove(&file);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_bytes_entries_and_large_files_beyond_the_limit() {
        let mut quota = Quota::new(100, 2, 60);
        quota.add_entry().unwrap();
        quota.add_entry().unwrap();
        assert_eq!(quota.add_entry(), Err(Errno::NOSPC));
        assert_eq!(quota.resize(0, 61), Err(Errno::FBIG));
        assert_eq!(quota.resize(0, 1 << 62), Err(Errno::FBIG));
        quota.resize(0, 60).unwrap();
        assert_eq!(quota.resize(0, 41), Err(Errno::NOSPC));
        assert_eq!(quota.room(0, 0), 40);
        quota.resize(60, 10).unwrap();
        quota.resize(0, 50).unwrap();
        assert_eq!(quota.used(), (60, 2));
    }

    #[test]
    fn an_unlinked_open_file_is_given_back_when_it_closes() {
        let mut quota = Quota::new(100, 2, 100);
        quota.orphan((1, 2), 2);
        assert!(!quota.closed((9, 9)));
        assert!(!quota.closed((1, 2)));
        assert!(quota.closed((1, 2)));
    }
}
