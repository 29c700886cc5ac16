//! The profiles that are compiled in.

use crate::error::PolicyError;
use crate::policy::Policy;

/// Names and texts, from the narrowest to the widest.
const PROFILES: [(&str, &str); 4] = [
    ("untrusted", include_str!("../profiles/untrusted.toml")),
    ("notebook", include_str!("../profiles/notebook.toml")),
    ("workflow", include_str!("../profiles/workflow.toml")),
    ("trusted", include_str!("../profiles/trusted.toml")),
];

const NAMES: [&str; 4] = [PROFILES[0].0, PROFILES[1].0, PROFILES[2].0, PROFILES[3].0];

impl Policy {
    /// Returns the profile `name`: `untrusted`, `notebook`, `workflow` or `trusted`.
    ///
    /// # Errors
    /// [`PolicyError::UnknownProfile`] when there is no such profile.
    pub fn profile(name: &str) -> Result<Policy, PolicyError> {
        Policy::from_toml(Policy::profile_text(name)?)
    }

    /// Returns the names of the profiles, from the narrowest to the widest.
    pub fn profiles() -> &'static [&'static str] {
        &NAMES
    }

    /// Returns the commented TOML of the profile `name`, a good start for an own policy.
    ///
    /// # Errors
    /// [`PolicyError::UnknownProfile`] when there is no such profile.
    pub fn profile_text(name: &str) -> Result<&'static str, PolicyError> {
        PROFILES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, text)| *text)
            .ok_or_else(|| PolicyError::UnknownProfile {
                name: name.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit_table::LimitField;

    #[test]
    fn every_profile_is_valid_and_has_its_own_name() {
        for name in Policy::profiles() {
            let policy = Policy::profile(name).unwrap();
            assert_eq!(policy.name, *name);
            policy.validate().unwrap();
            assert!(policy.files.is_empty(), "a profile grants no host folder");
        }
    }

    #[test]
    fn profiles_go_from_narrow_to_wide() {
        let policies: Vec<Policy> = Policy::profiles()
            .iter()
            .map(|name| Policy::profile(name).unwrap())
            .collect();
        for pair in policies.windows(2) {
            for field in LimitField::all() {
                let (narrow, wide) = (pair[0].limits.get(field), pair[1].limits.get(field));
                assert!(
                    narrow <= wide,
                    "{field}: {} has more than {}",
                    pair[0].name,
                    pair[1].name
                );
            }
        }
    }

    #[test]
    fn fuel_does_not_end_a_cell_that_time_would_let_run() {
        for name in Policy::profiles() {
            let limits = Policy::profile(name).unwrap().limits;
            let per_second = limits.fuel_per_cell / limits.cell_time.as_secs();
            assert!(
                (2_000_000_000..=5_000_000_000).contains(&per_second),
                "{name}: {per_second}"
            );
        }
    }

    #[test]
    fn every_number_has_its_reason() {
        for name in Policy::profiles() {
            let lines: Vec<&str> = Policy::profile_text(name).unwrap().lines().collect();
            for (position, line) in lines.iter().enumerate() {
                if line.contains('=') && !line.starts_with('#') {
                    assert!(
                        position > 0 && lines[position - 1].starts_with("# "),
                        "{name}: {line}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_unknown_profile_lists_the_known_ones() {
        assert_eq!(
            Policy::profile("notebok").unwrap_err().to_string(),
            "there is no profile \"notebok\"; the profiles are untrusted, notebook, workflow, trusted"
        );
    }
}
