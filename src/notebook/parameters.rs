//! Parameters of a run (`-p name=value`), put into the notebook as papermill does.

use std::fmt::Write as _;
use std::str::FromStr;

use serde_json::Value;

use super::document::{CellKind, Notebook};

/// The tag of the cell that holds defaults.
const DEFAULTS: &str = "parameters";
/// The tag of the cell that is put in.
const INJECTED: &str = "injected-parameters";

/// Words that Python keeps for itself.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// The longest name of a variable.
const LONGEST_NAME: usize = 100;

/// A variable that is set before the notebook's own code uses it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    name: String,
    /// The value as Python source text.
    literal: String,
}

/// Why a text is no parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParameterError {
    /// There is no `=`.
    #[error("{text:?} is no parameter; write name=value, such as -p alpha=0.5")]
    NoValue {
        /// The text as it was given.
        text: String,
    },
    /// The name is one of Python's own words.
    #[error(
        "{name:?} cannot be a variable in Python, which keeps this word for itself; choose another name"
    )]
    Keyword {
        /// The name as it was given.
        name: String,
    },
    /// The name cannot be a variable.
    #[error(
        "{name:?} cannot be a variable in Python; use letters, digits and underscores, and begin with a letter"
    )]
    Name {
        /// The name as it was given.
        name: String,
    },
}

impl FromStr for Parameter {
    type Err = ParameterError;

    fn from_str(text: &str) -> Result<Self, ParameterError> {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| ParameterError::NoValue {
                text: text.to_owned(),
            })?;
        let name = name.trim();
        if KEYWORDS.contains(&name) {
            return Err(ParameterError::Keyword { name: name.into() });
        }
        if !is_variable(name) {
            return Err(ParameterError::Name { name: name.into() });
        }
        Ok(Self {
            name: name.into(),
            literal: literal_of(value),
        })
    }
}

/// Returns the Python literal of a value: booleans, None, numbers and JSON lists and objects are
/// what they look like, and everything else is a text.
fn literal_of(value: &str) -> String {
    match value.trim() {
        "true" | "True" => return "True".into(),
        "false" | "False" => return "False".into(),
        "none" | "None" | "null" => return "None".into(),
        "nan" | "NaN" | "inf" | "-inf" => return format!("float({:?})", value.trim()),
        trimmed if is_number(trimmed) => return trimmed.into(),
        trimmed if trimmed.starts_with(['[', '{', '"']) => {
            if let Ok(json) = serde_json::from_str::<Value>(trimmed) {
                return literal(&json);
            }
        }
        _ => {}
    }
    quoted(value)
}

/// Tells whether Python reads the text as a decimal number.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty()
        || !digits
            .bytes()
            .all(|byte| b"0123456789.eE+-".contains(&byte))
    {
        return false;
    }
    let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    // Python refuses 007 as a number; it is a text, such as a postal code.
    if whole {
        return digits == "0" || !digits.starts_with('0');
    }
    digits.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.')
        && digits.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Tells whether Python code can name a variable so. Letters beyond ASCII are left out: Python
/// normalises them.
pub(crate) fn is_variable(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && name.len() <= LONGEST_NAME
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !KEYWORDS.contains(&name)
}

/// Returns a JSON value as a Python literal.
pub(crate) fn literal(value: &Value) -> String {
    let mut literal = String::new();
    write_literal(&mut literal, value);
    literal
}

fn write_literal(literal: &mut String, value: &Value) {
    match value {
        Value::Null => literal.push_str("None"),
        Value::Bool(true) => literal.push_str("True"),
        Value::Bool(false) => literal.push_str("False"),
        Value::Number(number) => literal.push_str(&number.to_string()),
        Value::String(text) => literal.push_str(&quoted(text)),
        Value::Array(items) => {
            literal.push('[');
            for (index, item) in items.iter().enumerate() {
                literal.push_str(if index == 0 { "" } else { ", " });
                write_literal(literal, item);
            }
            literal.push(']');
        }
        Value::Object(entries) => {
            literal.push('{');
            for (index, (key, item)) in entries.iter().enumerate() {
                literal.push_str(if index == 0 { "" } else { ", " });
                let _ = write!(literal, "{}: ", quoted(key));
                write_literal(literal, item);
            }
            literal.push('}');
        }
    }
}

/// Returns a text as a Python literal. A value can never become code.
fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            letter if letter.is_control() || u32::from(letter) == 0xfeff => {
                let _ = write!(literal, "\\U{:08x}", u32::from(letter));
            }
            letter => literal.push(letter),
        }
    }
    literal.push('"');
    literal
}

/// Puts a cell that sets the parameters behind the one tagged `parameters`, or first; a cell
/// that an earlier run has put in is replaced.
pub(crate) fn inject(notebook: &mut Notebook, parameters: &[Parameter]) {
    if parameters.is_empty() {
        return;
    }
    let tagged = |notebook: &Notebook, tag: &str| {
        (0..notebook.len())
            .find(|index| notebook.kind(*index) == CellKind::Code && notebook.has_tag(*index, tag))
    };
    let mut place = tagged(notebook, DEFAULTS).map_or(0, |index| index + 1);
    if let Some(earlier) = tagged(notebook, INJECTED) {
        notebook.remove(earlier);
        place = earlier;
    }
    let mut source = String::from("# Parameters");
    for Parameter { name, literal } in parameters {
        let _ = write!(source, "\n{name} = {literal}");
    }
    notebook.insert_code(place, &source, &[INJECTED.to_owned()]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(value: &str) -> String {
        format!("x={value}").parse::<Parameter>().unwrap().literal
    }

    #[test]
    fn values_are_what_they_look_like() {
        for (value, expected) in [
            ("3", "3"),
            ("-0.5", "-0.5"),
            ("1e3", "1e3"),
            ("007", "\"007\""),
            ("1.2.3", "\"1.2.3\""),
            ("2024-01-01", "\"2024-01-01\""),
            ("true", "True"),
            ("None", "None"),
            ("nan", "float(\"nan\")"),
            ("a=b", "\"a=b\""),
            ("[1, null, {\"a\": \"b\"}]", "[1, None, {\"a\": \"b\"}]"),
            ("[1, 2", "\"[1, 2\""),
            ("\"3\"", "\"3\""),
            ("", "\"\""),
            ("it's \"x\"\\\n1", "\"it's \\\"x\\\"\\\\\\n1\""),
        ] {
            assert_eq!(parsed(value), expected, "{value}");
        }
    }

    #[test]
    fn refuses_what_is_no_variable() {
        let refusal = |text: &str| text.parse::<Parameter>().unwrap_err().to_string();
        assert_eq!(
            refusal("alpha"),
            "\"alpha\" is no parameter; write name=value, such as -p alpha=0.5"
        );
        for name in ["1a", "a b", "", "a;b"] {
            let refused = refusal(&format!("{name}=1"));
            assert!(refused.starts_with(&format!("{name:?} cannot be a variable")));
            assert!(refused.contains("begin with a letter"), "{refused}");
        }
        assert_eq!(
            refusal("class=3"),
            "\"class\" cannot be a variable in Python, which keeps this word for itself; choose another name"
        );
    }

    #[test]
    fn the_cell_stands_behind_the_defaults_and_replaces_an_earlier_one() {
        let cell = |source: &str, tags: &[&str]| {
            let tags = tags.iter().map(ToString::to_string).collect();
            (CellKind::Code, source.to_owned(), tags)
        };
        let mut notebook = Notebook::from_cells(vec![
            cell("1", &[]),
            cell("a = 1", &["parameters"]),
            cell("a", &[]),
        ]);
        let parameters = |text: &str| vec![text.parse::<Parameter>().unwrap()];
        inject(&mut notebook, &parameters("a=2"));
        assert_eq!(notebook.source(2), "# Parameters\na = 2");
        inject(&mut notebook, &parameters("a=3"));
        assert_eq!(
            (notebook.len(), notebook.source(2).as_str()),
            (4, "# Parameters\na = 3")
        );
        let mut plain = Notebook::from_cells(vec![cell("1", &[])]);
        inject(&mut plain, &parameters("a=2"));
        assert_eq!(plain.source(0), "# Parameters\na = 2");
    }

    #[test]
    fn only_names_that_are_no_code_become_variables() {
        for name in ["a", "_b1", "Sales"] {
            assert!(is_variable(name), "{name}");
        }
        for name in ["", "1a", "a b", "a;import os", "class", "a\n", "é", "a.b"] {
            assert!(!is_variable(name), "{name}");
        }
    }
}
