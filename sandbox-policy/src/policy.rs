//! A policy and its text form.

use std::collections::BTreeMap;

use crate::error::PolicyError;
use crate::grant::{Grant, GrantText, check_grants};
use crate::limit_table::LimitField;
use crate::limits::{LimitError, Limits, NumberText};
use crate::rules::{Egress, ImageRule};

/// What a session may do. Everything that is not granted here is denied.
///
/// Serialising gives the text form with human units; [`Policy::from_toml`] and serde read it back.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "PolicyText")]
pub struct Policy {
    /// What messages and the audit log call it.
    pub name: String,
    /// The network it may reach: none.
    pub egress: Egress,
    /// The images it may start from.
    pub images: ImageRule,
    /// What it may use.
    pub limits: Limits,
    /// The host folders it sees beside its own private ones. None by default.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Grant>,
}

/// A policy as it is written in TOML or JSON. What is left out comes from `profile`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyText {
    profile: Option<String>,
    name: Option<String>,
    egress: Option<Egress>,
    images: Option<ImageRule>,
    #[serde(default)]
    limits: BTreeMap<String, NumberText>,
    files: Option<Vec<GrantText>>,
}

impl Policy {
    /// Returns the policy that the TOML `text` describes.
    ///
    /// With `profile = "notebook"`, what the text leaves out comes from that profile. Without it every
    /// limit must be given. `files` replaces the whole list.
    ///
    /// # Errors
    /// [`PolicyError`] for text that is not TOML, unknown keys, unknown profiles, and values that
    /// cannot be read or are outside their allowed range.
    pub fn from_toml(text: &str) -> Result<Policy, PolicyError> {
        toml::from_str::<PolicyText>(text)?.try_into()
    }

    /// Returns the policy as TOML with human units, which [`Policy::from_toml`] reads back. Times are
    /// written in whole milliseconds.
    pub fn to_toml(&self) -> String {
        // Serialising fails only for host paths that are not Unicode; those are shown as they can be.
        toml::to_string(self)
            .unwrap_or_else(|error| format!("# cannot be written as TOML: {error}\n"))
    }

    /// Checks everything that a policy made in code could get wrong. Parsed policies and the result of
    /// [`Policy::meet`] of two valid policies are valid.
    ///
    /// # Errors
    /// [`PolicyError`] for the first thing that is refused.
    pub fn validate(&self) -> Result<(), PolicyError> {
        let length = self.name.chars().count();
        if !(1..=100).contains(&length) || self.name.chars().any(char::is_control) {
            return Err(PolicyError::Name {
                name: self.name.clone(),
            });
        }
        self.limits.validate()?;
        check_grants(&self.files)?;
        Ok(())
    }
}

impl TryFrom<PolicyText> for Policy {
    type Error = PolicyError;

    fn try_from(text: PolicyText) -> Result<Policy, PolicyError> {
        let base = text.profile.as_deref().map(Policy::profile).transpose()?;
        let mut limits = base
            .as_ref()
            .map_or_else(Limits::smallest, |base| base.limits.clone());
        for (name, value) in &text.limits {
            limits.set(name, &value.0)?;
        }
        if base.is_none()
            && let Some(field) =
                LimitField::all().find(|field| !text.limits.contains_key(field.name()))
        {
            return Err(LimitError::Missing { field }.into());
        }
        let files = match text.files {
            Some(files) => files
                .into_iter()
                .map(Grant::try_from)
                .collect::<Result<Vec<_>, _>>()?,
            None => base
                .as_ref()
                .map(|base| base.files.clone())
                .unwrap_or_default(),
        };
        let base_images = base
            .as_ref()
            .map(|base| base.images.clone())
            .unwrap_or_default();
        let policy = Policy {
            name: text
                .name
                .or(text.profile)
                .unwrap_or_else(|| "custom".to_owned()),
            egress: text
                .egress
                .or(base.map(|base| base.egress))
                .unwrap_or_default(),
            images: text.images.unwrap_or(base_images),
            limits,
            files,
        };
        policy.validate()?;
        Ok(policy)
    }
}
