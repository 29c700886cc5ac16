//! Python's tokens, as far as one has to know them to tell code from comments and texts.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, a keyword or a number.
    Name,
    /// What stands between the quotes of a text.
    Text,
    /// One character of anything else.
    Mark,
    /// The end of a line outside of brackets.
    LineEnd,
}

/// A token and the line it begins in, from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) line: u32,
}

/// Returns the tokens of a source; what is broken ends where the source does.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut rest, mut line, mut depth) = (source, 1, 0_usize);
    while let Some(letter) = rest.chars().next() {
        let (kind, length) = match letter {
            '\n' => (Some(Kind::LineEnd).filter(|_| depth == 0), 1),
            '\\' if rest.starts_with("\\\n") => (None, 2),
            '#' => (None, rest.find('\n').unwrap_or(rest.len())),
            '\'' | '"' => {
                let (inside, length) = quoted(rest);
                tokens.push(Token {
                    kind: Kind::Text,
                    text: inside,
                    line,
                });
                (None, length)
            }
            letter if letter.is_alphanumeric() || letter == '_' => {
                let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
                let length = end.unwrap_or(rest.len());
                // The letters before a quote belong to the text.
                let prefix = length <= 2
                    && rest[length..].starts_with(['\'', '"'])
                    && is_prefix(&rest[..length]);
                (Some(Kind::Name).filter(|_| !prefix), length)
            }
            letter if letter.is_whitespace() => (None, letter.len_utf8()),
            letter => {
                match letter {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                (Some(Kind::Mark), letter.len_utf8())
            }
        };
        let (text, behind) = rest.split_at(length);
        if let Some(kind) = kind {
            tokens.push(Token { kind, text, line });
        }
        line += u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX);
        rest = behind;
    }
    tokens
}

fn is_prefix(letters: &str) -> bool {
    letters
        .bytes()
        .all(|letter| b"rbfutRBFUT".contains(&letter))
}

/// Returns what stands between the quotes at the start, and the length with them.
fn quoted(rest: &str) -> (&str, usize) {
    let quote = &rest[..1];
    let triple = quote.repeat(3);
    let mark = if rest.starts_with(&triple) {
        triple.as_str()
    } else {
        quote
    };
    let mut place = mark.len();
    while let Some(letter) = rest[place..].chars().next() {
        if rest[place..].starts_with(mark) {
            return (&rest[mark.len()..place], place + mark.len());
        }
        // A text in single quotes ends with its line, closed or not.
        if letter == '\n' && mark.len() == 1 {
            return (&rest[1..place], place);
        }
        place += letter.len_utf8();
        if letter == '\\' {
            place += rest[place..].chars().next().map_or(0, char::len_utf8);
        }
    }
    (&rest[mark.len().min(rest.len())..], rest.len())
}
