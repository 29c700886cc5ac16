//! What an image is made of, as TOML.

use serde::{Deserialize, Serialize};

/// A recipe for an image.
///
/// ```
/// let spec = python_wasm::ImageSpec::from_toml(r#"
///     name = "reports"
///     extends = "data"
///     imports = ["jinja2"]
///     setup = "greeting = 'hello'"
/// "#)?;
/// assert_eq!(spec.name, "reports");
/// # Ok::<(), python_wasm::ImageError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageSpec {
    /// Its name: lower-case letters, digits and dashes.
    pub name: String,
    /// One sentence about it.
    #[serde(default)]
    pub description: String,
    /// The built-in image whose imports, set-up and warm-up come first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// Paths of pure-Python wheels to add.
    #[serde(default)]
    pub wheels: Vec<std::path::PathBuf>,
    /// Modules to import, `module` or `module as name`.
    #[serde(default)]
    pub imports: Vec<String>,
    /// Python to run after the imports; its variables are in every session.
    #[serde(default)]
    pub setup: String,
    /// Python to run so that caches are filled; its variables are not kept.
    #[serde(default)]
    pub warm: String,
}

const BUILTIN: [(&str, &str); 3] = [
    ("base", include_str!("../../runtime/images/base.toml")),
    ("data", include_str!("../../runtime/images/data.toml")),
    ("ml", include_str!("../../runtime/images/ml.toml")),
];

impl ImageSpec {
    /// Returns a built-in recipe.
    pub fn builtin(name: &str) -> Result<Self, super::ImageError> {
        let (_, text) = BUILTIN
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| super::ImageError::Unknown {
                name: name.into(),
                known: Self::builtins().join(", "),
            })?;
        Self::from_toml(text)
    }

    /// Returns the names of the built-in recipes; `data` is the default.
    pub fn builtins() -> Vec<&'static str> {
        BUILTIN.iter().map(|(name, _)| *name).collect()
    }

    /// Reads a recipe. Unknown keys are refused.
    pub fn from_toml(text: &str) -> Result<Self, super::ImageError> {
        let spec: Self = toml::from_str(text).map_err(|error| super::ImageError::Spec {
            reason: error.to_string(),
        })?;
        let name_fits = !spec.name.is_empty()
            && spec.name.len() <= 64
            && spec
                .name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !name_fits {
            return Err(super::ImageError::Spec {
                reason: format!(
                    "name is {:?}, but it must be 1 to 64 lower-case letters, digits or dashes",
                    spec.name
                ),
            });
        }
        for import in &spec.imports {
            let plain = import
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_. ".contains(&byte));
            if import.is_empty() || !plain {
                return Err(super::ImageError::Spec {
                    reason: format!(
                        "imports has {import:?}, but each must be `module` or `module as name`"
                    ),
                });
            }
        }
        Ok(spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_recipes_are_readable() {
        for name in ImageSpec::builtins() {
            assert_eq!(ImageSpec::builtin(name).unwrap().name, name);
        }
        let refusal = ImageSpec::builtin("nope").unwrap_err().to_string();
        assert_eq!(
            refusal,
            "there is no image named \"nope\"; known are base, data, ml"
        );
    }

    #[test]
    fn refuses_unknown_keys_bad_names_and_code_among_imports() {
        let refusal = |text: &str| ImageSpec::from_toml(text).unwrap_err().to_string();
        assert!(refusal("name = 'a'\nnope = 1").contains("unknown field `nope`"));
        assert!(refusal("name = '../a'").contains("lower-case letters, digits or dashes"));
        assert!(refusal("name = 'a'\nimports = ['os; print(1)']").contains("`module as name`"));
    }
}
