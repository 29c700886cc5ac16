//! The limits of a session.

use std::time::Duration;

use serde::de::{self, Deserializer, Visitor};
use serde::ser::{SerializeMap, Serializer};

use crate::limit_table::{LIMIT_TABLE, LimitField, LimitUnit, LimitValue};
use crate::size::NumberError;

/// What a session may use. Plain numbers; the text form has human units (see
/// [`LimitField`] for the names and [`LIMIT_TABLE`] for the allowed ranges).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Fuel that one cell may burn; one unit is about one WebAssembly instruction.
    pub fuel_per_cell: u64,
    /// Fuel that all cells of the session may burn together.
    pub fuel_per_session: u64,
    /// Wall clock that one cell may take, waiting included.
    pub cell_time: Duration,
    /// Time a cell has left after the exception that names a limit, before it is rolled back.
    pub grace_time: Duration,
    /// Bytes of linear memory, the interpreter and its image included.
    pub memory: u64,
    /// Bytes of WebAssembly stack.
    pub stack: u64,
    /// Bytes of stdout and stderr that one cell may write before the rest is dropped.
    pub stdout_bytes: u64,
    /// Bytes of rich output (pictures, tables, HTML) that one cell may show.
    pub display_bytes: u64,
    /// Bytes of all files in the writable folders together.
    pub files_total_bytes: u64,
    /// Files and folders in the writable folders together.
    pub files_count: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Files that are open at the same time.
    pub open_files: u32,
    /// Calls through the door to the host in one second.
    pub host_calls_per_second: u32,
    /// Time without a request after which the session is put to sleep.
    pub idle_time: Duration,
    /// Time after which the session ends.
    pub lifetime: Duration,
}

/// Why a limit is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// The value is outside the range that [`LIMIT_TABLE`] allows.
    #[error("limits.{field} is {value}, but it must be from {minimum} to {maximum}: {reason}", reason = field.range().reason)]
    OutOfRange {
        /// The field.
        field: LimitField,
        /// The value that was refused.
        value: LimitValue,
        /// The smallest value that is allowed.
        minimum: LimitValue,
        /// The largest value that is allowed.
        maximum: LimitValue,
    },
    /// The value cannot be read.
    #[error("limits.{field} cannot be read: {source}; it must be from {minimum} to {maximum}", minimum = field.range().minimum, maximum = field.range().maximum)]
    Unreadable {
        /// The field.
        field: LimitField,
        /// What is wrong with the text.
        source: NumberError,
    },
    /// There is no such limit.
    #[error("there is no limit {name:?}; the limits are {}", known())]
    Unknown {
        /// The name as it was given.
        name: String,
    },
    /// A policy that starts from no profile leaves a limit out.
    #[error(
        "limits.{field} is missing; give it a value, or start from a profile with profile = \"notebook\""
    )]
    Missing {
        /// The field.
        field: LimitField,
    },
}

fn known() -> String {
    LIMIT_TABLE
        .iter()
        .map(|range| range.name)
        .collect::<Vec<_>>()
        .join(", ")
}

impl Limits {
    /// Returns the value of one field.
    pub fn get(&self, field: LimitField) -> LimitValue {
        match field {
            LimitField::FuelPerCell => LimitValue::Fuel(self.fuel_per_cell),
            LimitField::FuelPerSession => LimitValue::Fuel(self.fuel_per_session),
            LimitField::CellTime => LimitValue::Time(self.cell_time),
            LimitField::GraceTime => LimitValue::Time(self.grace_time),
            LimitField::Memory => LimitValue::Bytes(self.memory),
            LimitField::Stack => LimitValue::Bytes(self.stack),
            LimitField::StdoutBytes => LimitValue::Bytes(self.stdout_bytes),
            LimitField::DisplayBytes => LimitValue::Bytes(self.display_bytes),
            LimitField::FilesTotalBytes => LimitValue::Bytes(self.files_total_bytes),
            LimitField::FilesCount => LimitValue::Count(self.files_count),
            LimitField::FileBytes => LimitValue::Bytes(self.file_bytes),
            LimitField::OpenFiles => LimitValue::Count(u64::from(self.open_files)),
            LimitField::HostCallsPerSecond => {
                LimitValue::Count(u64::from(self.host_calls_per_second))
            }
            LimitField::IdleTime => LimitValue::Time(self.idle_time),
            LimitField::Lifetime => LimitValue::Time(self.lifetime),
        }
    }

    /// Changes one field to the value that `text` stands for, such as `set("memory", "1 GiB")`.
    ///
    /// # Errors
    /// [`LimitError`] when there is no such field, the text cannot be read, or the value is outside the
    /// allowed range. The limits are then as they were.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), LimitError> {
        let field = LimitField::from_name(name).ok_or_else(|| LimitError::Unknown {
            name: name.to_owned(),
        })?;
        let value = field
            .range()
            .unit
            .parse(text)
            .map_err(|source| LimitError::Unreadable { field, source })?;
        check(field, value)?;
        self.put(field, value);
        Ok(())
    }

    /// Checks every field against its allowed range.
    ///
    /// # Errors
    /// [`LimitError::OutOfRange`] for the first field that is outside its range.
    pub fn validate(&self) -> Result<(), LimitError> {
        LimitField::all().try_for_each(|field| check(field, self.get(field)))
    }

    pub(crate) fn put(&mut self, field: LimitField, value: LimitValue) {
        let narrow = |value: LimitValue| u32::try_from(value.number()).unwrap_or(u32::MAX);
        match field {
            LimitField::FuelPerCell => self.fuel_per_cell = value.number(),
            LimitField::FuelPerSession => self.fuel_per_session = value.number(),
            LimitField::CellTime => self.cell_time = value.duration(),
            LimitField::GraceTime => self.grace_time = value.duration(),
            LimitField::Memory => self.memory = value.number(),
            LimitField::Stack => self.stack = value.number(),
            LimitField::StdoutBytes => self.stdout_bytes = value.number(),
            LimitField::DisplayBytes => self.display_bytes = value.number(),
            LimitField::FilesTotalBytes => self.files_total_bytes = value.number(),
            LimitField::FilesCount => self.files_count = value.number(),
            LimitField::FileBytes => self.file_bytes = value.number(),
            LimitField::OpenFiles => self.open_files = narrow(value),
            LimitField::HostCallsPerSecond => self.host_calls_per_second = narrow(value),
            LimitField::IdleTime => self.idle_time = value.duration(),
            LimitField::Lifetime => self.lifetime = value.duration(),
        }
    }

    /// Returns limits with every field at the lower end of its range: where parsing starts.
    pub(crate) fn smallest() -> Self {
        let mut limits = Self {
            fuel_per_cell: 0,
            fuel_per_session: 0,
            cell_time: Duration::ZERO,
            grace_time: Duration::ZERO,
            memory: 0,
            stack: 0,
            stdout_bytes: 0,
            display_bytes: 0,
            files_total_bytes: 0,
            files_count: 0,
            file_bytes: 0,
            open_files: 0,
            host_calls_per_second: 0,
            idle_time: Duration::ZERO,
            lifetime: Duration::ZERO,
        };
        for range in &LIMIT_TABLE {
            limits.put(range.field, range.minimum);
        }
        limits
    }
}

fn check(field: LimitField, value: LimitValue) -> Result<(), LimitError> {
    let range = field.range();
    if value < range.minimum || value > range.maximum {
        return Err(LimitError::OutOfRange {
            field,
            value,
            minimum: range.minimum,
            maximum: range.maximum,
        });
    }
    Ok(())
}

impl serde::Serialize for Limits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(LIMIT_TABLE.len()))?;
        for range in &LIMIT_TABLE {
            let value = self.get(range.field);
            match range.unit {
                LimitUnit::Fuel | LimitUnit::Bytes | LimitUnit::Time => {
                    map.serialize_entry(range.name, &value.to_string())?;
                }
                LimitUnit::Count | LimitUnit::PerSecond => {
                    map.serialize_entry(range.name, &value.number())?
                }
            }
        }
        map.end()
    }
}

/// The text of a number: what stands between quotes in TOML or JSON, or the digits of an integer.
pub(crate) struct NumberText(pub(crate) String);

impl<'de> serde::Deserialize<'de> for NumberText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberTextVisitor)
    }
}

struct NumberTextVisitor;

impl Visitor<'_> for NumberTextVisitor {
    type Value = NumberText;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a whole number, or a number with a unit between quotes such as \"512 MiB\" or \"30 s\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<NumberText, E> {
        Ok(NumberText(text.to_owned()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<NumberText, E> {
        Ok(NumberText(number.to_string()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<NumberText, E> {
        Ok(NumberText(number.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn get_gives_what_put_has_put() {
        let mut limits = Limits::smallest();
        for range in &LIMIT_TABLE {
            limits.put(range.field, range.maximum);
            assert_eq!(limits.get(range.field), range.maximum, "{}", range.name);
        }
        assert_eq!(limits.validate(), Ok(()));
    }

    #[test]
    fn a_refusal_names_field_value_and_range() {
        let mut limits = Limits::smallest();
        assert_eq!(
            limits.set("memory", "8 GiB").unwrap_err().to_string(),
            "limits.memory is 8 GiB, but it must be from 128 MiB to 4 GiB: an image takes 100 to 300 MiB of it, and a 32-bit WebAssembly memory ends at 4 GiB"
        );
        assert_eq!(
            limits.set("cell_time", "30").unwrap_err().to_string(),
            "limits.cell_time cannot be read: \"30\" has no unit; write \"30 s\"; it must be from 50 ms to 24 h"
        );
        let unknown = limits.set("memroy", "1 GiB").unwrap_err().to_string();
        assert!(
            unknown.starts_with("there is no limit \"memroy\"; the limits are fuel_per_cell, "),
            "{unknown}"
        );
        assert_eq!(
            limits,
            Limits::smallest(),
            "a refused change changes nothing"
        );
        // The control.
        limits.set("memory", "1 GiB").unwrap();
        assert_eq!(limits.memory, 1 << 30);
    }

    #[test]
    fn every_field_is_checked_at_both_ends() {
        for range in &LIMIT_TABLE {
            let mut limits = Limits::smallest();
            let above = match range.maximum {
                LimitValue::Fuel(number) => LimitValue::Fuel(number + 1),
                LimitValue::Bytes(number) => LimitValue::Bytes(number + 1),
                LimitValue::Count(number) => LimitValue::Count(number + 1),
                LimitValue::Time(duration) => LimitValue::Time(duration + Duration::from_nanos(1)),
            };
            limits.put(range.field, above);
            assert!(
                matches!(limits.validate(), Err(LimitError::OutOfRange { field, .. }) if field == range.field),
                "{}",
                range.name
            );
        }
    }
}
