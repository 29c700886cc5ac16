//! Looks over submitted Python for what hostile code likes to use. The sandbox is the boundary and
//! stops all of it anyway; a finding is for whoever reads the report or the audit log, or for a
//! policy that would rather not run such code.
//!
//! It reads tokens, not text: comments count for nothing, and a text only where it says on its own
//! what an attribute or a module would be called.

mod tokens;
mod words;

use serde::{Deserialize, Serialize};
use tokens::{Kind, Token};
use utoipa::ToSchema;
use words::{MINERS, MODULES, RUNS, STARTS, UNPACKS, WALKS};

/// Findings that are reported of one piece of code.
const MOST: usize = 50;

/// Tokens that are looked at behind a function that runs a text.
const LOOK_AHEAD: usize = 500;

/// A suspicious pattern.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pattern {
    /// Walks from an object to what the interpreter holds.
    SandboxWalk,
    /// Loads or calls native code.
    NativeCode,
    /// Starts processes.
    Process,
    /// Opens connections.
    Network,
    /// Runs code that was packed so that nobody reads it.
    HiddenCode,
    /// Computes coins for somebody.
    Miner,
}

/// Where a pattern was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub(crate) struct Finding {
    /// The line, from 1.
    line: u32,
    pattern: Pattern,
    /// What was seen and what it is usually for.
    why: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.why)
    }
}

/// Returns what is suspicious in a cell or a script, in the order of its lines; at most 50 findings.
pub(crate) fn scan(source: &str) -> Vec<Finding> {
    let tokens = tokens::tokens(source);
    let mut findings = Vec::new();
    for place in 0..tokens.len() {
        look(&tokens, place, &mut findings);
        // The same may be found twice; this is enough for 50 different ones.
        if findings.len() > 4 * MOST {
            break;
        }
    }
    findings.sort();
    findings.dedup();
    findings.truncate(MOST);
    findings
}

/// Looks at one token and what stands around it.
fn look(tokens: &[Token<'_>], place: usize, findings: &mut Vec<Finding>) {
    let Token { kind, text, line } = tokens[place];
    let mut found = |pattern, why: String| findings.push(Finding { line, pattern, why });
    match kind {
        Kind::Text => {
            if WALKS.contains(&text) {
                found(
                    Pattern::SandboxWalk,
                    format!("{text:?} names an attribute that leads out of an object"),
                );
            }
            if let Some(module) = imported_by_call(tokens, place) {
                module_found(module, &mut found);
            }
            miner(text, &mut found);
        }
        Kind::Name => {
            if WALKS.contains(&text) {
                found(
                    Pattern::SandboxWalk,
                    format!("{text} leads out of an object"),
                );
            }
            if RUNS.contains(&text)
                && !follows(tokens, place, ".")
                && let Some(unpacks) = unpacked(tokens, place)
            {
                found(
                    Pattern::HiddenCode,
                    format!("{text} runs what {unpacks} unpacks"),
                );
            }
            if follows(tokens, place, ".") && is(tokens, place.checked_sub(2), "os") {
                starts(text, &mut found);
            }
            miner(text, &mut found);
            if begins_statement(tokens, place) {
                match text {
                    "import" => imports(tokens, place + 1, &mut found),
                    "from" => imports_from(tokens, place + 1, &mut found),
                    _ => {}
                }
            }
        }
        Kind::Mark if text == "!" && begins_statement(tokens, place) => {
            found(Pattern::Process, "! runs a command of the shell".into());
        }
        Kind::Mark | Kind::LineEnd => {}
    }
}

/// Looks at `import a, b.c as d`.
fn imports(tokens: &[Token<'_>], mut place: usize, found: &mut impl FnMut(Pattern, String)) {
    loop {
        let (module, end) = dotted(tokens, place);
        module_found(&module, found);
        place = if is(tokens, Some(end), "as") {
            end + 2
        } else {
            end
        };
        if !is(tokens, Some(place), ",") {
            return;
        }
        place += 1;
    }
}

/// Looks at `from a import b, c`.
fn imports_from(tokens: &[Token<'_>], place: usize, found: &mut impl FnMut(Pattern, String)) {
    let (module, end) = dotted(tokens, place);
    module_found(&module, found);
    if !is(tokens, Some(end), "import") {
        return;
    }
    for token in tokens[end + 1..]
        .iter()
        .take_while(|token| token.kind != Kind::LineEnd)
    {
        if token.kind == Kind::Name {
            if module == "os" {
                starts(token.text, found);
            }
            if matches!(module.as_str(), "urllib" | "http") {
                module_found(&format!("{module}.{}", token.text), found);
            }
        }
    }
}

/// Reads `a.b.c` and returns it with the place behind it.
fn dotted(tokens: &[Token<'_>], mut place: usize) -> (String, usize) {
    let mut name = String::new();
    while let Some(token) = tokens.get(place) {
        let dot = token.text == "." && token.kind == Kind::Mark;
        let fits = if name.is_empty() || name.ends_with('.') {
            token.kind == Kind::Name
        } else {
            dot
        };
        if !fits {
            break;
        }
        name.push_str(token.text);
        place += 1;
    }
    (name, place)
}

fn module_found(module: &str, found: &mut impl FnMut(Pattern, String)) {
    let within = |known: &str| {
        module == known
            || module
                .strip_prefix(known)
                .is_some_and(|rest| rest.starts_with('.'))
    };
    if let Some((known, pattern)) = MODULES.iter().find(|(known, _)| within(known)) {
        let use_of = match pattern {
            Pattern::NativeCode => "loads native code",
            Pattern::Process => "starts processes",
            Pattern::Network => "opens connections",
            Pattern::SandboxWalk | Pattern::HiddenCode | Pattern::Miner => "is suspicious",
        };
        found(*pattern, format!("the module {known} {use_of}"));
    }
}

fn starts(function: &str, found: &mut impl FnMut(Pattern, String)) {
    let variant = |start: &str| {
        let rest = function.strip_prefix(start);
        // execv, execvpe, spawnlp, posix_spawnp: the letters say how arguments are given.
        rest.is_some_and(|rest| {
            rest.len() <= 3 && rest.bytes().all(|letter| b"lvpe".contains(&letter))
        })
    };
    if STARTS
        .iter()
        .any(|start| function == *start || variant(start))
    {
        found(Pattern::Process, format!("os.{function} starts a process"));
    }
}

fn miner(text: &str, found: &mut impl FnMut(Pattern, String)) {
    let lower = text.to_lowercase();
    if let Some(word) = MINERS.iter().find(|word| lower.contains(**word)) {
        found(
            Pattern::Miner,
            format!("{word} belongs to programs that compute coins"),
        );
    }
}

/// Returns the module that the text at `place` names in `__import__("a")` or `import_module("a")`.
fn imported_by_call<'a>(tokens: &[Token<'a>], place: usize) -> Option<&'a str> {
    let function = place.checked_sub(2).map(|place| tokens[place])?;
    let called =
        follows(tokens, place, "(") && matches!(function.text, "__import__" | "import_module");
    called.then_some(tokens[place].text)
}

/// Returns the function that unpacks something within the brackets behind `place`.
fn unpacked<'a>(tokens: &[Token<'a>], place: usize) -> Option<&'a str> {
    if !is(tokens, Some(place + 1), "(") {
        return None;
    }
    let mut depth = 0_usize;
    for (offset, token) in tokens[place + 1..].iter().take(LOOK_AHEAD).enumerate() {
        match (token.kind, token.text) {
            (Kind::Mark, "(") => depth += 1,
            (Kind::Mark, ")") => depth -= 1,
            (Kind::Name, "loads") if !is(tokens, (place + offset).checked_sub(1), "marshal") => {}
            (Kind::Name, name) if UNPACKS.contains(&name) => return Some(name),
            _ => {}
        }
        if depth == 0 {
            return None;
        }
    }
    None
}

fn is(tokens: &[Token<'_>], place: Option<usize>, text: &str) -> bool {
    place
        .and_then(|place| tokens.get(place))
        .is_some_and(|token| token.text == text && token.kind != Kind::Text)
}

fn follows(tokens: &[Token<'_>], place: usize, text: &str) -> bool {
    is(tokens, place.checked_sub(1), text)
}

/// Tells whether a statement begins here: at a line's start, behind `;` or `:`.
fn begins_statement(tokens: &[Token<'_>], place: usize) -> bool {
    place == 0
        || tokens[place - 1].kind == Kind::LineEnd
        || follows(tokens, place, ";")
        || follows(tokens, place, ":")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(source: &str) -> Vec<(u32, Pattern)> {
        scan(source)
            .into_iter()
            .map(|finding| (finding.line, finding.pattern))
            .collect()
    }

    #[test]
    fn suspicious_code_is_named_with_its_line() {
        for (source, expected) in [
            (
                "().__class__.__base__.__subclasses__()",
                Pattern::SandboxWalk,
            ),
            ("getattr(x, '__globals__')", Pattern::SandboxWalk),
            ("import ctypes", Pattern::NativeCode),
            ("import json, ctypes.util as u", Pattern::NativeCode),
            ("from ctypes import CDLL", Pattern::NativeCode),
            ("__import__('ctypes')", Pattern::NativeCode),
            ("importlib.import_module(\"subprocess\")", Pattern::Process),
            ("import os; os.system('ls')", Pattern::Process),
            ("from os import (path,\n  execve)", Pattern::Process),
            ("os.posix_spawnp('a')", Pattern::Process),
            ("!rm -rf /", Pattern::Process),
            (
                "try: import socket\nexcept ImportError: pass",
                Pattern::Network,
            ),
            ("from urllib import request", Pattern::Network),
            ("import urllib.request", Pattern::Network),
            (
                "exec(base64.b64decode('cHJpbnQoMSk='))",
                Pattern::HiddenCode,
            ),
            (
                "eval(compile(zlib.decompress(bytes.fromhex('00')), '', 'exec'))",
                Pattern::HiddenCode,
            ),
            ("exec(marshal.loads(b))", Pattern::HiddenCode),
            ("pool = 'stratum+tcp://pool.example:3333'", Pattern::Miner),
        ] {
            let found = scan(source);
            assert!(
                found.iter().any(|finding| finding.pattern == expected),
                "{source}: {found:?}"
            );
        }
        assert_eq!(
            patterns("x = 1\n\nimport socket\n'''\n'''\nimport ctypes"),
            [(3, Pattern::Network), (6, Pattern::NativeCode)]
        );
    }

    #[test]
    fn ordinary_code_is_not_suspicious() {
        for source in [
            "# import ctypes, os.system('ls'), xmrig",
            "'''How to use __subclasses__: import socket'''",
            "text = 'import subprocess'",
            "class A:\n    def __init__(self):\n        self.system = 1",
            "model.eval()\nmodel.compile(loss='mse')",
            "exec(json.loads(text)['code'])",
            "data = base64.b64decode(text)\nexec(code)",
            "import os\nos.path.exists('a'); os.executable",
            "x = a != b",
            "f'{value!r:>10}'",
            "import socketio_like, requests_html",
            "from . import socket_helpers",
            "important = 1; fromage = 2",
        ] {
            assert_eq!(scan(source), [], "{source}");
        }
    }

    #[test]
    fn broken_and_endless_code_is_looked_over_too() {
        for source in [
            "'",
            "'''",
            "\"\\",
            "exec(",
            "import",
            "from",
            "from os import",
            "f'{",
            "\u{0}",
            "é.__base__",
        ] {
            scan(source);
        }
        assert_eq!(scan(&"import socket\n".repeat(1000)).len(), MOST);
        assert_eq!(scan(&"exec(".repeat(10_000)), []);
    }
}
