//! How much a cell may show.

use jupyter_protocol::{Stdio, StreamContent};

use crate::event::Event;
use crate::wasi::OutputStream;

/// A cell's budget of text and of rich output, and text that came past Python.
pub(crate) struct Output {
    text_limit: u64,
    display_limit: u64,
    text_left: u64,
    display_left: u64,
    text_noted: bool,
    display_noted: bool,
    /// Displays that were left out since the note.
    display_dropped: u64,
    raw: Vec<(OutputStream, Vec<u8>)>,
    raw_bytes: usize,
}

/// Changes between the two streams that are kept apart until the text is passed on.
const RAW_PIECES: usize = 1000;

/// What becomes of an event.
pub(crate) enum Verdict {
    /// It is shown.
    Show(Event),
    /// The limit is reached just now: this note is shown instead.
    Note(Event),
    /// The limit was reached before.
    Drop,
}

impl Output {
    /// Returns an empty budget with its limits in bytes.
    pub(crate) fn new(text_limit: u64, display_limit: u64) -> Self {
        Self {
            text_limit,
            display_limit,
            text_left: text_limit,
            display_left: display_limit,
            text_noted: false,
            display_noted: false,
            display_dropped: 0,
            raw: Vec::new(),
            raw_bytes: 0,
        }
    }

    /// Begins a new cell.
    pub(crate) fn renew(&mut self) {
        *self = Self::new(self.text_limit, self.display_limit);
    }

    /// Takes bytes written to descriptor 1 or 2 without Python's streams; what exceeds the
    /// budget is not kept.
    pub(crate) fn raw(&mut self, stream: OutputStream, bytes: &[u8]) {
        // One byte more than the budget, so that the cut is noticed.
        let room = (self.text_left as usize + 1)
            .saturating_sub(self.raw_bytes)
            .min(bytes.len());
        if room == 0 {
            return;
        }
        self.raw_bytes += room;
        let bytes = &bytes[..room];
        // A guest that changes the stream with every byte gets the rest in one piece.
        let full = self.raw.len() >= RAW_PIECES;
        match self.raw.last_mut() {
            Some((last, held)) if full || *last == stream => held.extend_from_slice(bytes),
            Some(_) | None => self.raw.push((stream, bytes.to_vec())),
        }
    }

    /// Returns the raw text so far as events, each with its size.
    pub(crate) fn take_raw(&mut self) -> Vec<(Event, u64)> {
        self.raw_bytes = 0;
        std::mem::take(&mut self.raw)
            .into_iter()
            .map(|(stream, bytes)| {
                let name = match stream {
                    OutputStream::Stdout => Stdio::Stdout,
                    OutputStream::Stderr => Stdio::Stderr,
                };
                let size = bytes.len() as u64;
                let text = String::from_utf8_lossy(&bytes).into_owned();
                (Event::Stream(StreamContent { name, text }), size)
            })
            .collect()
    }

    /// Decides about an event of `bytes` bytes.
    pub(crate) fn admit(&mut self, event: Event, bytes: u64) -> Verdict {
        match event {
            Event::Stream(stream) => self.admit_text(stream),
            Event::DisplayData(_)
            | Event::UpdateDisplayData(_)
            | Event::ExecuteResult(_)
            | Event::CommOpen(_)
            | Event::CommMsg(_)
            | Event::CommClose(_) => self.admit_display(event, bytes),
            // Small, and a cell's end must not get lost.
            Event::Error(_) | Event::ClearOutput(_) | Event::InputRequest(_) => {
                Verdict::Show(event)
            }
        }
    }

    fn admit_text(&mut self, mut stream: StreamContent) -> Verdict {
        let bytes = stream.text.len() as u64;
        if bytes <= self.text_left {
            self.text_left -= bytes;
            return Verdict::Show(Event::Stream(stream));
        }
        if std::mem::replace(&mut self.text_noted, true) {
            return Verdict::Drop;
        }
        let mut cut = self.text_left as usize;
        while !stream.text.is_char_boundary(cut) {
            cut -= 1;
        }
        self.text_left = 0;
        stream.text.truncate(cut);
        stream.text.push_str(&format!(
            "\n[The cell's text output reached its limit of {} bytes; the rest is not shown.]\n",
            self.text_limit
        ));
        Verdict::Note(Event::Stream(stream))
    }

    fn admit_display(&mut self, event: Event, bytes: u64) -> Verdict {
        if bytes <= self.display_left {
            self.display_left -= bytes;
            return Verdict::Show(event);
        }
        if std::mem::replace(&mut self.display_noted, true) {
            self.display_dropped += 1;
            return Verdict::Drop;
        }
        Verdict::Note(note(format!(
            "[An output of {bytes} bytes is not shown: the cell may show {} bytes (`display_bytes`) and has {} left.]\n",
            self.display_limit, self.display_left
        )))
    }

    /// Returns what is to be said at the cell's end of the displays that were left out without a
    /// note of their own.
    pub(crate) fn left_out(&mut self) -> Option<Event> {
        let text = match std::mem::take(&mut self.display_dropped) {
            0 => return None,
            1 => "[1 more output is not shown for the same limit.]\n".into(),
            more => format!("[{more} more outputs are not shown for the same limit.]\n"),
        };
        Some(note(text))
    }
}

fn note(text: String) -> Event {
    Event::Stream(StreamContent {
        name: Stdio::Stderr,
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Event {
        Event::Stream(StreamContent {
            name: Stdio::Stdout,
            text: text.into(),
        })
    }

    #[test]
    fn text_is_cut_at_the_limit_with_one_note() {
        let mut output = Output::new(5, 5);
        assert!(matches!(output.admit(text("abc"), 3), Verdict::Show(_)));
        let Verdict::Note(Event::Stream(note)) = output.admit(text("dé-f"), 5) else {
            panic!("no note")
        };
        assert!(
            note.text
                .starts_with("d\n[The cell's text output reached its limit of 5 bytes"),
            "{}",
            note.text
        );
        assert!(matches!(output.admit(text("more"), 4), Verdict::Drop));
        output.renew();
        assert!(matches!(output.admit(text("again"), 5), Verdict::Show(_)));
    }

    #[test]
    fn raw_text_is_bounded_before_it_is_kept() {
        let mut output = Output::new(4, 4);
        for _ in 0..1000 {
            output.raw(OutputStream::Stdout, b"0123456789");
        }
        let raw = output.take_raw();
        assert_eq!(raw.iter().map(|(_, bytes)| bytes).sum::<u64>(), 5);
    }

    #[test]
    fn raw_text_that_changes_the_stream_with_every_byte_is_kept_in_few_pieces() {
        let mut output = Output::new(1 << 20, 4);
        for _ in 0..(1 << 19) {
            output.raw(OutputStream::Stdout, b"o");
            output.raw(OutputStream::Stderr, b"e");
        }
        let raw = output.take_raw();
        assert_eq!(raw.len(), RAW_PIECES);
        assert_eq!(raw.iter().map(|(_, bytes)| bytes).sum::<u64>(), 1 << 20);
        // What was passed on makes room for what follows.
        output.raw(OutputStream::Stdout, b"again");
        assert_eq!(output.take_raw().len(), 1);
    }

    #[test]
    fn a_large_display_is_replaced_by_a_note() {
        let mut output = Output::new(5, 5);
        let display = Event::DisplayData(Default::default());
        assert!(matches!(
            output.admit(display.clone(), 6),
            Verdict::Note(Event::Stream(_))
        ));
        assert!(output.left_out().is_none());
        for _ in 0..2 {
            assert!(matches!(output.admit(display.clone(), 6), Verdict::Drop));
        }
        assert!(matches!(output.admit(display, 5), Verdict::Show(_)));
        let Some(Event::Stream(rest)) = output.left_out() else {
            panic!("nothing is said of the others")
        };
        assert!(rest.text.starts_with("[2 more outputs"), "{}", rest.text);
        assert!(output.left_out().is_none());
    }
}
