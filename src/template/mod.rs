//! Templates of common tasks: code with parameters, which are checked and put in as Python literals or
//! names, so that no value can become code. The templates themselves are the files in `data/`.

mod parameter;

use std::sync::LazyLock;

pub(crate) use parameter::Parameter;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::error_code::{ErrorCode, Fault};

/// The files, in the order in which they are listed.
const FILES: [&str; 19] = [
    include_str!("data/load-csv.toml"),
    include_str!("data/load-excel.toml"),
    include_str!("data/load-parquet.toml"),
    include_str!("data/describe.toml"),
    include_str!("data/clean.toml"),
    include_str!("data/group.toml"),
    include_str!("data/pivot.toml"),
    include_str!("data/join.toml"),
    include_str!("data/histogram.toml"),
    include_str!("data/bar-chart.toml"),
    include_str!("data/scatter.toml"),
    include_str!("data/correlation.toml"),
    include_str!("data/time-series.toml"),
    include_str!("data/forecast.toml"),
    include_str!("data/ols.toml"),
    include_str!("data/train-regression.toml"),
    include_str!("data/train-classifier.toml"),
    include_str!("data/cluster.toml"),
    include_str!("data/save.toml"),
];

static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let read = |text| toml::from_str(text).expect("a test reads every template");
    FILES.into_iter().map(read).collect()
});

/// A text in the languages that there are.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TemplateText)]
pub(crate) struct Text {
    en: String,
    zh: String,
}

/// A template.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Template {
    pub(crate) id: String,
    title: Text,
    description: Text,
    parameters: Vec<Parameter>,
    cells: Vec<TemplateCell>,
}

/// A cell of a template.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateCell {
    /// Python, in which `$name` stands for the parameter of that name.
    code: String,
}

/// Returns all templates.
pub(crate) fn all() -> &'static [Template] {
    &TEMPLATES
}

/// Returns the template of an id.
pub(crate) fn find(id: &str) -> Result<&'static Template, Fault> {
    all()
        .iter()
        .find(|template| template.id == id)
        .ok_or_else(|| {
            let message = format!("There is no template {:?}.", crate::text::line(id, 80));
            Fault::new(ErrorCode::TemplateNotFound, message)
        })
}

impl Template {
    /// Returns the code of its cells with these values; what is not given is as the template has it.
    pub(crate) fn render(&self, given: &Map<String, Value>) -> Result<Vec<String>, Fault> {
        let known = || self.parameters.iter().map(Parameter::name);
        if let Some(unknown) = given
            .keys()
            .find(|name| !known().any(|known| known == *name))
        {
            let unknown = crate::text::line(unknown, 80);
            let there: Vec<&str> = known().collect();
            let message = format!(
                "the template has no parameter {unknown:?}; it has {}",
                there.join(", ")
            );
            return Err(Fault::field("parameters", message));
        }
        let mut values = Vec::with_capacity(self.parameters.len());
        for parameter in &self.parameters {
            let source = parameter
                .source(given.get(parameter.name()))
                .map_err(|message| {
                    Fault::field(format!("parameters.{}", parameter.name()), message)
                })?;
            values.push((parameter.name(), source));
        }
        let cells = self.cells.iter();
        Ok(cells.map(|cell| filled(&cell.code, &values)).collect())
    }
}

/// Puts values in the places of their names.
fn filled(code: &str, values: &[(&str, String)]) -> String {
    let mut pieces = code.trim_end().split('$');
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let length = piece
            .bytes()
            .take_while(|letter| letter.is_ascii_lowercase() || *letter == b'_')
            .count();
        let (name, rest) = piece.split_at(length);
        let value = values.iter().find(|(known, _)| *known == name);
        let (_, value) = value.expect("a test looks up every name in every template");
        filled.push_str(value);
        filled.push_str(rest);
    }
    filled
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::*;

    fn given(value: Value) -> Map<String, Value> {
        value.as_object().expect("an object").clone()
    }

    #[test]
    fn every_template_can_be_filled_and_uses_every_parameter() {
        let mut ids = HashSet::new();
        for template in all() {
            assert!(ids.insert(&template.id), "{} is there twice", template.id);
            let cells = template.render(&Map::new()).expect(&template.id);
            assert!(
                !cells.is_empty() && !cells.concat().contains('$'),
                "{}",
                template.id
            );
            for parameter in &template.parameters {
                let name = format!("${}", parameter.name());
                assert!(
                    template.cells.iter().any(|cell| cell.code.contains(&name)),
                    "{} {name}",
                    template.id
                );
            }
            for text in [&template.title, &template.description] {
                assert!(text.en.is_ascii() && !text.zh.is_ascii(), "{text:?}");
            }
        }
    }

    #[test]
    fn values_become_literals_and_never_code() {
        let group = find("group").expect("it is there");
        let parameters =
            given(json!({"frame": "sales", "by": ["a\"]; import os #", "b\n"], "value": "$frame"}));
        let code = group.render(&parameters).expect("it fits").concat();
        assert!(
            code.starts_with(
                r#"grouped = sales.groupby(["a\"]; import os #", "b\n"], as_index=False)["$frame"].agg("sum")"#
            ),
            "{code}"
        );
    }

    #[test]
    fn wrong_values_are_refused_by_name() {
        let template = find("train-regression").expect("it is there");
        for (parameters, field) in [
            (json!({"frame": "a; b"}), "parameters.frame"),
            (json!({"frame": "class"}), "parameters.frame"),
            (json!({"frame": 1}), "parameters.frame"),
            (json!({"features": []}), "parameters.features"),
            (json!({"features": "price"}), "parameters.features"),
            (json!({"features": [1]}), "parameters.features"),
            (json!({"kind": "magic"}), "parameters.kind"),
            (json!({"test_share": 1}), "parameters.test_share"),
            (json!({"test_share": "0.5"}), "parameters.test_share"),
            (json!({"seed": 1.5}), "parameters.seed"),
            (json!({"seed": -1}), "parameters.seed"),
            (json!({"target": null}), "parameters.target"),
            (json!({"target": "x".repeat(1001)}), "parameters.target"),
            (json!({"other": 1}), "parameters"),
        ] {
            let fault = template
                .render(&given(parameters.clone()))
                .expect_err("it is wrong");
            assert_eq!(fault.errors[0].field, field, "{parameters}");
        }
        assert_eq!(
            find("nothing").expect_err("it is not there").code,
            ErrorCode::TemplateNotFound
        );
    }
}
