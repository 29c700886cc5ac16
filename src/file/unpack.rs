//! Unpacking: an archive becomes files in a folder, all of them or none.

use std::collections::HashSet;
use std::fmt::Display;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::sync::Arc;

use bytes::Bytes;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use futures_util::Stream;

use super::path::{self, fold};
use super::plan::{Plan, refused, unreadable};
use super::{Entry, FilePath, Files, Site, blocking, refusal, tree, walk};
use crate::error_code::Fault;
use crate::id::{ProjectId, RequestId, TenantId};

/// A folder that is being filled, where no guest sees it; removed with what is left in it.
struct Scratch<'a> {
    staging: &'a Dir,
    name: String,
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        if let Err(error) = walk::remove(self.staging, &self.name) {
            tracing::warn!(%error, "a temporary folder could not be removed; the next start will");
        }
    }
}

impl Files {
    /// Unpacks the zip archive that the body is into a folder. What the archive has at its top must
    /// be new in the folder. Returns that.
    pub(crate) async fn unpack<E: Display>(
        self: &Arc<Self>,
        tenant: TenantId,
        project: ProjectId,
        folder: FilePath,
        declared: Option<u64>,
        body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Vec<Entry>, Fault> {
        let site = self.site(tenant, project).await?;
        let received = self.receive(tenant, declared, body).await?;
        let files = Arc::clone(self);
        blocking(move || {
            let file = received.folder.open(&received.name).map_err(refusal::own)?;
            let mut plan = Plan::read(file.into_std(), files.largest)?;
            for entry in &plan.entries {
                // A rule about the whole path holds where it will lie.
                let path = folder.join(entry.path.as_str())?;
                if !entry.folder {
                    files.require_type(&path)?;
                }
            }
            let reservation = files.room.reserve(tenant, plan.places, plan.bytes)?;
            let scratch = Scratch {
                staging: &site.staging,
                name: RequestId::new().to_string(),
            };
            site.staging
                .create_dir(&scratch.name)
                .map_err(refusal::own)?;
            let filled = site.staging.open_dir(&scratch.name).map_err(refusal::own)?;
            extract(&mut plan, &filled)?;
            let entries = files.move_all(&site, &filled, &folder)?;
            reservation.keep();
            for entry in &entries {
                files
                    .news
                    .tell(tenant, project, &FilePath::parse(entry.path())?);
            }
            Ok(entries)
        })
        .await
    }

    /// Moves everything in a folder of our own into one of the project, where it must be new.
    fn move_all(&self, site: &Site, from: &Dir, to: &FilePath) -> Result<Vec<Entry>, Fault> {
        let mut names = HashSet::new();
        for entry in from.entries().map_err(refusal::own)? {
            let name = entry.map_err(refusal::own)?.file_name();
            names.insert(
                name.into_string()
                    .map_err(|_| refused("a name in it is no text"))?,
            );
        }
        let folded: HashSet<String> = names.iter().map(|name| fold(name)).collect();
        let _deciding = self.decide(site.project);
        let target = tree::enter_or_make(&site.root, to)?;
        for entry in target.entries().map_err(refusal::own)? {
            let there = entry.map_err(refusal::own)?.file_name();
            let Some(there) = there.to_str() else {
                continue;
            };
            if names.contains(there) {
                return Err(refusal::exists(&to.join(there)?));
            }
            if folded.contains(&fold(there)) {
                return Err(path::refused(
                    there,
                    "the archive has a name that differs only in case or encoding",
                ));
            }
        }
        let mut entries = Vec::new();
        for name in names {
            let path = to.join(&name)?;
            from.rename(&name, &target, &name)
                .map_err(refusal::at(&path))?;
            entries.push(Self::entry(&target, &name, &path)?);
        }
        tree::sync(&target).map_err(refusal::own)?;
        entries.sort_by(|left, right| left.path().cmp(right.path()));
        Ok(entries)
    }
}

/// Writes what a plan names into an empty folder, and syncs it. No file grows larger than the
/// archive's directory says.
fn extract(plan: &mut Plan, into: &Dir) -> Result<(), Fault> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    for planned in &plan.entries {
        if planned.folder {
            tree::enter_or_make(into, &planned.path)?;
            continue;
        }
        let Some((folder, name)) = planned.path.split() else {
            continue;
        };
        let folder = tree::enter_or_make(into, &folder)?;
        let mut file = folder
            .open_with(name, &options)
            .map_err(refusal::at(&planned.path))?;
        let content = plan.archive.by_index(planned.index).map_err(unreadable)?;
        let length = io::copy(&mut content.take(planned.size + 1), &mut file).map_err(|error| {
            if error.raw_os_error().is_some() {
                refusal::own(error)
            } else {
                unreadable(error.into())
            }
        })?;
        if length != planned.size {
            return Err(refused(format!(
                "{} has another size than its directory says",
                planned.path
            )));
        }
    }
    // One call for all files: each by itself would wait for the disk thousands of times.
    let flags =
        rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::CLOEXEC;
    rustix::fs::openat(into.as_fd(), c".", flags, rustix::fs::Mode::empty())
        .and_then(rustix::fs::syncfs)
        .map_err(|error| refusal::own(error.into()))
}
