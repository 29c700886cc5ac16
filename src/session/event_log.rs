//! The log of what happened, with numbers: a file that is only appended to, and readers that wait
//! for more. A reader holds a number and no buffer, so a slow one costs nothing and misses nothing
//! that is still kept.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::watch;

use super::event::{Draft, Event, Happening, Notice};

/// Bytes of the newest events that are kept in memory too.
const TAIL_BYTES: usize = 256 << 10;

/// Events that are read from the file at once.
const BATCH: usize = 64;

/// An event as it is sent: its number and its JSON, written once for all readers.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) seq: u64,
    pub(crate) json: Bytes,
}

impl Recorded {
    /// Reads the event again.
    pub(crate) fn event(&self) -> Result<Event, serde_json::Error> {
        serde_json::from_slice(&self.json)
    }
}

/// A log.
pub(crate) struct EventLog {
    inner: Mutex<Inner>,
    end: watch::Sender<End>,
}

/// Where a log ends.
#[derive(Debug, Clone, Copy)]
struct End {
    /// The number of the last event.
    last: u64,
    /// There will be no more.
    closed: bool,
}

struct Inner {
    path: PathBuf,
    file: File,
    /// The number of the first event that is kept.
    first: u64,
    /// Where each event begins, from the first that is kept.
    offsets: VecDeque<u64>,
    end: u64,
    /// Bytes above which the older half is dropped.
    limit: u64,
    tail: VecDeque<Recorded>,
    tail_bytes: usize,
}

#[derive(Deserialize)]
struct Numbered {
    seq: u64,
}

impl EventLog {
    /// Opens or creates the log in a file, of which at most `limit` bytes are kept. What a crash
    /// left half-written at its end is cut off: nobody was told of it.
    pub(crate) fn open(path: &Path, limit: u64) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(path)?;
        let mut reader = BufReader::with_capacity(1 << 20, &mut file);
        let (mut offsets, mut end, mut first) = (VecDeque::new(), 0, 1);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line)?;
            if read == 0 || line.last() != Some(&b'\n') {
                break;
            }
            if offsets.is_empty() {
                first = serde_json::from_slice::<Numbered>(&line)?.seq;
            }
            offsets.push_back(end);
            end += read as u64;
        }
        file.set_len(end)?;
        let last = first + offsets.len() as u64 - 1;
        let inner = Inner {
            path: path.to_owned(),
            file,
            first,
            offsets,
            end,
            limit,
            tail: VecDeque::new(),
            tail_bytes: 0,
        };
        let end = End {
            last,
            closed: false,
        };
        Ok(Self {
            inner: Mutex::new(inner),
            end: watch::Sender::new(end),
        })
    }

    /// Returns the number of the last event.
    pub(crate) fn last(&self) -> u64 {
        self.end.borrow().last
    }

    /// Tells the readers that there will be no more.
    pub(crate) fn close(&self) {
        self.end.send_modify(|end| end.closed = true);
    }

    /// Gives an event its number, keeps it, and wakes the readers.
    pub(crate) fn append(&self, draft: Draft) -> io::Result<Recorded> {
        let mut inner = self.inner.lock().expect("no holder panics");
        let seq = inner.first + inner.offsets.len() as u64;
        let event = Event {
            seq,
            time: crate::store::now(),
            draft,
        };
        let mut line = serde_json::to_vec(&event)?;
        let json = Bytes::copy_from_slice(&line);
        line.push(b'\n');
        if let Err(error) = inner.file.write_all(&line) {
            // A part of a line would spoil what comes after it.
            let end = inner.end;
            inner.file.set_len(end)?;
            return Err(error);
        }
        let start = inner.end;
        inner.offsets.push_back(start);
        inner.end += line.len() as u64;
        let recorded = Recorded { seq, json };
        inner.remember(recorded.clone());
        if inner.end > inner.limit {
            inner.shorten()?;
        }
        drop(inner);
        self.end.send_modify(|end| end.last = seq);
        Ok(recorded)
    }

    /// Returns events behind `after`, some at a time; none when there are no more. When older ones
    /// were asked for than are kept, the first is a `gap`.
    fn read(&self, after: u64) -> io::Result<Vec<Recorded>> {
        let inner = self.inner.lock().expect("no holder panics");
        if after + 1 < inner.first {
            let last = inner.first - 1;
            let draft = Draft::of(Happening::Notice(Notice::Gap {
                first: after + 1,
                last,
            }));
            let gap = Event {
                seq: last,
                time: crate::store::now(),
                draft,
            };
            let json = serde_json::to_vec(&gap)?.into();
            return Ok(vec![Recorded { seq: last, json }]);
        }
        if inner
            .tail
            .front()
            .is_some_and(|oldest| oldest.seq <= after + 1)
        {
            let behind = inner.tail.iter().filter(|event| event.seq > after);
            return Ok(behind.cloned().collect());
        }
        let begin = (after + 1 - inner.first) as usize;
        let starts: Vec<u64> = inner
            .offsets
            .iter()
            .skip(begin)
            .take(BATCH + 1)
            .copied()
            .collect();
        let ends = starts.iter().skip(1).copied().chain([inner.end]);
        let mut events = Vec::with_capacity(BATCH);
        for (index, (start, end)) in starts.iter().zip(ends).take(BATCH).enumerate() {
            let mut line = vec![0; (end - start - 1) as usize];
            inner.file.read_exact_at(&mut line, *start)?;
            events.push(Recorded {
                seq: after + 1 + index as u64,
                json: line.into(),
            });
        }
        Ok(events)
    }

    /// Returns a reader of the events behind `after`.
    pub(crate) fn reader(self: &Arc<Self>, after: u64) -> EventReader {
        EventReader {
            log: Arc::clone(self),
            end: self.end.subscribe(),
            after,
            batch: VecDeque::new(),
        }
    }

    /// Returns the events of a range of numbers, as far as they are kept.
    pub(crate) fn range(&self, first: u64, last: u64) -> io::Result<Vec<Event>> {
        let mut events = Vec::new();
        let mut after = first.saturating_sub(1);
        while after < last {
            let batch = self.read(after)?;
            let Some(end) = batch.last() else { break };
            after = end.seq;
            for recorded in batch.into_iter().filter(|recorded| recorded.seq <= last) {
                events.push(recorded.event()?);
            }
        }
        Ok(events)
    }
}

impl Inner {
    fn remember(&mut self, event: Recorded) {
        self.tail_bytes += event.json.len();
        self.tail.push_back(event);
        while self.tail_bytes > TAIL_BYTES && self.tail.len() > 1 {
            if let Some(oldest) = self.tail.pop_front() {
                self.tail_bytes -= oldest.json.len();
            }
        }
    }

    /// Drops the older half of the file.
    fn shorten(&mut self) -> io::Result<()> {
        let half = self.end / 2;
        let drop = self.offsets.partition_point(|offset| *offset < half);
        let drop = drop.min(self.offsets.len() - 1);
        let start = self.offsets[drop];
        let mut kept = Vec::with_capacity((self.end - start) as usize);
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(start))?;
        file.read_to_end(&mut kept)?;
        crate::disk::write_whole(&self.path, &kept)?;
        self.file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(&self.path)?;
        self.first += drop as u64;
        self.offsets.drain(..drop);
        self.offsets.iter_mut().for_each(|offset| *offset -= start);
        self.end -= start;
        Ok(())
    }
}

/// Reads a log from a number on, and waits at its end.
pub(crate) struct EventReader {
    log: Arc<EventLog>,
    end: watch::Receiver<End>,
    after: u64,
    batch: VecDeque<Recorded>,
}

impl EventReader {
    /// Returns the next event; `None` when there will be no more.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Recorded>> {
        loop {
            if let Some(event) = self.batch.pop_front() {
                self.after = event.seq;
                return Ok(Some(event));
            }
            let closed = self.end.borrow_and_update().closed;
            self.batch = self.log.read(self.after)?.into();
            if self.batch.is_empty() && (closed || self.end.changed().await.is_err()) {
                return Ok(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(message: &str) -> Draft {
        let notice = Notice::Log {
            level: "info".into(),
            message: message.into(),
        };
        Draft::of(Happening::Notice(notice))
    }

    fn message(event: &Event) -> String {
        match &event.draft.happening {
            Happening::Notice(Notice::Log { message, .. }) => message.clone(),
            other => format!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_reader_gets_everything_once_from_where_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal");
        let log = Arc::new(EventLog::open(&path, 1 << 20).expect("it opens"));
        for number in 1..=200 {
            log.append(say(&number.to_string())).expect("it is kept");
        }
        drop(log);
        let log = Arc::new(EventLog::open(&path, 1 << 20).expect("it opens"));
        assert_eq!(log.last(), 200);
        let mut reader = log.reader(150);
        let writer = Arc::clone(&log);
        tokio::spawn(async move {
            for number in 201..=300 {
                writer.append(say(&number.to_string())).expect("it is kept");
                tokio::task::yield_now().await;
            }
        });
        for number in 151..=300 {
            let event = reader
                .next()
                .await
                .expect("it reads")
                .expect("there is more");
            assert_eq!(event.seq, number);
            assert_eq!(
                message(&event.event().expect("it is an event")),
                number.to_string()
            );
        }
    }

    #[tokio::test]
    async fn what_is_no_longer_kept_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal");
        let log = Arc::new(EventLog::open(&path, 4096).expect("it opens"));
        for number in 1..=1000 {
            log.append(say(&number.to_string())).expect("it is kept");
        }
        assert!(path.metadata().expect("it is there").len() <= 4096);
        let gap = log
            .reader(0)
            .next()
            .await
            .expect("it reads")
            .expect("a gap");
        let event = gap.event().expect("it is an event");
        let Happening::Notice(Notice::Gap { first: 1, last }) = event.draft.happening else {
            panic!("no gap: {event:?}");
        };
        let rest = log.range(last + 1, 1000).expect("it reads");
        assert_eq!(rest.len() as u64, 1000 - last);
        assert_eq!(rest.last().map(message).as_deref(), Some("1000"));
        let again = EventLog::open(&path, 4096).expect("it opens again");
        assert_eq!(again.last(), 1000);
    }

    #[test]
    fn half_a_line_at_the_end_is_cut_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal");
        let log = EventLog::open(&path, 4096).expect("it opens");
        log.append(say("whole")).expect("it is kept");
        drop(log);
        let mut file = OpenOptions::new()
            .append(true)
            .open(&path)
            .expect("it opens");
        file.write_all(b"{\"seq\":2,\"ti").expect("it is written");
        let log = EventLog::open(&path, 4096).expect("it opens again");
        assert_eq!(log.append(say("next")).expect("it is kept").seq, 2);
        assert_eq!(log.range(1, 2).expect("it reads").len(), 2);
    }
}
