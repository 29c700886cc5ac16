//! Takes granted values out of what a session shows: the value itself, its longer lines, and its
//! base64. A text that comes in pieces is looked through across them.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use python_wasm::Event;
use python_wasm::jupyter_protocol::{Stdio, StreamContent};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::grant::Granted;

/// Lines of a value that are looked for alone have at least so many bytes.
const LINE: usize = 16;

/// Looks for the values of one session.
pub(crate) struct Redactor {
    found: AhoCorasick,
    beginnings: Vec<Beginning>,
    /// What is put in the place of each pattern.
    marks: Vec<String>,
}

impl Redactor {
    /// Returns nothing when there is nothing to look for.
    pub(crate) fn new(granted: &[Granted]) -> Option<Self> {
        let (mut patterns, mut marks) = (Vec::new(), Vec::new());
        for secret in granted {
            let value = secret.value.reveal();
            let lines = value.lines().map(str::trim);
            let texts = lines
                .filter(|line| line.len() >= LINE)
                .chain([value])
                .map(str::to_owned)
                // The end of a base64 text depends on what follows the value.
                .chain([
                    BASE64_NOPAD.encode(whole(value)),
                    BASE64URL_NOPAD.encode(whole(value)),
                ]);
            for text in texts {
                patterns.push(text);
                marks.push(format!("[secret {}]", secret.name));
            }
        }
        if patterns.is_empty() {
            return None;
        }
        let found = AhoCorasickBuilder::new()
            .match_kind(MatchKind::LeftmostLongest)
            // The smallest; each session has its own.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&patterns)
            .expect("so few patterns make no automaton too large");
        Some(Self {
            found,
            beginnings: patterns.into_iter().map(Beginning::of).collect(),
            marks,
        })
    }

    /// Returns something without the values; nothing if it cannot be what it was without them.
    pub(crate) fn clean<T: Serialize + DeserializeOwned>(&self, thing: &T) -> Option<T> {
        let mut value = serde_json::to_value(thing).ok()?;
        self.walk(&mut value);
        serde_json::from_value(value).ok()
    }

    /// Returns a text without the values.
    pub(crate) fn text(&self, text: &str) -> String {
        self.found.replace_all(text, &self.marks)
    }

    fn walk(&self, value: &mut Value) {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => {
                if self.found.is_match(text.as_str()) {
                    *text = self.text(text);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item)),
            Value::Object(fields) => {
                if fields.keys().any(|name| self.found.is_match(name)) {
                    let renamed = std::mem::take(fields)
                        .into_iter()
                        .map(|(name, value)| (self.text(&name), value));
                    *fields = renamed.collect();
                }
                fields.values_mut().for_each(|value| self.walk(value));
            }
        }
    }

    /// Returns where a value may begin that goes on behind the end of the text.
    fn open_end(&self, text: &str) -> usize {
        let longest = self
            .beginnings
            .iter()
            .map(|beginning| beginning.at_end_of(text.as_bytes()))
            .max();
        let mut start = text.len() - longest.unwrap_or_default();
        // A pattern's part can end within a letter; a text cannot.
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        start
    }
}

/// Tells how much of a pattern stands at the end of a text, in one pass (Knuth, Morris and Pratt).
struct Beginning {
    pattern: Vec<u8>,
    /// For each length that has matched, the next shorter one that then has, too.
    shorter: Vec<usize>,
}

impl Beginning {
    fn of(pattern: String) -> Self {
        let mut beginning = Self {
            shorter: vec![0; pattern.len()],
            pattern: pattern.into_bytes(),
        };
        let mut matched = 0;
        for place in 1..beginning.pattern.len() {
            matched = beginning.step(matched, beginning.pattern[place]);
            beginning.shorter[place] = matched;
        }
        beginning
    }

    /// Returns how many bytes have matched after one more.
    fn step(&self, mut matched: usize, byte: u8) -> usize {
        while matched > 0 && self.pattern[matched] != byte {
            matched = self.shorter[matched - 1];
        }
        matched + usize::from(self.pattern[matched] == byte)
    }

    /// Returns the length of the longest beginning, short of the whole pattern, that ends the text.
    fn at_end_of(&self, text: &[u8]) -> usize {
        let most = self.pattern.len() - 1;
        let tail = &text[text.len().saturating_sub(most)..];
        tail.iter()
            .fold(0, |matched, byte| self.step(matched, *byte))
    }
}

/// Returns the bytes whose base64 does not depend on what follows.
fn whole(value: &str) -> &[u8] {
    &value.as_bytes()[..value.len() / 3 * 3]
}

/// Looks through the events of one cell, in order.
pub(crate) struct Streaming<'a> {
    redactor: &'a Redactor,
    /// The end of a stream's text, in which a value may have begun.
    held: Option<StreamContent>,
}

impl<'a> Streaming<'a> {
    pub(crate) fn new(redactor: &'a Redactor) -> Self {
        Self {
            redactor,
            held: None,
        }
    }

    /// Returns what may be shown now that this has come.
    pub(crate) fn pass(&mut self, event: Event) -> Vec<Event> {
        let Event::Stream(stream) = event else {
            let cleaned = self.redactor.clean(&event).unwrap_or_else(unshown);
            return self.rest().into_iter().chain([cleaned]).collect();
        };
        let mut shown = Vec::new();
        let mut text = match self.held.take() {
            Some(held) if same(&held.name, &stream.name) => held.text,
            Some(held) => {
                shown.push(Event::Stream(held));
                String::new()
            }
            None => String::new(),
        };
        text.push_str(&stream.text);
        let cleaned = self.redactor.text(&text);
        let end = self.redactor.open_end(&cleaned);
        let (now, later) = cleaned.split_at(end);
        if !now.is_empty() {
            shown.push(Event::Stream(StreamContent {
                name: stream.name.clone(),
                text: now.into(),
            }));
        }
        if !later.is_empty() {
            self.held = Some(StreamContent {
                name: stream.name,
                text: later.into(),
            });
        }
        shown
    }

    /// Returns what was kept back, when nothing more comes.
    pub(crate) fn rest(&mut self) -> Option<Event> {
        self.held.take().map(Event::Stream)
    }
}

fn same(one: &Stdio, other: &Stdio) -> bool {
    matches!(
        (one, other),
        (Stdio::Stdout, Stdio::Stdout) | (Stdio::Stderr, Stdio::Stderr)
    )
}

/// Returns what stands for an output that cannot be shown without a value in it.
fn unshown() -> Event {
    Event::Stream(StreamContent {
        name: Stdio::Stderr,
        text: "[An output is not shown: there is a secret in it.]\n".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::grant::SecretText;
    use super::*;

    const VALUE: &str = "canary-0123456789";

    fn redactor() -> Redactor {
        let granted = [Granted {
            name: "KEY".into(),
            value: SecretText::new(VALUE.into()),
        }];
        Redactor::new(&granted).expect("there is something to look for")
    }

    fn print(text: &str) -> Event {
        Event::Stream(StreamContent {
            name: Stdio::Stdout,
            text: text.into(),
        })
    }

    fn told(events: Vec<Event>) -> String {
        events
            .into_iter()
            .map(|event| match event {
                Event::Stream(stream) => stream.text,
                other => serde_json::to_string(&other).expect("JSON"),
            })
            .collect()
    }

    #[test]
    fn a_value_and_its_base64_are_found_wherever_they_are_cut() {
        let redactor = redactor();
        let encoded = data_encoding::BASE64.encode(VALUE.as_bytes());
        let text = format!("é {VALUE} and {encoded} and c");
        for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            let mut streaming = Streaming::new(&redactor);
            let mut shown = streaming.pass(print(&text[..cut]));
            shown.extend(streaming.pass(print(&text[cut..])));
            shown.extend(streaming.rest());
            let shown = told(shown);
            assert!(
                !shown.contains("canary") && !shown.contains(&encoded[..22]),
                "{cut}: {shown}"
            );
            assert!(
                shown.starts_with("é [secret KEY] and [secret KEY]"),
                "{cut}: {shown}"
            );
            assert!(shown.ends_with(" and c"), "{cut}: {shown}");
        }
    }

    #[test]
    fn the_longest_beginning_at_the_end_is_found() {
        let beginning = Beginning::of("ababac".into());
        for (text, length) in [
            ("", 0),
            ("x", 0),
            ("xa", 1),
            ("ababa", 5),
            ("xababab", 4),
            ("ababac", 0),
            ("ababacab", 2),
        ] {
            assert_eq!(beginning.at_end_of(text.as_bytes()), length, "{text}");
        }
    }

    #[test]
    fn letters_one_by_one_and_other_outputs_in_between_keep_their_order() {
        let redactor = redactor();
        let mut streaming = Streaming::new(&redactor);
        let mut shown = Vec::new();
        for letter in format!("a{VALUE}b cana").chars() {
            shown.extend(streaming.pass(print(&letter.to_string())));
        }
        shown.extend(
            streaming.pass(Event::Error(python_wasm::jupyter_protocol::ErrorOutput {
                ename: "E".into(),
                evalue: format!("bad {VALUE}"),
                traceback: vec![VALUE.into()],
            })),
        );
        let shown = told(shown);
        assert!(shown.starts_with("a[secret KEY]b cana{"), "{shown}");
        assert!(
            shown.contains("bad [secret KEY]") && !shown.contains(VALUE),
            "{shown}"
        );
    }

    #[test]
    fn values_are_found_in_names_and_depths_of_json_and_in_lines() {
        let redactor = redactor();
        let value = serde_json::json!({VALUE: [{"a": format!("x{VALUE}")}], "b": 1});
        let expected = serde_json::json!({"[secret KEY]": [{"a": "x[secret KEY]"}], "b": 1});
        assert_eq!(redactor.clean(&value), Some(expected));
        let lines = [Granted {
            name: "PEM".into(),
            value: SecretText::new("begin\n0123456789abcdef0\nend".into()),
        }];
        let redactor = Redactor::new(&lines).expect("there is something to look for");
        assert_eq!(redactor.text("'0123456789abcdef0\\n'"), "'[secret PEM]\\n'");
        assert!(Redactor::new(&[]).is_none());
    }
}
