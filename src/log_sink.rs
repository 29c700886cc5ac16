//! The log's way out. Nobody waits for it: a line that cannot be written, because the disk is full,
//! the pipe is closed or its reader does not read, is lost and counted.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait to be written.
const LINES: usize = 8192;

/// How long the end of the process waits for what was not written yet.
const LAST: Duration = Duration::from_secs(1);

/// The counter of lines that were lost.
pub(crate) const LOST: &str = "cellblock_log_lines_lost_total";

/// Takes lines and has them written by a thread of its own.
#[derive(Clone)]
pub(crate) struct LogSink(SyncSender<Entry>);

enum Entry {
    Line(Vec<u8>),
    /// Everything before this was written.
    Settled(SyncSender<()>),
}

/// Waits at its end until everything was written.
pub(crate) struct Settling(LogSink);

impl LogSink {
    /// Begins to write to `out`.
    pub(crate) fn start(out: impl Write + Send + 'static) -> io::Result<(Self, Settling)> {
        let (lines, waiting) = sync_channel(LINES);
        std::thread::Builder::new()
            .name("cellblock-log".into())
            .spawn(move || write(out, &waiting))?;
        let sink = Self(lines);
        Ok((sink.clone(), Settling(sink)))
    }
}

fn write(mut out: impl Write, waiting: &Receiver<Entry>) {
    for entry in waiting {
        match entry {
            Entry::Line(line) => {
                if out.write_all(&line).is_err() {
                    lost();
                }
            }
            // Who does not wait any more need not know.
            Entry::Settled(told) => drop(told.try_send(())),
        }
    }
}

fn lost() {
    metrics::counter!(LOST).increment(1);
}

impl Drop for Settling {
    fn drop(&mut self) {
        let (told, settled) = sync_channel(1);
        let mut last = Entry::Settled(told);
        // A reader that does not read keeps nobody here.
        let until = Instant::now() + LAST;
        while let Err(TrySendError::Full(entry)) = self.0.0.try_send(last) {
            if Instant::now() > until {
                return;
            }
            last = entry;
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = settled.recv_timeout(LAST);
    }
}

/// A line that is being made.
pub(crate) struct Line<'a> {
    sink: &'a LogSink,
    text: Vec<u8>,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let line = Entry::Line(std::mem::take(&mut self.text));
        if self.sink.0.try_send(line).is_err() {
            lost();
        }
    }
}

impl<'a> MakeWriter<'a> for LogSink {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            sink: self,
            text: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Slow(Arc<Mutex<Vec<u8>>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_a_reader_that_does_not_read_and_the_end_waits_for_one_that_does() {
        let out = Slow::default();
        let (sink, settling) = LogSink::start(out.clone()).expect("a thread");
        let stuck = out.0.lock().expect("no panic");
        // More than fits; whoever writes the last of these is still not held up.
        for number in 0..LINES + 100 {
            writeln!(sink.make_writer(), "line {number}").expect("it is taken");
        }
        drop(stuck);
        drop(settling);
        let written = out.0.lock().expect("no panic");
        let text = String::from_utf8_lossy(&written);
        assert!(text.starts_with("line 0\nline 1\n"), "{text:.100}");
        assert!((LINES..LINES + 100).contains(&text.lines().count()));
    }
}
