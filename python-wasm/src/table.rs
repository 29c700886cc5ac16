//! What a session tells about its variables.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A variable of the user's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its type's name.
    pub r#type: String,
    /// Its dimensions, for what has any.
    #[serde(default)]
    pub shape: Option<Vec<u64>>,
    /// Its size in bytes, where it is known.
    #[serde(default)]
    pub size: Option<u64>,
    /// The beginning of its text.
    #[serde(default)]
    pub preview: String,
    /// The columns of a DataFrame.
    #[serde(default)]
    pub columns: Option<Vec<Column>>,
}

/// A column of a DataFrame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name, as text.
    pub name: String,
    /// Its type, as pandas names it.
    pub dtype: String,
}

/// Which part of a table is wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TableQuery {
    /// Rows to leave out first.
    pub offset: u64,
    /// Rows wanted.
    pub limit: u64,
    /// Order, the most important column first.
    pub sort: Vec<Sort>,
    /// Conditions that all must hold.
    pub filter: Vec<Filter>,
}

/// An order by one column.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sort {
    /// The column.
    pub column: String,
    /// Smallest first.
    pub ascending: bool,
}

/// A condition on one column.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The column.
    pub column: String,
    /// One of `==`, `!=`, `<`, `<=`, `>`, `>=`, `contains`, `startswith`, `in`, `isnull`, `notnull`.
    pub op: String,
    /// What to compare with.
    #[serde(default)]
    pub value: Value,
}

/// A part of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TablePage {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows' labels.
    pub index: Vec<Value>,
    /// The rows' values.
    pub rows: Vec<Vec<Value>>,
    /// Rows of the whole table.
    pub total_rows: u64,
    /// Rows for which the conditions hold.
    pub filtered_rows: u64,
}

/// A remark about code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1.
    pub column: u64,
    /// The remark's code, such as `E225`.
    pub code: String,
    /// The remark.
    pub message: String,
    /// The program that made it.
    pub source: String,
}
