//! Just enough of Thrift's compact protocol to look at sizes before a real decoder does.
//!
//! Source of the protocol: <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

/// Deepest nesting that Parquet's own structures need is about six.
const MAXIMUM_DEPTH: usize = 24;

pub(crate) const BOOL_TRUE: u8 = 1;
pub(crate) const BOOL_FALSE: u8 = 2;
pub(crate) const I32: u8 = 5;
pub(crate) const LIST: u8 = 9;
pub(crate) const STRUCT: u8 = 12;

/// Reads from the front of a slice; every read is bounds-checked and none means malformed.
pub(crate) struct Cursor<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    /// Returns how many bytes have been read.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.data.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn skip_bytes(&mut self, count: u64) -> Option<()> {
        let count = usize::try_from(count).ok()?;
        let end = self
            .at
            .checked_add(count)
            .filter(|end| *end <= self.data.len())?;
        self.at = end;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// Returns a zigzag number, as i16, i32 and i64 are written.
    pub(crate) fn number(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some(((value >> 1) as i64) ^ -((value & 1) as i64))
    }

    /// Returns the type and count of a list's elements. Each takes a byte at least, so a count beyond
    /// what is left is malformed.
    pub(crate) fn list(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 {
            self.varint()?
        } else {
            u64::from(head >> 4)
        };
        (count <= (self.data.len() - self.at) as u64).then_some((head & 0x0f, count))
    }

    /// Calls `field` with each field's number and type. It reads the value and returns true, or leaves
    /// it and returns false.
    pub(crate) fn structure(
        &mut self,
        depth: usize,
        field: &mut dyn FnMut(&mut Self, i64, u8) -> Option<bool>,
    ) -> Option<()> {
        if depth > MAXIMUM_DEPTH {
            return None;
        }
        let mut id = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            let kind = head & 0x0f;
            id = if head >> 4 == 0 {
                self.number()?
            } else {
                id + i64::from(head >> 4)
            };
            if !field(self, id, kind)? {
                self.skip(kind, depth + 1)?;
            }
        }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            BOOL_TRUE | BOOL_FALSE => Some(()),
            3 => self.skip_bytes(1),
            4..=6 => self.number().map(|_| ()),
            7 => self.skip_bytes(8),
            8 => {
                let length = self.varint()?;
                self.skip_bytes(length)
            }
            LIST | 10 => {
                let (element, count) = self.list()?;
                for _ in 0..count {
                    match element {
                        BOOL_TRUE | BOOL_FALSE => self.skip_bytes(1)?,
                        _ => self.skip(element, depth + 1)?,
                    }
                }
                Some(())
            }
            11 => {
                let count = self.varint()?;
                if count > self.data.len() as u64 {
                    return None;
                }
                if count > 0 {
                    let kinds = self.byte()?;
                    for _ in 0..count {
                        self.skip(kinds >> 4, depth + 1)?;
                        self.skip(kinds & 0x0f, depth + 1)?;
                    }
                }
                Some(())
            }
            STRUCT => self.structure(depth, &mut |_, _, _| Some(false)),
            13 => self.skip_bytes(16),
            _ => None,
        }
    }
}
