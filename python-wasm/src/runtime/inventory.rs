//! What the cache holds of this build, by the names of its files: a look that opens and makes nothing.

use std::fs;
use std::io;

use super::lock::Lock;
use super::names::Names;
use super::{RuntimeError, RuntimeOptions};
use crate::engine::WASM_STACK_BYTES;
use crate::image::{ImageError, ImageSpec, image_file, made_with};

/// An image in the cache that was made by a recipe of one's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnImage {
    /// The name in its recipe.
    pub name: String,
    /// How much it takes on disk, without its packages.
    pub bytes: u64,
}

impl RuntimeOptions {
    /// Tells whether the interpreter and these images are in the cache, so that opening them takes no
    /// minutes. Whether they are as they were written is found when they are opened.
    ///
    /// # Errors
    /// [`ImageError::Wheel`] when a wheel of a recipe cannot be read.
    pub fn has(&self, images: &[ImageSpec]) -> Result<bool, ImageError> {
        let names = self.names()?;
        let mut wanted = vec![
            format!("{}.seal", names.library),
            format!("{}.cwasm", names.code),
            format!("{}.data", names.code),
        ];
        for spec in images {
            wanted.push(image_file(&names.digest(), spec)?.0);
        }
        Ok(wanted.iter().all(|name| self.cache.join(name).exists()))
    }

    /// Returns the images that were made with this build's interpreter by recipes of one's own, sorted by
    /// name; one that was made by several recipes is there several times.
    ///
    /// # Errors
    /// [`RuntimeError::Cache`] when the cache folder cannot be read. One that is not there is empty.
    pub fn own_images(&self) -> Result<Vec<OwnImage>, ImageError> {
        let runtime = self.names()?.digest();
        let mut builtin = Vec::new();
        for name in ImageSpec::builtins() {
            builtin.push(image_file(&runtime, &ImageSpec::builtin(name)?)?.0);
        }
        let mut own = self
            .images_of(&runtime, &builtin)
            .map_err(|source| RuntimeError::Cache {
                path: self.cache.clone(),
                source,
            })?;
        own.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(own)
    }

    /// Returns the images of a runtime, except those in these files.
    fn images_of(&self, runtime: &str, except: &[String]) -> io::Result<Vec<OwnImage>> {
        let listing = match fs::read_dir(&self.cache) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listing => listing?,
        };
        let mut images = Vec::new();
        for entry in listing {
            let entry = entry?;
            let file = entry.file_name().to_string_lossy().into_owned();
            // Seals and locks have a dot in their names.
            let Some((name, _)) = file
                .strip_prefix("image-")
                .filter(|rest| !rest.contains('.') && !except.contains(&file))
                .and_then(|rest| rest.rsplit_once('-'))
            else {
                continue;
            };
            if made_with(&entry.path()).is_some_and(|made| made.runtime == runtime) {
                images.push(OwnImage {
                    name: name.to_owned(),
                    bytes: entry.metadata()?.len(),
                });
            }
        }
        Ok(images)
    }

    fn names(&self) -> Result<Names, RuntimeError> {
        let engine = crate::engine::metered(WASM_STACK_BYTES).map_err(RuntimeError::Engine)?;
        Ok(Names::of(&engine, &Lock::pinned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Cache;
    use crate::image::head_of;

    #[test]
    fn images_of_other_builds_and_those_that_are_built_in_are_no_own_ones() {
        let folder = tempfile::tempdir().unwrap();
        let options = RuntimeOptions {
            cache: folder.path().join("cache"),
        };
        assert_eq!(options.own_images().unwrap(), []);
        assert!(!options.has(&[]).unwrap());
        let cache = Cache::open(&options.cache).unwrap();
        let names = options.names().unwrap();
        let base = ImageSpec::builtin("base").unwrap();
        let (builtin, _) = image_file(&names.digest(), &base).unwrap();
        let digest = "00112233445566778899aabbccddeeff";
        let (own, old) = (
            format!("image-my-own-{digest}"),
            format!("image-old-{digest}"),
        );
        for (file, runtime) in [
            (&builtin, names.digest()),
            (&own, names.digest()),
            (&old, "another".into()),
        ] {
            let head = head_of(&runtime, "packages");
            cache.write_sealed(file, &[&head]).unwrap();
            drop(cache.turn(file).unwrap());
        }
        let bytes = fs::metadata(cache.path(&own)).unwrap().len();
        let name = "my-own".to_owned();
        assert_eq!(options.own_images().unwrap(), [OwnImage { name, bytes }]);
        // All of the interpreter is needed, and the image.
        let parts = [
            format!("{}.seal", names.library),
            format!("{}.cwasm", names.code),
            format!("{}.data", names.code),
        ];
        for part in parts {
            assert!(!options.has(&[]).unwrap(), "{part}");
            fs::write(cache.path(&part), "").unwrap();
        }
        assert!(options.has(&[base]).unwrap());
        assert!(!options.has(&[ImageSpec::builtin("ml").unwrap()]).unwrap());
    }
}
