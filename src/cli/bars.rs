//! Shows how far the preparation of a runtime or an image is: bars in a terminal, else lines.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use python_wasm::{Progress, Quiet, Unit};

/// Progress bars, one for each step under way.
struct Bars {
    all: MultiProgress,
    steps: Mutex<HashMap<String, ProgressBar>>,
}

/// Lines for logs: one when a step begins and one when it ends.
struct Lines {
    begun: Mutex<Vec<String>>,
}

/// Returns what shows progress on stderr; nothing when `quiet`.
pub(super) fn progress(quiet: bool) -> Arc<dyn Progress> {
    if quiet {
        Quiet::shared()
    } else if std::io::stderr().is_terminal() {
        Arc::new(Bars {
            all: MultiProgress::new(),
            steps: Mutex::default(),
        })
    } else {
        Arc::new(Lines {
            begun: Mutex::default(),
        })
    }
}

impl Progress for Bars {
    fn update(&self, step: &str, done: u64, total: Option<u64>, unit: Unit) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = steps.entry(step.to_owned()).or_insert_with(|| {
            let bar = self.all.add(ProgressBar::no_length());
            bar.set_style(style(unit, total.is_some()));
            bar.set_message(step.to_owned());
            bar.enable_steady_tick(std::time::Duration::from_millis(120));
            bar
        });
        if let Some(total) = total {
            bar.set_length(total);
        }
        bar.set_position(done);
    }

    fn finish(&self, step: &str) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = steps.remove(step) {
            let took = bar.elapsed().as_secs_f64();
            bar.finish_and_clear();
            let _ = self.all.println(format!("{step}: done in {took:.1} s"));
        }
    }
}

fn style(unit: Unit, has_total: bool) -> ProgressStyle {
    let template = match (unit, has_total) {
        (Unit::Bytes, true) => "{spinner} {msg} [{bar:30}] {bytes}/{total_bytes} {elapsed}",
        (Unit::Bytes, false) => "{spinner} {msg} {bytes} {elapsed}",
        (Unit::Items, true) => "{spinner} {msg} [{bar:30}] {pos}/{len} {elapsed}",
        (Unit::Items, false) => "{spinner} {msg} {pos} {elapsed}",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Progress for Lines {
    fn update(&self, step: &str, _done: u64, _total: Option<u64>, _unit: Unit) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if !begun.iter().any(|known| known == step) {
            begun.push(step.to_owned());
            note!("{step} ...");
        }
    }

    fn finish(&self, step: &str) {
        note!("{step}: done");
    }
}
