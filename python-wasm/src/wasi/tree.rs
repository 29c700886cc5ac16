//! The guest's file tree: granted folders under one virtual root.

use std::sync::Arc;

use cap_std::fs::Dir;

use super::errno::Errno;

/// Folders deeper than this are refused, so that nobody builds a tree that cannot be walked.
const DEPTH: usize = 64;
/// A name's bytes, as Linux has it.
const NAME_BYTES: usize = 255;

/// A granted folder.
pub(crate) struct Mount {
    /// Where the guest sees it, by name.
    pub(crate) at: Vec<String>,
    /// The capability it is reached through.
    pub(crate) folder: Arc<Dir>,
    /// Whether the guest may change it.
    pub(crate) writable: bool,
}

/// All a guest can name. A path that leads to no mount does not exist.
pub(crate) struct Tree {
    mounts: Vec<Mount>,
}

/// What a guest's path means.
pub(crate) enum Place<'t> {
    /// A path inside a granted folder, relative to it (`.` for the folder itself).
    Inside { mount: &'t Mount, relative: String },
    /// A folder that only leads to mounts; holds the names of what is in it.
    Virtual { names: Vec<String> },
}

impl Tree {
    /// Returns the tree of these mounts; the deepest one wins where they overlap.
    pub(crate) fn new(mut mounts: Vec<Mount>) -> Self {
        mounts.sort_by_key(|mount| std::cmp::Reverse(mount.at.len()));
        Self { mounts }
    }

    /// Returns the absolute path of `path` as seen from the folder `base`: `.` and `..` are
    /// resolved by name and stop at the root, as they do on every Unix.
    pub(crate) fn absolute(base: &str, path: &str) -> Result<String, Errno> {
        let mut names: Vec<&str> = Vec::new();
        let start = if path.starts_with('/') { "" } else { base };
        for name in start.split('/').chain(path.split('/')) {
            match name {
                "" | "." => {}
                ".." => {
                    names.pop();
                }
                name if name.len() > NAME_BYTES => return Err(Errno::NAMETOOLONG),
                name => names.push(name),
            }
        }
        if names.len() > DEPTH {
            return Err(Errno::NAMETOOLONG);
        }
        Ok(format!("/{}", names.join("/")))
    }

    /// Returns what an absolute, resolved path means.
    pub(crate) fn place(&self, absolute: &str) -> Result<Place<'_>, Errno> {
        let names: Vec<&str> = absolute
            .split('/')
            .filter(|name| !name.is_empty())
            .collect();
        for mount in &self.mounts {
            if names.len() >= mount.at.len() && mount.at.iter().zip(&names).all(|(a, b)| a == b) {
                let rest = &names[mount.at.len()..];
                let relative = if rest.is_empty() {
                    ".".to_owned()
                } else {
                    rest.join("/")
                };
                return Ok(Place::Inside { mount, relative });
            }
        }
        let mut below: Vec<String> = Vec::new();
        for mount in &self.mounts {
            if mount.at.len() > names.len() && mount.at.iter().zip(&names).all(|(a, b)| a == b) {
                let name = mount.at[names.len()].clone();
                if !below.contains(&name) {
                    below.push(name);
                }
            }
        }
        below.sort();
        if below.is_empty() {
            Err(Errno::NOENT)
        } else {
            Ok(Place::Virtual { names: below })
        }
    }

    /// Returns the folder and the relative path of something that is to be changed.
    pub(crate) fn writable(&self, absolute: &str) -> Result<(&Mount, String), Errno> {
        match self.place(absolute)? {
            Place::Inside { mount, relative } if mount.writable => Ok((mount, relative)),
            Place::Inside { .. } | Place::Virtual { .. } => Err(Errno::ROFS),
        }
    }

    /// Returns the writable folders.
    pub(crate) fn writable_mounts(&self) -> impl Iterator<Item = &Mount> {
        self.mounts.iter().filter(|mount| mount.writable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Tree {
        let folder = || {
            Arc::new(
                Dir::open_ambient_dir(std::env::temp_dir(), cap_std::ambient_authority()).unwrap(),
            )
        };
        let at = |path: &str| {
            path.split('/')
                .filter(|n| !n.is_empty())
                .map(str::to_owned)
                .collect()
        };
        Tree::new(vec![
            Mount {
                at: at("/usr/local/lib"),
                folder: folder(),
                writable: false,
            },
            Mount {
                at: at("/home/user"),
                folder: folder(),
                writable: true,
            },
            Mount {
                at: at("/home/user/data"),
                folder: folder(),
                writable: false,
            },
        ])
    }

    #[test]
    fn dot_dot_stops_at_the_root() {
        assert_eq!(
            Tree::absolute("/home/user", "../../../../etc/passwd").unwrap(),
            "/etc/passwd"
        );
        assert!(matches!(tree().place("/etc/passwd"), Err(Errno::NOENT)));
    }

    #[test]
    fn the_deepest_mount_wins_and_names_are_whole() {
        let tree = tree();
        assert!(tree.writable("/home/user/x").is_ok());
        assert_eq!(tree.writable("/home/user/data/x").err(), Some(Errno::ROFS));
        assert_eq!(tree.writable("/usr/local/lib/x").err(), Some(Errno::ROFS));
        assert!(matches!(tree.place("/home/user2"), Err(Errno::NOENT)));
        let Ok(Place::Virtual { names }) = tree.place("/") else {
            panic!("the root is virtual")
        };
        assert_eq!(names, ["home", "usr"]);
    }

    #[test]
    fn long_names_and_deep_paths_are_refused() {
        assert_eq!(
            Tree::absolute("/", &"x".repeat(256)).err(),
            Some(Errno::NAMETOOLONG)
        );
        assert_eq!(
            Tree::absolute("/", &"x/".repeat(65)).err(),
            Some(Errno::NAMETOOLONG)
        );
        assert!(Tree::absolute("/", &"x/".repeat(64)).is_ok());
    }
}
