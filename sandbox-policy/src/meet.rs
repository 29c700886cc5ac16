//! Ceiling meets request: the result has nothing that either side denies.

use std::borrow::Cow;
use std::fmt;

use crate::grant::Grant;
use crate::limit_table::LimitField;
use crate::policy::Policy;

/// The result of [`Policy::meet`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Met {
    /// What is granted.
    pub policy: Policy,
    /// What was asked for and is not granted in full. Empty when the request is granted as it is.
    pub narrowed: Vec<Narrowed>,
}

/// One thing that was asked for and is granted only in part, or not at all.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Narrowed {
    /// The field as it is named in the text form: `limits.memory`, `images`, `files./data`.
    pub field: Cow<'static, str>,
    /// What was asked for, in human units.
    pub requested: String,
    /// What is granted, in human units, or "nothing".
    pub granted: String,
}

impl fmt::Display for Narrowed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {} was asked for, {} is granted",
            self.field, self.requested, self.granted
        )
    }
}

impl Policy {
    /// Returns what `request` asks for, cut down to what this policy, the ceiling, allows.
    ///
    /// Every limit is the smaller of the two. A file grant stays when it lies under a grant of the
    /// ceiling (the same host folder or one below it, at the matching guest path) and gets no more
    /// access than that has; otherwise it is left out. An image stays when both allow it. What the
    /// ceiling has and the request does not ask for is not granted. The name is the request's.
    pub fn meet(&self, request: &Policy) -> Met {
        let mut policy = request.clone();
        let mut narrowed = Vec::new();

        for field in LimitField::all() {
            let (allowed, requested) = (self.limits.get(field), request.limits.get(field));
            if requested > allowed {
                policy.limits.put(field, allowed);
                narrowed.push(Narrowed {
                    field: Cow::Owned(format!("limits.{field}")),
                    requested: requested.to_string(),
                    granted: allowed.to_string(),
                });
            }
        }

        // With one variant the smaller of two is always the request; a wider one must sort higher.
        policy.egress = self.egress.min(request.egress);
        if policy.egress != request.egress {
            narrowed.push(Narrowed {
                field: Cow::Borrowed("egress"),
                requested: request.egress.to_string(),
                granted: policy.egress.to_string(),
            });
        }

        policy.images = self.images.meet(&request.images);
        if policy.images != request.images {
            narrowed.push(Narrowed {
                field: Cow::Borrowed("images"),
                requested: request.images.to_string(),
                granted: policy.images.to_string(),
            });
        }

        policy.files = Vec::new();
        for requested in &request.files {
            let granted = meet_grant(&self.files, requested);
            if granted.as_ref() != Some(requested) {
                narrowed.push(Narrowed {
                    field: Cow::Owned(format!("files.{}", requested.guest)),
                    requested: requested.to_string(),
                    granted: granted
                        .as_ref()
                        .map_or_else(|| "nothing".to_owned(), Grant::to_string),
                });
            }
            policy.files.extend(granted);
        }

        Met { policy, narrowed }
    }
}

/// Returns what is left of a requested grant under the ceiling's grants, or none. The guest paths of a
/// valid ceiling do not nest, so at most one of them covers it; of several, the narrowest counts.
fn meet_grant(ceiling: &[Grant], requested: &Grant) -> Option<Grant> {
    let access = ceiling
        .iter()
        .filter(|allowed| requested.lies_under(allowed))
        .map(|allowed| allowed.access.min(requested.access))
        .min()?;
    Some(Grant {
        access,
        ..requested.clone()
    })
}
