//! Text from notebooks and sessions, made safe to be shown in a terminal.

/// Returns text without what could steer a terminal: control characters become visible escapes,
/// except line ends, tabs and colours.
pub(crate) fn harmless(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if letter == '\u{1b}'
            && let Some(length) = colour(rest)
        {
            result.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        if steers(letter) && !matches!(letter, '\n' | '\t' | '\r') {
            result.extend(letter.escape_default());
        } else {
            result.push(letter);
        }
        rest = &rest[letter.len_utf8()..];
    }
    result
}

/// Returns text without colours, for logs.
pub(crate) fn colourless(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('\u{1b}') {
        result.push_str(&rest[..start]);
        rest = &rest[start..];
        let length = colour(rest).unwrap_or(0);
        if length == 0 {
            result.push('\u{1b}');
        }
        rest = &rest[length.max(1)..];
    }
    result.push_str(rest);
    result
}

/// Returns the first line of a text, harmless and at most `most` characters long.
pub(crate) fn line(text: &str, most: usize) -> String {
    let first = text.trim_start().lines().next().unwrap_or_default();
    let mut result = String::new();
    for (count, letter) in first.chars().enumerate() {
        if count == most {
            result.push('…');
            break;
        }
        if steers(letter) {
            result.extend(letter.escape_default());
        } else {
            result.push(letter);
        }
    }
    result
}

/// Returns how many there are of something, such as `1 tenant` or `2 tenants`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{end}")
}

/// Returns a number of bytes as it is read most easily, such as `75.4 KiB`.
pub(crate) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KiB", "MiB"] {
        if value < 1024.0 {
            return match unit {
                "B" => format!("{bytes} B"),
                unit => format!("{value:.1} {unit}"),
            };
        }
        value /= 1024.0;
    }
    format!("{value:.1} GiB")
}

/// Control characters, and marks that turn the direction of text around.
pub(crate) fn steers(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// Returns the length of a colour sequence (`ESC [ digits and ; m`) at the start.
fn colour(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|letter: char| !letter.is_ascii_digit() && letter != ';')?;
    parameters[end..].starts_with('m').then_some(end + 3)
}

/// Returns a text of about `most` bytes: its beginning and its end, and how much is missing between.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    // Errors and results stand at the end, so it gets as much as the beginning.
    let head = text.floor_char_boundary(most / 2);
    let tail = text.ceil_char_boundary(text.len() - most / 2);
    let (start, end) = (&text[..head], &text[tail..]);
    format!("{start}\n… {} bytes left out …\n{end}", tail - head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        let shown = [0, 1023, 1024, 77_174, 5 << 20, 3 << 30].map(size);
        assert_eq!(
            shown,
            ["0 B", "1023 B", "1.0 KiB", "75.4 KiB", "5.0 MiB", "3.0 GiB"]
        );
    }

    #[test]
    fn one_thing_is_no_several() {
        let shown = [0, 1, 2].map(|number| count(number, "tenant"));
        assert_eq!(shown, ["0 tenants", "1 tenant", "2 tenants"]);
    }

    #[test]
    fn colours_stay_and_other_control_is_shown() {
        assert_eq!(
            harmless("\u{1b}[0;31mred\u{1b}[0m\n"),
            "\u{1b}[0;31mred\u{1b}[0m\n"
        );
        assert_eq!(harmless("\u{1b}]0;title\u{7}"), "\\u{1b}]0;title\\u{7}");
        assert_eq!(harmless("\u{1b}[2J"), "\\u{1b}[2J");
        assert_eq!(
            colourless("\u{1b}[0;31mred\u{1b}[0m \u{1b}[2J"),
            "red \u{1b}[2J"
        );
        assert_eq!(line("\n  a\u{1b}[31mb\ncd", 4), "a\\u{1b}[3…");
    }

    #[test]
    fn a_shortened_text_keeps_its_beginning_and_its_end() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("abcdefghij", 4), "ab\n… 6 bytes left out …\nij");
        assert_eq!(shortened("äöüäöü", 6), "ä\n… 8 bytes left out …\nü");
        assert_eq!(shortened("äöü", 0), "\n… 6 bytes left out …\n");
    }
}
