//! Images: memories of a booted interpreter with its packages loaded, shared by all sessions.

mod build;
mod builder;
mod bytecode;
mod file;
mod spec;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cap_std::fs::Dir;

pub(crate) use build::image_file;
pub(crate) use bytecode::compile_library;
#[cfg(test)]
pub(crate) use file::head_of;
pub(crate) use file::made_with;
pub use spec::ImageSpec;

use crate::cache::Held;
use crate::checkpoint::About;
use crate::memory::{ImageFile, PageRun};
use crate::progress::Progress;
use crate::runtime::{Runtime, RuntimeError};
use crate::session::InterruptFlags;
use crate::wasi::OpenState;

/// Where the guest sees the packages that a custom image adds.
pub(crate) const PACKAGES: &str = "/usr/local/lib/image-packages";

/// Why an image cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// No built-in image has this name.
    #[error("there is no image named {name:?}; known are {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A recipe does not make sense.
    #[error("the image's recipe is not usable: {reason}")]
    Spec {
        /// What is wrong.
        reason: String,
    },
    /// A step of the build failed in the guest.
    #[error("building the image {image:?} failed at {step:?}: {reason}")]
    Step {
        /// The image's name.
        image: String,
        /// The step.
        step: String,
        /// What Python said, or why it was stopped.
        reason: String,
    },
    /// A step of a recipe of one's own raised.
    #[error(
        "the recipe of the image {image:?} cannot be followed at {step:?}; correct it there, or add the wheel of what it imports \
         to its `wheels`: {reason}"
    )]
    Recipe {
        /// The image's name.
        image: String,
        /// The step.
        step: String,
        /// What Python said.
        reason: String,
    },
    /// A wheel cannot be added.
    #[error("the wheel {} cannot be added: {reason}", path.display())]
    Wheel {
        /// The wheel.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The cache or the runtime failed.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}

/// A memory that sessions start from. Cheap to clone.
#[derive(Clone)]
pub struct Image(Arc<Parts>);

struct Parts {
    name: String,
    digest: String,
    file: Arc<ImageFile>,
    flags: Arc<InterruptFlags>,
    open: Vec<OpenState>,
    serve: u32,
    /// Pages that every first cell writes; found when the image is opened.
    first_pages: OnceLock<Vec<PageRun>>,
    packages: Option<Packages>,
    runtime: Runtime,
}

/// The packages that a custom image adds.
struct Packages {
    folder: Arc<Dir>,
    /// Nobody removes them while the image lives.
    _held: Held,
}

impl Image {
    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns its name with the digests of all it is made of and of what it came to be.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// Returns the size of a fresh session's memory in bytes; all of it is shared until written.
    pub fn memory_bytes(&self) -> u64 {
        self.0.file.bytes() as u64
    }

    /// Returns the runtime it belongs to.
    pub fn runtime(&self) -> &Runtime {
        &self.0.runtime
    }

    pub(crate) fn file(&self) -> Arc<ImageFile> {
        Arc::clone(&self.0.file)
    }

    pub(crate) fn interrupt_flags(&self) -> Arc<InterruptFlags> {
        Arc::clone(&self.0.flags)
    }

    /// Returns the address of the kernel's function that serves a request.
    pub(crate) fn serve(&self) -> u32 {
        self.0.serve
    }

    /// Returns the pages that every first cell writes: a session prepares them in a few calls
    /// instead of a fault each.
    pub(crate) fn first_pages(&self) -> &[PageRun] {
        self.0.first_pages.get().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn packages(&self) -> Option<&Arc<Dir>> {
        self.0.packages.as_ref().map(|packages| &packages.folder)
    }

    /// Returns what a session's first state is about.
    pub(crate) fn start(&self) -> About {
        About {
            image: self.0.digest.clone(),
            memory_bytes: self.memory_bytes(),
            open: self.0.open.clone(),
            clock: Duration::ZERO,
            fuel_used: 0,
            execution_count: 0,
        }
    }
}

impl std::fmt::Debug for Image {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Image")
            .field("name", &self.0.name)
            .field("digest", &self.0.digest)
            .finish_non_exhaustive()
    }
}

impl Runtime {
    /// Returns an image from the cache, or builds it: boots the interpreter, imports, warms up,
    /// and writes its memory down. Some seconds the first time, milliseconds later.
    pub async fn image(
        &self,
        spec: &ImageSpec,
        progress: Arc<dyn Progress>,
    ) -> Result<Image, ImageError> {
        build::open_or_build(self, spec, &*progress).await
    }

    /// Tells whether the image is in the cache already.
    pub fn has_image(&self, spec: &ImageSpec) -> bool {
        image_file(self.digest(), spec)
            .is_ok_and(|(name, _)| self.parts().cache.path(&name).exists())
    }
}
