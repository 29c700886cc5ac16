//! The file of a log: lines that are only appended. What the disk does not take waits in memory.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::event_log::Recorded;

/// Bytes of events that wait in memory while the disk takes none; outputs beyond are lost.
const WAITING_BYTES: usize = 4 << 20;

/// How long a disk that refused is left alone.
const REST: Duration = Duration::from_millis(500);

/// A journal.
pub(super) struct Journal {
    path: PathBuf,
    file: Arc<File>,
    /// What the file has is not certain: a part of a line may be at its end, or a sync has failed
    /// and would say nothing the next time. It is written anew before it is relied on.
    doubtful: bool,
    /// Until when the disk is not tried again, and why.
    resting: Option<(Instant, io::ErrorKind)>,
    /// The number of the first event that is kept.
    first: u64,
    /// Where each event in the file begins, from the first that is kept.
    offsets: VecDeque<u64>,
    end: u64,
    /// Bytes above which the older half is dropped.
    limit: u64,
    /// What the disk has not taken, behind what is in the file.
    waiting: VecDeque<Recorded>,
    waiting_bytes: usize,
}

#[derive(Deserialize)]
struct Numbered {
    seq: u64,
}

impl Journal {
    /// Opens or creates a journal, of which at most `limit` bytes are kept. What a crash left
    /// half-written at its end is cut off: nobody relied on it. Where a power loss took a write and
    /// left a later one there are zeros, which no event has.
    pub(super) fn open(path: &Path, limit: u64) -> io::Result<Self> {
        let mut file = append(path)?;
        if file.metadata()?.len() == 0 {
            // It may be new; syncing it alone would not keep its name.
            crate::disk::sync_folder(path.parent().unwrap_or(Path::new(".")))?;
        }
        let mut reader = BufReader::with_capacity(1 << 20, &mut file);
        let (mut offsets, mut end, mut first) = (VecDeque::new(), 0, 1);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line)?;
            if read == 0 || line.last() != Some(&b'\n') || line.contains(&0) {
                break;
            }
            if offsets.is_empty() {
                first = serde_json::from_slice::<Numbered>(&line)?.seq;
            }
            offsets.push_back(end);
            end += read as u64;
        }
        if file.metadata()?.len() != end {
            file.set_len(end)?;
        }
        Ok(Self {
            path: path.to_owned(),
            file: Arc::new(file),
            doubtful: false,
            resting: None,
            first,
            offsets,
            end,
            limit,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
        })
    }

    /// Returns the number of the first event that is kept.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// Returns the number of the last event.
    pub(super) fn last(&self) -> u64 {
        self.first + (self.offsets.len() + self.waiting.len()) as u64 - 1
    }

    /// Keeps an event, in memory while the disk takes nothing. There one that may be lost is refused
    /// when there is no room for it.
    pub(super) fn keep(&mut self, event: &Recorded, may_be_lost: bool) -> io::Result<()> {
        if let Err(error) = self.save_waiting().and_then(|()| self.save(event)) {
            if may_be_lost && self.waiting_bytes > WAITING_BYTES {
                return Err(error);
            }
            if self.waiting.is_empty() {
                tracing::error!(journal = %self.path.display(), %error, "events cannot be written down and wait in memory");
            }
            self.waiting_bytes += event.json.len();
            self.waiting.push_back(event.clone());
        } else if self.end > self.limit
            && let Err(error) = self.shorten()
        {
            tracing::warn!(journal = %self.path.display(), %error, "a journal cannot be shortened now");
        }
        Ok(())
    }

    /// Returns the file with all events in it, to be synced.
    pub(super) fn settled(&mut self) -> io::Result<Arc<File>> {
        self.save_waiting()?;
        Ok(Arc::clone(&self.file))
    }

    /// A sync of this file failed: what it has is not relied on any more.
    pub(super) fn doubt(&mut self, file: &Arc<File>) {
        // A shortened journal is another file, and was synced.
        self.doubtful |= Arc::ptr_eq(file, &self.file);
    }

    /// Returns up to `most` events behind `after`, which is at least the one before the first.
    pub(super) fn read(&self, after: u64, most: usize) -> io::Result<Vec<Recorded>> {
        let begin = (after + 1 - self.first) as usize;
        if begin >= self.offsets.len() {
            let behind = self.waiting.iter().filter(|event| event.seq > after);
            return Ok(behind.take(most).cloned().collect());
        }
        let starts: Vec<u64> = self
            .offsets
            .iter()
            .skip(begin)
            .take(most + 1)
            .copied()
            .collect();
        let ends = starts.iter().skip(1).copied().chain([self.end]);
        let mut events = Vec::with_capacity(most);
        for (index, (start, end)) in starts.iter().zip(ends).take(most).enumerate() {
            let mut line = vec![0; (end - start - 1) as usize];
            self.file.read_exact_at(&mut line, *start)?;
            events.push(Recorded {
                seq: after + 1 + index as u64,
                json: line.into(),
            });
        }
        Ok(events)
    }

    /// Writes an event to the file.
    fn save(&mut self, event: &Recorded) -> io::Result<()> {
        let mut line = Vec::with_capacity(event.json.len() + 1);
        line.extend_from_slice(&event.json);
        line.push(b'\n');
        if let Err(error) = (&*self.file).write_all(&line) {
            // A part of a line would spoil what comes after it.
            self.doubtful |= self.file.set_len(self.end).is_err();
            self.resting = Some((Instant::now() + REST, error.kind()));
            return Err(error);
        }
        self.offsets.push_back(self.end);
        self.end += line.len() as u64;
        Ok(())
    }

    /// Writes what the disk has not taken before.
    fn save_waiting(&mut self) -> io::Result<()> {
        if let Some((until, kind)) = self.resting.take()
            && Instant::now() < until
        {
            self.resting = Some((until, kind));
            return Err(kind.into());
        }
        if self.doubtful {
            self.keep_from(0)?;
        }
        while let Some(event) = self.waiting.pop_front() {
            if let Err(error) = self.save(&event) {
                self.waiting.push_front(event);
                return Err(error);
            }
            self.waiting_bytes -= event.json.len();
        }
        Ok(())
    }

    /// Drops the older half of the file.
    fn shorten(&mut self) -> io::Result<()> {
        let half = self.end / 2;
        let drop = self.offsets.partition_point(|offset| *offset < half);
        self.keep_from(drop.min(self.offsets.len() - 1))
    }

    /// Writes the file anew from an event on.
    fn keep_from(&mut self, drop: usize) -> io::Result<()> {
        let start = self.offsets.get(drop).copied().unwrap_or(0);
        let mut kept = vec![0; (self.end - start) as usize];
        self.file.read_exact_at(&mut kept, start)?;
        // Until it is open again, the file with this name is not the one that is written to.
        self.doubtful = true;
        match crate::disk::write_whole(&self.path, &kept).and_then(|()| append(&self.path)) {
            Ok(file) => self.file = Arc::new(file),
            Err(error) => {
                self.resting = Some((Instant::now() + REST, error.kind()));
                return Err(error);
            }
        }
        self.doubtful = false;
        self.first += drop as u64;
        self.offsets.drain(..drop);
        self.offsets.iter_mut().for_each(|offset| *offset -= start);
        self.end -= start;
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .open(path)
}
