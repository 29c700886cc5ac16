//! News of a project's files for those who watch the tenant. What changes in quick succession is told
//! together, and of very much only the folder.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::FilePath;
use crate::id::{ProjectId, TenantId};
use crate::news::{Item, News, What};

/// How long a change waits for others to be told with.
const TOGETHER: Duration = Duration::from_millis(200);

/// Paths that are told one by one; of more, the folder in which all of them are.
const MOST: usize = 50;

/// What is to be told of the files of all projects.
pub(super) struct FileNews {
    news: Arc<News>,
    waiting: Mutex<HashMap<(TenantId, ProjectId), Paths>>,
}

/// Paths at or below which something is new, different or gone.
#[derive(Default)]
struct Paths(BTreeSet<String>);

impl FileNews {
    pub(super) fn new(news: &Arc<News>) -> Arc<Self> {
        Arc::new(Self {
            news: Arc::clone(news),
            waiting: Mutex::default(),
        })
    }

    /// Tells soon that something has changed at a path. Nobody waits for that.
    pub(super) fn tell(self: &Arc<Self>, tenant: TenantId, project: ProjectId, path: &FilePath) {
        if !self.news.is_watched(tenant) {
            return;
        }
        let mut waiting = self.waiting();
        let begins = !waiting.contains_key(&(tenant, project));
        waiting.entry((tenant, project)).or_default().add(path);
        if begins {
            let news = Arc::clone(self);
            tokio::spawn(async move {
                tokio::time::sleep(TOGETHER).await;
                news.send(tenant, project);
            });
        }
    }

    fn send(&self, tenant: TenantId, project: ProjectId) {
        let Some(paths) = self.waiting().remove(&(tenant, project)) else {
            return;
        };
        self.news.tell(tenant, || Item {
            project_id: Some(project),
            ..Item::of(What::FilesChanged {
                paths: paths.0.into_iter().collect(),
            })
        });
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<(TenantId, ProjectId), Paths>> {
        // Nothing is done under this lock that could leave it half done.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Paths {
    fn add(&mut self, path: &FilePath) {
        let mut folder = Some(path.clone());
        while let Some(above) = folder {
            // Of a folder that is told, what is in it is not told besides.
            if self.0.contains(above.as_str()) {
                return;
            }
            folder = above.split().map(|(folder, _)| folder);
        }
        self.0.insert(path.as_str().to_owned());
        if self.0.len() > MOST {
            let folder = self.folder();
            self.0 = BTreeSet::from([folder]);
        }
    }

    /// Returns the innermost folder that has all of them.
    fn folder(&self) -> String {
        // What is between the first and the last begins as both do.
        let (Some(first), Some(last)) = (self.0.first(), self.0.last()) else {
            return String::new();
        };
        let names = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
        let (first, last) = (names(first), names(last));
        let common = first
            .iter()
            .zip(&last)
            .take_while(|(one, other)| one == other);
        let names: Vec<&str> = common.map(|(name, _)| name.as_str()).collect();
        names.join("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(paths: impl IntoIterator<Item = String>) -> Vec<String> {
        let mut all = Paths::default();
        for path in paths {
            all.add(&FilePath::parse(&path).expect("a path"));
        }
        all.0.into_iter().collect()
    }

    #[test]
    fn few_are_told_one_by_one_and_of_many_their_folder() {
        let of = |folder: &'static str, count| (0..count).map(move |n| format!("{folder}{n:03}"));
        assert_eq!(told(["b", "a", "b"].map(str::to_owned)), ["a", "b"]);
        assert_eq!(told(of("x/y/", MOST)).len(), MOST);
        assert_eq!(told(of("x/y/", MOST + 9)), ["x/y"]);
        assert_eq!(told(of("x/y/", MOST).chain(["x/z".into()])), ["x"]);
        assert_eq!(told(of("x/y/", MOST).chain(of("", MOST))), [""]);
        let beside = of("x/y/", MOST + 1).chain(["x/y/more".into(), "x/yet".into()]);
        assert_eq!(told(beside), ["x/y", "x/yet"]);
    }
}
