//! Zip archives as nobody should make them: every field can be a lie.

/// An entry. Its data is stored as it is.
#[derive(Clone)]
pub struct Item {
    pub name: Vec<u8>,
    pub data: Vec<u8>,
    /// The Unix mode; 0 for none.
    pub mode: u32,
    pub flags: u16,
    pub method: u16,
    pub extra: Vec<u8>,
    /// What the directory says of the size, if not the truth.
    pub claimed: Option<u64>,
    /// Where the directory says that the entry begins, if not the truth.
    pub offset: Option<u32>,
}

impl Item {
    pub fn new(name: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> Self {
        Self {
            name: name.as_ref().to_vec(),
            data: data.as_ref().to_vec(),
            mode: 0,
            flags: 1 << 11,
            method: 0,
            extra: Vec::new(),
            claimed: None,
            offset: None,
        }
    }

    pub fn mode(self, mode: u32) -> Self {
        Self { mode, ..self }
    }
}

/// Returns the archive of these entries.
pub fn archive(items: &[Item]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for item in items {
        let begin = u32::try_from(bytes.len()).expect("a small archive");
        let size = u32::try_from(item.data.len()).expect("a small entry");
        let claimed = item.claimed.unwrap_or(u64::from(size));
        // Sizes beyond 32 bits are in an extra field, as zip64 has it.
        let (field, mut extra) = match u32::try_from(claimed) {
            Ok(claimed) if claimed != u32::MAX => (claimed, Vec::new()),
            _ => (
                u32::MAX,
                [
                    &1u16.to_le_bytes()[..],
                    &8u16.to_le_bytes(),
                    &claimed.to_le_bytes(),
                ]
                .concat(),
            ),
        };
        extra.extend(&item.extra);
        let crc = crc(&item.data);
        let name = u16::try_from(item.name.len())
            .expect("a short name")
            .to_le_bytes();
        let common = |bytes: &mut Vec<u8>, size_field: u32| {
            bytes.extend(45u16.to_le_bytes());
            bytes.extend(item.flags.to_le_bytes());
            bytes.extend(item.method.to_le_bytes());
            bytes.extend([0, 0, 0x21, 0]);
            bytes.extend(crc.to_le_bytes());
            bytes.extend(size.to_le_bytes());
            bytes.extend(size_field.to_le_bytes());
            bytes.extend(name);
        };
        bytes.extend(b"PK\x03\x04");
        common(&mut bytes, size);
        bytes.extend([0, 0]);
        bytes.extend(&item.name);
        bytes.extend(&item.data);
        directory.extend(b"PK\x01\x02");
        // Made by Unix, so that the mode counts.
        directory.extend([45, 3]);
        common(&mut directory, field);
        directory.extend(u16::try_from(extra.len()).expect("short").to_le_bytes());
        directory.extend([0; 6]);
        directory.extend((item.mode << 16).to_le_bytes());
        directory.extend(item.offset.unwrap_or(begin).to_le_bytes());
        directory.extend(&item.name);
        directory.extend(&extra);
    }
    let begin = u32::try_from(bytes.len()).expect("a small archive");
    let length = u32::try_from(directory.len()).expect("a small directory");
    let count = u16::try_from(items.len())
        .expect("few entries")
        .to_le_bytes();
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count);
    bytes.extend(count);
    bytes.extend(length.to_le_bytes());
    bytes.extend(begin.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// CRC-32 as zip has it.
fn crc(data: &[u8]) -> u32 {
    !data.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
