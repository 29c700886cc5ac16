//! What was measured, and the table that is printed of it.

use std::io::Write as _;
use std::time::Duration;

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Milliseconds,
    Mebibytes,
    Count,
    PerSecond,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Mebibytes => "MiB",
            Self::Count => "",
            Self::PerSecond => "/s",
        }
    }
}

/// One line: what was seen, what is aimed at, and what the peer needs for the same.
struct Row {
    name: String,
    unit: Unit,
    seen: Vec<f64>,
    aim: &'static str,
    peer: Option<f64>,
}

/// All lines, in the order in which they were measured.
#[derive(Default)]
pub struct Table(Vec<Row>);

impl Table {
    /// Adds a line of times.
    pub fn times(&mut self, name: impl Into<String>, seen: &[Duration], aim: &'static str) {
        let seen = seen.iter().map(|time| time.as_secs_f64() * 1000.0);
        self.add(name.into(), Unit::Milliseconds, seen.collect(), aim);
    }

    /// Adds a line of one number.
    pub fn number(&mut self, name: impl Into<String>, number: f64, unit: Unit, aim: &'static str) {
        self.add(name.into(), unit, vec![number], aim);
    }

    fn add(&mut self, name: String, unit: Unit, mut seen: Vec<f64>, aim: &'static str) {
        seen.sort_by(f64::total_cmp);
        self.0.push(Row {
            name,
            unit,
            seen,
            aim,
            peer: None,
        });
    }

    /// Puts the peer's median beside ours.
    pub fn peer(&mut self, name: &str, mut seen: Vec<f64>) {
        seen.sort_by(f64::total_cmp);
        let median = quantile(&seen, 0.5);
        match self.0.iter_mut().find(|row| row.name == name) {
            Some(row) => row.peer = Some(median),
            // Ours was not measured this time.
            None => self.0.push(Row {
                name: name.into(),
                unit: Unit::Milliseconds,
                seen: Vec::new(),
                aim: "",
                peer: Some(median),
            }),
        }
    }

    /// Prints the table.
    pub fn print(&self) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        let title = "the service under load";
        writeln!(
            out,
            "{title:<50}{:>10}{:>10}{:>10}     {:>10}{:>9}  aim",
            "p50", "p95", "p99", "gateway", "ratio"
        )?;
        for row in &self.0 {
            let shown = |share: f64| match row.seen.len() {
                0 => "-".into(),
                1 if share > 0.5 => String::new(),
                _ => format!("{:.2}", quantile(&row.seen, share)),
            };
            let ratio = match (row.peer, row.seen.is_empty()) {
                (Some(peer), false) => format!("{:.1}x", peer / quantile(&row.seen, 0.5)),
                _ => "-".into(),
            };
            writeln!(
                out,
                "{:<50}{:>10}{:>10}{:>10} {:<4}{:>10}{ratio:>9}  {}",
                row.name,
                shown(0.5),
                shown(0.95),
                shown(0.99),
                row.unit.name(),
                row.peer.map_or("-".into(), |peer| format!("{peer:.2}")),
                row.aim,
            )?;
        }
        Ok(())
    }
}

/// Returns the value below which a share of sorted values lies.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let place = (last as f64 * share).round() as usize;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}
