//! The log of what happened, with numbers: a file that is only appended to, and readers that wait
//! for more. A reader holds a number and no buffer, so a slow one costs nothing and misses nothing
//! that is still kept.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::watch;

use super::event::{Draft, Event, Happening, Notice};
use super::journal::Journal;

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
    journal: Journal,
    tail: VecDeque<Recorded>,
    tail_bytes: usize,
}

impl EventLog {
    /// Opens or creates the log in a file, of which at most `limit` bytes are kept.
    pub(crate) fn open(path: &Path, limit: u64) -> io::Result<Self> {
        let inner = Inner {
            journal: Journal::open(path, limit)?,
            tail: VecDeque::new(),
            tail_bytes: 0,
        };
        let end = End {
            last: inner.journal.last(),
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

    /// Returns the number of the first event that is kept, or of the next if none is.
    pub(crate) fn first(&self) -> u64 {
        let inner = self.inner.lock().expect("no holder panics");
        inner.journal.first()
    }

    /// Tells the readers that there will be no more.
    pub(crate) fn close(&self) {
        self.end.send_modify(|end| end.closed = true);
    }

    /// Gives an event its number, keeps it, and wakes the readers. While the disk takes nothing, a
    /// notice is kept in memory, and an output as long as there is room.
    pub(crate) fn append(&self, draft: Draft) -> io::Result<Recorded> {
        let mut inner = self.inner.lock().expect("no holder panics");
        let seq = inner.journal.last() + 1;
        let is_output = matches!(draft.happening, Happening::Kernel(_));
        let event = Event {
            seq,
            time: crate::store::now(),
            draft,
        };
        let json = serde_json::to_vec(&event)?.into();
        let recorded = Recorded { seq, json };
        inner.journal.keep(&recorded, is_output)?;
        inner.remember(recorded.clone());
        drop(inner);
        self.end.send_modify(|end| end.last = seq);
        Ok(recorded)
    }

    /// Writes down what waits in memory because the disk did not take it.
    pub(crate) fn settle(&self) -> io::Result<()> {
        let mut inner = self.inner.lock().expect("no holder panics");
        inner.journal.settled().map(drop)
    }

    /// Makes sure that all events are on the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        let file = {
            let mut inner = self.inner.lock().expect("no holder panics");
            inner.journal.settled()?
        };
        // Nobody waits for the disk to append.
        file.sync_data().inspect_err(|_| {
            let mut inner = self.inner.lock().expect("no holder panics");
            inner.journal.doubt(&file);
        })
    }

    /// Returns events behind `after`, some at a time; none when there are no more. When older ones
    /// were asked for than are kept, the first is a `gap`.
    fn read(&self, after: u64) -> io::Result<Vec<Recorded>> {
        let inner = self.inner.lock().expect("no holder panics");
        let first = inner.journal.first();
        if after + 1 < first {
            return Ok(vec![gap(first - 1, after + 1, first - 1)?]);
        }
        if inner
            .tail
            .front()
            .is_some_and(|oldest| oldest.seq <= after + 1)
        {
            let behind = inner.tail.iter().filter(|event| event.seq > after);
            return Ok(behind.cloned().collect());
        }
        inner.journal.read(after, BATCH)
    }

    /// Returns a reader of the events behind `after`. Who has seen more than there is, because the
    /// machine lost the newest when it stopped, is told so by a `gap` that has the number of the last
    /// event there is, and gets what comes from now on.
    pub(crate) fn reader(self: &Arc<Self>, after: u64) -> EventReader {
        let last = self.last();
        EventReader {
            log: Arc::clone(self),
            end: self.end.subscribe(),
            after: after.min(last),
            ahead: (after > last).then_some(after),
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
}

/// Returns the event that tells, at a place in the log, that those of some numbers are not there.
fn gap(seq: u64, first: u64, last: u64) -> io::Result<Recorded> {
    let event = Event {
        seq,
        time: crate::store::now(),
        draft: Draft::of(Happening::Notice(Notice::Gap { first, last })),
    };
    let json = serde_json::to_vec(&event)?.into();
    Ok(Recorded { seq, json })
}

/// Reads a log from a number on, and waits at its end.
pub(crate) struct EventReader {
    log: Arc<EventLog>,
    end: watch::Receiver<End>,
    after: u64,
    /// What the reader has seen, as it says, and is not there.
    ahead: Option<u64>,
    batch: VecDeque<Recorded>,
}

impl EventReader {
    /// Returns the next event; `None` when there will be no more.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Recorded>> {
        if let Some(ahead) = self.ahead.take() {
            return gap(self.after, self.after + 1, ahead).map(Some);
        }
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
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;

    fn say(message: &str) -> Draft {
        Draft::of(Happening::Notice(Notice::log("info", message)))
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

    #[tokio::test]
    async fn who_saw_more_than_there_is_is_told_and_goes_on_from_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = EventLog::open(&folder.path().join("journal"), 4096).expect("it opens");
        let log = Arc::new(log);
        log.append(say("one")).expect("it is kept");
        for ahead in [0, 1, u64::MAX] {
            let end = log.last();
            let after = end.saturating_add(ahead);
            let mut reader = log.reader(after);
            log.append(say("next")).expect("it is kept");
            if ahead > 0 {
                let gap = reader.next().await.expect("it reads").expect("a gap");
                assert_eq!(gap.seq, end);
                let event = gap.event().expect("it is an event");
                let Happening::Notice(Notice::Gap { first, last }) = event.draft.happening else {
                    panic!("no gap: {event:?}");
                };
                assert_eq!((first, last), (end + 1, after));
            }
            let next = reader.next().await.expect("it reads").expect("an event");
            assert_eq!(next.seq, end + 1);
        }
    }

    #[test]
    fn what_is_not_whole_is_cut_off_with_all_behind_it() {
        let half: &[u8] = b"{\"seq\":2,\"ti";
        // The third line was on the disk before the second.
        let lost: &[u8] = b"\0\0\0\0\0\0\0\0\n{\"seq\":3}\n";
        let torn: &[u8] = b"{\"seq\":2,\0\0\0\0\n{\"seq\":3}\n";
        for left in [half, lost, torn] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("journal");
            let log = EventLog::open(&path, 4096).expect("it opens");
            log.append(say("whole")).expect("it is kept");
            drop(log);
            let mut file = OpenOptions::new()
                .append(true)
                .open(&path)
                .expect("it opens");
            file.write_all(left).expect("it is written");
            let log = EventLog::open(&path, 4096).expect("it opens again");
            assert_eq!(log.append(say("next")).expect("it is kept").seq, 2);
            let kept = log.range(1, 2).expect("it reads");
            let kept: Vec<String> = kept.iter().map(message).collect();
            assert_eq!(kept, ["whole", "next"]);
        }
    }
}
