//! A template's parameter: its kind, what is allowed, and its value as Python source text.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Text;
use crate::notebook::{is_variable, literal};

/// Letters of a text, and texts of a list.
const LONGEST: usize = 1000;
const MOST: usize = 1000;

/// What a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TemplateParameterKind)]
pub(crate) enum Kind {
    /// The name of a variable.
    Variable,
    /// A text of at most 1000 letters.
    Text,
    /// A list of texts; `minimum` is how many there are at least.
    Texts,
    Integer,
    Number,
    Boolean,
    /// One of `choices`.
    Choice,
}

/// A parameter of a template.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TemplateParameter)]
pub(crate) struct Parameter {
    name: String,
    kind: Kind,
    /// Its value when none is given.
    #[schema(value_type = Value)]
    default: Value,
    title: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minimum: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maximum: Option<f64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    choices: Vec<String>,
}

impl Parameter {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns a value, or the default, as it stands in code.
    ///
    /// # Errors
    /// What is wrong with the value and what is allowed.
    pub(super) fn source(&self, given: Option<&Value>) -> Result<String, String> {
        let value = given.unwrap_or(&self.default);
        match self.kind {
            Kind::Variable => {
                let name = value.as_str().filter(|name| is_variable(name));
                name.map(str::to_owned)
                    .ok_or_else(|| "it has to be the name of a variable".into())
            }
            Kind::Text => {
                let fits = value.as_str().is_some_and(short);
                fits.then(|| literal(value))
                    .ok_or_else(|| format!("it has to be a text of at most {LONGEST} letters"))
            }
            Kind::Texts => {
                let least = self.minimum.unwrap_or_default();
                let fits = value.as_array().is_some_and(|items| {
                    let count = items.len();
                    (least..=MOST as f64).contains(&(count as f64))
                        && items.iter().all(|item| item.as_str().is_some_and(short))
                });
                fits.then(|| literal(value)).ok_or_else(|| {
                    format!("it has to be a list of {least} to {MOST} texts of at most {LONGEST} letters")
                })
            }
            Kind::Integer => {
                let fits = value
                    .as_i64()
                    .is_some_and(|number| self.holds(number as f64));
                fits.then(|| literal(value))
                    .ok_or_else(|| format!("it has to be an integer{}", self.range()))
            }
            Kind::Number => {
                let fits = value.as_f64().is_some_and(|number| self.holds(number));
                fits.then(|| literal(value))
                    .ok_or_else(|| format!("it has to be a number{}", self.range()))
            }
            Kind::Boolean => value
                .is_boolean()
                .then(|| literal(value))
                .ok_or_else(|| "it has to be true or false".into()),
            Kind::Choice => {
                let fits = value
                    .as_str()
                    .is_some_and(|choice| self.choices.iter().any(|known| known == choice));
                fits.then(|| literal(value))
                    .ok_or_else(|| format!("it has to be one of {}", self.choices.join(", ")))
            }
        }
    }

    fn holds(&self, number: f64) -> bool {
        self.minimum.is_none_or(|least| number >= least)
            && self.maximum.is_none_or(|most| number <= most)
    }

    fn range(&self) -> String {
        match (self.minimum, self.maximum) {
            (Some(least), Some(most)) => format!(" from {least} to {most}"),
            (Some(least), None) => format!(" of at least {least}"),
            (None, Some(most)) => format!(" of at most {most}"),
            (None, None) => String::new(),
        }
    }
}

fn short(text: &str) -> bool {
    text.chars().count() <= LONGEST
}
