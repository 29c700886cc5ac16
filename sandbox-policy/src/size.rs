//! Human sizes, durations and counts: "512 MiB", "30 s", "20 G".

use std::time::Duration;

/// Why a number with a unit could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// There is no number at the start.
    #[error("{text:?} does not start with a number; write {example}")]
    NoNumber {
        /// The text as it was given.
        text: String,
        /// How such a value is written.
        example: &'static str,
    },
    /// A duration without a unit could be seconds or milliseconds, so it is refused.
    #[error("{text:?} has no unit; write {example}")]
    NoUnit {
        /// The text as it was given.
        text: String,
        /// How such a value is written.
        example: &'static str,
    },
    /// The unit is not one of those that are known here.
    #[error("{text:?} has the unknown unit {unit:?}; use one of {known}, such as {example}")]
    UnknownUnit {
        /// The text as it was given.
        text: String,
        /// The unit that was found.
        unit: String,
        /// The units that may be used.
        known: String,
        /// How such a value is written.
        example: &'static str,
    },
    /// A fraction that does not come out as a whole number of the smallest unit.
    #[error("{text:?} is not a whole number of {smallest}")]
    NotWhole {
        /// The text as it was given.
        text: String,
        /// The smallest unit.
        smallest: &'static str,
    },
    /// The number does not fit into 64 bits.
    #[error("{text:?} is too large to be represented")]
    TooLarge {
        /// The text as it was given.
        text: String,
    },
}

/// One kind of number with units.
struct Scale {
    /// Units with their factors, largest first. The text form uses the first that divides exactly.
    units: &'static [(&'static str, u64)],
    /// Units that are read but never written.
    also_read: &'static [(&'static str, u64)],
    /// What a number without a unit counts, or none when the unit is required.
    bare: Option<u64>,
    smallest: &'static str,
    example: &'static str,
}

const SIZE: Scale = Scale {
    units: &[
        ("TiB", 1 << 40),
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
        ("B", 1),
    ],
    also_read: &[
        ("TB", 1_000_000_000_000),
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("KB", 1_000),
    ],
    bare: Some(1),
    smallest: "bytes",
    example: "\"512 MiB\"",
};

const DURATION: Scale = Scale {
    units: &[("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)],
    also_read: &[("d", 86_400_000)],
    bare: None,
    smallest: "milliseconds",
    example: "\"30 s\"",
};

const COUNT: Scale = Scale {
    units: &[
        ("T", 1_000_000_000_000),
        ("G", 1_000_000_000),
        ("M", 1_000_000),
        ("k", 1_000),
        ("", 1),
    ],
    also_read: &[],
    bare: Some(1),
    smallest: "units",
    example: "\"20 G\" or 10_000",
};

/// Returns the number of bytes that a text such as "512 MiB", "1.5 GB" or "4096" stands for.
///
/// KiB, MiB, GiB and TiB are powers of 1024; KB, MB, GB and TB are powers of 1000; a number without a
/// unit is bytes. The case of letters does not matter, and underscores may group digits.
///
/// # Errors
/// [`NumberError`] when there is no number, the unit is unknown, a fraction of a byte is left, or the
/// value does not fit into 64 bits.
pub fn parse_size(text: &str) -> Result<u64, NumberError> {
    parse(text, &SIZE)
}

/// Returns the duration that a text such as "250 ms", "30 s", "10 min", "1 h" or "2 d" stands for.
///
/// The unit is required, and the resolution is one millisecond.
///
/// # Errors
/// [`NumberError`] when there is no number, the unit is missing or unknown, a fraction of a millisecond
/// is left, or the value does not fit into 64 bits of milliseconds.
pub fn parse_duration(text: &str) -> Result<Duration, NumberError> {
    parse(text, &DURATION).map(Duration::from_millis)
}

/// Returns the count that a text such as "20 G", "10_000" or "1.5 M" stands for.
///
/// k, M, G and T are powers of 1000. Fuel is written this way: one unit of fuel is about one
/// WebAssembly instruction.
///
/// # Errors
/// [`NumberError`] when there is no number, the unit is unknown, a fraction is left, or the value does
/// not fit into 64 bits.
pub fn parse_count(text: &str) -> Result<u64, NumberError> {
    parse(text, &COUNT)
}

/// Returns a number of bytes in the largest unit that divides it exactly, as [`parse_size`] reads it.
pub fn format_size(bytes: u64) -> String {
    format(bytes, &SIZE)
}

/// Returns a duration in the largest unit that divides it exactly, as [`parse_duration`] reads it.
///
/// What is below a millisecond is left out.
pub fn format_duration(duration: Duration) -> String {
    format(
        u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        &DURATION,
    )
}

/// Returns a count in the largest unit that divides it exactly, as [`parse_count`] reads it.
pub fn format_count(count: u64) -> String {
    format(count, &COUNT)
}

fn format(value: u64, scale: &Scale) -> String {
    let exact = scale
        .units
        .iter()
        .find(|(_, factor)| value != 0 && value.is_multiple_of(*factor))
        .or(scale.units.last());
    match exact {
        Some((unit, factor)) => format!("{} {unit}", value / factor).trim_end().to_owned(),
        None => value.to_string(),
    }
}

fn parse(text: &str, scale: &Scale) -> Result<u64, NumberError> {
    let trimmed = text.trim();
    let end = trimmed
        .find(|character: char| !character.is_ascii_digit() && character != '_' && character != '.')
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole = digits(whole);
    let fraction = digits(fraction);
    if whole.is_empty() || fraction.is_empty() || fraction.contains('.') || number.starts_with('_')
    {
        return Err(NumberError::NoNumber {
            text: text.to_owned(),
            example: scale.example,
        });
    }
    let factor = factor_of(text, unit.trim_start(), scale)?;
    let too_large = || NumberError::TooLarge {
        text: text.to_owned(),
    };
    // Twenty digits hold every u64 and twelve every useful fraction, so the product below stays in u128.
    if whole.len() > 20 || fraction.len() > 12 {
        return Err(too_large());
    }
    let divisor = 10_u128.pow(u32::try_from(fraction.len()).map_err(|_| too_large())?);
    let scaled = whole.parse::<u128>().map_err(|_| too_large())? * divisor
        + fraction.parse::<u128>().map_err(|_| too_large())?;
    let product = scaled
        .checked_mul(u128::from(factor))
        .ok_or_else(too_large)?;
    if product % divisor != 0 {
        return Err(NumberError::NotWhole {
            text: text.to_owned(),
            smallest: scale.smallest,
        });
    }
    u64::try_from(product / divisor).map_err(|_| too_large())
}

fn digits(part: &str) -> String {
    part.chars().filter(|character| *character != '_').collect()
}

fn factor_of(text: &str, unit: &str, scale: &Scale) -> Result<u64, NumberError> {
    let known = scale.units.iter().chain(scale.also_read);
    if unit.is_empty() {
        return scale.bare.ok_or_else(|| NumberError::NoUnit {
            text: text.to_owned(),
            example: scale.example,
        });
    }
    known
        .clone()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit))
        .map(|(_, factor)| *factor)
        .ok_or_else(|| NumberError::UnknownUnit {
            text: text.to_owned(),
            unit: unit.to_owned(),
            known: known
                .map(|(name, _)| *name)
                .filter(|name| !name.is_empty())
                .collect::<Vec<_>>()
                .join(", "),
            example: scale.example,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes() {
        assert_eq!(parse_size("512 MiB"), Ok(512 << 20));
        assert_eq!(parse_size("2GiB"), Ok(2 << 30));
        assert_eq!(parse_size("1.5 gib"), Ok(3 << 29));
        assert_eq!(parse_size("1_000"), Ok(1000));
        assert_eq!(parse_size(" 8 MB "), Ok(8_000_000));
    }

    #[test]
    fn durations() {
        assert_eq!(parse_duration("250 ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse_duration("0.5 s"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("1 h"), Ok(Duration::from_secs(3600)));
        assert_eq!(parse_duration("10 min"), Ok(Duration::from_secs(600)));
    }

    #[test]
    fn counts() {
        assert_eq!(parse_count("20 G"), Ok(20_000_000_000));
        assert_eq!(parse_count("10_000"), Ok(10_000));
        assert_eq!(parse_count("10 k"), Ok(10_000));
    }

    #[test]
    fn refusals_say_how_it_is_written() {
        let refusal = |result: Result<u64, NumberError>| result.unwrap_err().to_string();
        assert_eq!(
            refusal(parse_size("lots")),
            "\"lots\" does not start with a number; write \"512 MiB\""
        );
        assert_eq!(
            refusal(parse_size("")),
            "\"\" does not start with a number; write \"512 MiB\""
        );
        assert_eq!(
            refusal(parse_size("1.2.3 B")),
            "\"1.2.3 B\" does not start with a number; write \"512 MiB\""
        );
        assert_eq!(
            refusal(parse_size("0.3 B")),
            "\"0.3 B\" is not a whole number of bytes"
        );
        assert_eq!(
            refusal(parse_size("99999999999 TiB")),
            "\"99999999999 TiB\" is too large to be represented"
        );
        assert_eq!(
            parse_duration("30").unwrap_err().to_string(),
            "\"30\" has no unit; write \"30 s\""
        );
        assert_eq!(
            parse_duration("30 parsecs").unwrap_err().to_string(),
            "\"30 parsecs\" has the unknown unit \"parsecs\"; use one of h, min, s, ms, d, such as \"30 s\""
        );
        assert!(parse_size("-1 B").is_err());
        assert_eq!(
            refusal(parse_size("1 lot")),
            "\"1 lot\" has the unknown unit \"lot\"; use one of TiB, GiB, MiB, KiB, B, TB, GB, MB, KB, such as \"512 MiB\""
        );
        assert!(
            parse_size("512 M").is_err(),
            "M alone does not say whether 1000 or 1024 is meant"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(number: u64) {
            prop_assert_eq!(parse_size(&format_size(number)), Ok(number));
            prop_assert_eq!(parse_count(&format_count(number)), Ok(number));
            let duration = Duration::from_millis(number);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = (parse_size(&text), parse_duration(&text), parse_count(&text));
        }

        #[test]
        fn no_number_panics(text in "[0-9._]{0,60} ?[kKMGTiBhmsd]{0,3}") {
            let _ = (parse_size(&text), parse_duration(&text), parse_count(&text));
        }
    }
}
