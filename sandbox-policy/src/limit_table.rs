//! The one table of limits: names, units and allowed ranges.

use std::fmt;
use std::time::Duration;

use crate::size::{
    NumberError, format_count, format_duration, format_size, parse_count, parse_duration,
    parse_size,
};

/// One field of [`Limits`](crate::Limits), in the order in which a policy is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitField {
    /// `fuel_per_cell`
    FuelPerCell,
    /// `fuel_per_session`
    FuelPerSession,
    /// `cell_time`
    CellTime,
    /// `grace_time`
    GraceTime,
    /// `memory`
    Memory,
    /// `stack`
    Stack,
    /// `stdout_bytes`
    StdoutBytes,
    /// `display_bytes`
    DisplayBytes,
    /// `files_total_bytes`
    FilesTotalBytes,
    /// `files_count`
    FilesCount,
    /// `file_bytes`
    FileBytes,
    /// `open_files`
    OpenFiles,
    /// `host_calls_per_second`
    HostCallsPerSecond,
    /// `idle_time`
    IdleTime,
    /// `lifetime`
    Lifetime,
}

/// What a limit counts, and so how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitUnit {
    /// Fuel: about one WebAssembly instruction each. Written "20 G".
    Fuel,
    /// Bytes. Written "512 MiB".
    Bytes,
    /// Time with a resolution of one millisecond. Written "30 s".
    Time,
    /// A plain count. Written 10_000.
    Count,
    /// A count in each second. Written 10_000.
    PerSecond,
}

/// The value of a limit. Two values of one field always have the same variant, so `<` compares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitValue {
    /// Units of fuel.
    Fuel(u64),
    /// Bytes.
    Bytes(u64),
    /// A span of time.
    Time(Duration),
    /// A plain count, or a count in each second.
    Count(u64),
}

/// One row of [`LIMIT_TABLE`]: what a field may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitRange {
    /// The field.
    pub field: LimitField,
    /// Its name in TOML and in messages.
    pub name: &'static str,
    /// What it counts.
    pub unit: LimitUnit,
    /// The smallest value that is allowed.
    pub minimum: LimitValue,
    /// The largest value that is allowed.
    pub maximum: LimitValue,
    /// What the limit is for and where its range comes from, in one sentence for a refusal.
    pub reason: &'static str,
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const GIGA: u64 = 1_000_000_000;
const HOUR: u64 = 3600;

const fn fuel(minimum: u64, maximum: u64) -> (LimitUnit, LimitValue, LimitValue) {
    (
        LimitUnit::Fuel,
        LimitValue::Fuel(minimum),
        LimitValue::Fuel(maximum),
    )
}

const fn bytes(minimum: u64, maximum: u64) -> (LimitUnit, LimitValue, LimitValue) {
    (
        LimitUnit::Bytes,
        LimitValue::Bytes(minimum),
        LimitValue::Bytes(maximum),
    )
}

const fn time(
    minimum_milliseconds: u64,
    maximum_seconds: u64,
) -> (LimitUnit, LimitValue, LimitValue) {
    (
        LimitUnit::Time,
        LimitValue::Time(Duration::from_millis(minimum_milliseconds)),
        LimitValue::Time(Duration::from_secs(maximum_seconds)),
    )
}

const fn count(minimum: u64, maximum: u64) -> (LimitUnit, LimitValue, LimitValue) {
    (
        LimitUnit::Count,
        LimitValue::Count(minimum),
        LimitValue::Count(maximum),
    )
}

const fn row(
    field: LimitField,
    name: &'static str,
    (unit, minimum, maximum): (LimitUnit, LimitValue, LimitValue),
    reason: &'static str,
) -> LimitRange {
    LimitRange {
        field,
        name,
        unit,
        minimum,
        maximum,
        reason,
    }
}

/// Every limit with its name, unit and allowed range, in the order of [`LimitField`].
pub const LIMIT_TABLE: [LimitRange; 15] = {
    use LimitField as Field;
    [
        row(
            Field::FuelPerCell,
            "fuel_per_cell",
            fuel(10_000_000, 1_000_000 * GIGA),
            "one fuel is about one WebAssembly instruction, Python uses one to two G in a second, and less than 10 M does not run one line",
        ),
        row(
            Field::FuelPerSession,
            "fuel_per_session",
            fuel(10_000_000, 1_000_000 * GIGA),
            "it bounds all cells of a session together",
        ),
        row(
            Field::CellTime,
            "cell_time",
            time(50, 24 * HOUR),
            "time is watched in steps of 10 ms, and a cell of more than a day is better split",
        ),
        row(
            Field::GraceTime,
            "grace_time",
            time(10, 60),
            "it is what a cell may still use after the exception that names a limit, before it is rolled back",
        ),
        row(
            Field::Memory,
            "memory",
            bytes(128 * MIB, 4 * GIB),
            "an image takes 100 to 300 MiB of it, and a 32-bit WebAssembly memory ends at 4 GiB",
        ),
        row(
            Field::Stack,
            "stack",
            bytes(MIB, 8 * MIB),
            "the interpreter is built for a stack of 8 MiB; with less, deep recursion ends sooner",
        ),
        row(
            Field::StdoutBytes,
            "stdout_bytes",
            bytes(KIB, 256 * MIB),
            "it is counted for each cell and kept in the notebook",
        ),
        row(
            Field::DisplayBytes,
            "display_bytes",
            bytes(KIB, GIB),
            "it is counted for each cell over all rich outputs and kept in the notebook",
        ),
        row(
            Field::FilesTotalBytes,
            "files_total_bytes",
            bytes(0, 64 * GIB),
            "it bounds what a session writes to disk, and 0 makes its folders read-only",
        ),
        row(
            Field::FilesCount,
            "files_count",
            count(0, 1_000_000),
            "every file costs the host an inode, also an empty one",
        ),
        row(
            Field::FileBytes,
            "file_bytes",
            bytes(0, 16 * GIB),
            "it bounds one file, also a sparse one",
        ),
        row(
            Field::OpenFiles,
            "open_files",
            count(8, 256),
            "the interpreter itself needs some, and each one is a descriptor of the host that all sessions share",
        ),
        row(
            Field::HostCallsPerSecond,
            "host_calls_per_second",
            (
                LimitUnit::PerSecond,
                LimitValue::Count(100),
                LimitValue::Count(1_000_000),
            ),
            "every output and table is a host call, so less than 100 stops ordinary cells",
        ),
        row(
            Field::IdleTime,
            "idle_time",
            time(1_000, 7 * 24 * HOUR),
            "an idle session is put to sleep after it",
        ),
        row(
            Field::Lifetime,
            "lifetime",
            time(1_000, 90 * 24 * HOUR),
            "a session ends after it, whatever it does",
        ),
    ]
};

impl LimitField {
    /// Returns every field, in the order in which a policy is written.
    pub fn all() -> impl Iterator<Item = LimitField> {
        LIMIT_TABLE.iter().map(|range| range.field)
    }

    /// Returns the field's row of [`LIMIT_TABLE`].
    pub fn range(self) -> &'static LimitRange {
        // The table is in the order of the variants, which a test holds.
        &LIMIT_TABLE[self as usize]
    }

    /// Returns the field's name in TOML and in messages, such as `cell_time`.
    pub fn name(self) -> &'static str {
        self.range().name
    }

    /// Returns the field with this name, or none.
    pub fn from_name(name: &str) -> Option<LimitField> {
        LIMIT_TABLE
            .iter()
            .find(|range| range.name == name)
            .map(|range| range.field)
    }
}

impl fmt::Display for LimitField {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl LimitUnit {
    /// Returns the value that `text` stands for in this unit.
    ///
    /// # Errors
    /// [`NumberError`] when the text is not a number of this unit.
    pub fn parse(self, text: &str) -> Result<LimitValue, NumberError> {
        match self {
            Self::Fuel => parse_count(text).map(LimitValue::Fuel),
            Self::Bytes => parse_size(text).map(LimitValue::Bytes),
            Self::Time => parse_duration(text).map(LimitValue::Time),
            Self::Count | Self::PerSecond => parse_count(text).map(LimitValue::Count),
        }
    }
}

impl LimitValue {
    /// Returns the value as a number: fuel, bytes, a count, or milliseconds.
    pub fn number(self) -> u64 {
        match self {
            Self::Fuel(number) | Self::Bytes(number) | Self::Count(number) => number,
            Self::Time(duration) => u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Returns the value as a span of time, taking a number as milliseconds.
    pub fn duration(self) -> Duration {
        match self {
            Self::Time(duration) => duration,
            Self::Fuel(number) | Self::Bytes(number) | Self::Count(number) => {
                Duration::from_millis(number)
            }
        }
    }
}

impl fmt::Display for LimitValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fuel(number) => formatter.write_str(&format_count(*number)),
            Self::Bytes(number) => formatter.write_str(&format_size(*number)),
            Self::Time(duration) => formatter.write_str(&format_duration(*duration)),
            Self::Count(number) => write!(formatter, "{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_fields() {
        for (position, range) in LIMIT_TABLE.iter().enumerate() {
            assert_eq!(range.field as usize, position, "{}", range.name);
            assert_eq!(range.field.range(), range);
            assert_eq!(LimitField::from_name(range.name), Some(range.field));
            assert!(range.minimum < range.maximum, "{}", range.name);
        }
        assert_eq!(LimitField::from_name("memroy"), None);
    }

    #[test]
    fn bounds_are_written_and_read_back() {
        for range in &LIMIT_TABLE {
            for value in [range.minimum, range.maximum] {
                assert_eq!(
                    range.unit.parse(&value.to_string()),
                    Ok(value),
                    "{}",
                    range.name
                );
            }
        }
    }
}
