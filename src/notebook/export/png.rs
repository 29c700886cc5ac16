//! What a PDF needs to know of an image to show it. The pixels stay compressed as they are: they
//! are never unpacked here, so an image that claims to be huge costs nothing.

/// An image whose compressed pixels a PDF can hold as they are.
pub(super) struct Picture {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) pixels: Pixels,
}

/// How the pixels are compressed, and what they are.
pub(super) enum Pixels {
    Jpeg {
        data: Vec<u8>,
        channels: u8,
    },
    Png {
        data: Vec<u8>,
        bits: u8,
        colors: Colors,
    },
}

/// What a pixel of a PNG is.
pub(super) enum Colors {
    Gray,
    Rgb,
    /// Red, green, blue of each number.
    Palette(Vec<u8>),
    GrayAlpha,
    RgbAlpha,
}

impl Colors {
    /// Returns how many numbers make a pixel.
    pub(super) fn channels(&self) -> i32 {
        match self {
            Self::Gray | Self::Palette(_) => 1,
            Self::GrayAlpha => 2,
            Self::Rgb => 3,
            Self::RgbAlpha => 4,
        }
    }
}

/// The most pixels of a side; printers have no use for more.
const LARGEST: u32 = 30_000;

/// Reads the outside of a PNG; none when it is damaged or interlaced, which a PDF cannot hold.
pub(super) fn png(bytes: &[u8]) -> Option<Picture> {
    let mut rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let mut header: Option<&[u8]> = None;
    let (mut palette, mut data) = (Vec::new(), Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (kind, after) = after.split_first_chunk::<4>()?;
        let content = after.get(..length)?;
        match kind {
            b"IHDR" => header = Some(content),
            b"PLTE" => palette = content.to_vec(),
            b"IDAT" => data.extend_from_slice(content),
            b"IEND" => break,
            _ => {}
        }
        // Behind the content is a checksum.
        rest = after.get(length.checked_add(4)?..)?;
    }
    let &[w0, w1, w2, w3, h0, h1, h2, h3, bits, kind, 0, 0, 0] = header? else {
        return None;
    };
    let (width, height) = (
        u32::from_be_bytes([w0, w1, w2, w3]),
        u32::from_be_bytes([h0, h1, h2, h3]),
    );
    let colors = match (kind, bits) {
        (0, 1 | 2 | 4 | 8 | 16) => Colors::Gray,
        (2, 8 | 16) => Colors::Rgb,
        (3, 1 | 2 | 4 | 8)
            if (3..=768).contains(&palette.len()) && palette.len().is_multiple_of(3) =>
        {
            Colors::Palette(palette)
        }
        (4, 8 | 16) => Colors::GrayAlpha,
        (6, 8 | 16) => Colors::RgbAlpha,
        _ => return None,
    };
    picture(width, height, Pixels::Png { data, bits, colors })
}

/// Reads the outside of a JPEG.
pub(super) fn jpeg(bytes: &[u8]) -> Option<Picture> {
    let mut rest = bytes.strip_prefix(b"\xff\xd8")?;
    loop {
        let (&[mark, kind, high, low], _) = rest.split_first_chunk::<4>()?;
        if mark != 0xff {
            return None;
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        let content = rest.get(4..length.checked_add(2)?)?;
        // Baseline, extended and progressive frames say how large the image is.
        if matches!(kind, 0xc0..=0xc2) {
            let &[8, h0, h1, w0, w1, channels @ (1 | 3), ..] = content else {
                return None;
            };
            let (width, height) = (u16::from_be_bytes([w0, w1]), u16::from_be_bytes([h0, h1]));
            return picture(
                width.into(),
                height.into(),
                Pixels::Jpeg {
                    data: bytes.to_vec(),
                    channels,
                },
            );
        }
        rest = rest.get(length.checked_add(2)?..)?;
    }
}

fn picture(width: u32, height: u32, pixels: Pixels) -> Option<Picture> {
    let fits = |side| (1..=LARGEST).contains(&side);
    (fits(width) && fits(height)).then_some(Picture {
        width,
        height,
        pixels,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns a PNG with this header and palette; its pixels are no pixels.
    pub(crate) fn sample(
        width: u32,
        height: u32,
        bits: u8,
        kind: u8,
        interlaced: u8,
        palette: &[u8],
    ) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut header = Vec::new();
        header.extend(width.to_be_bytes());
        header.extend(height.to_be_bytes());
        header.extend([bits, kind, 0, 0, interlaced]);
        for (name, content) in [
            (b"IHDR", &header[..]),
            (b"PLTE", palette),
            (b"IDAT", b"pixels"),
            (b"IEND", b""),
        ] {
            bytes.extend(
                u32::try_from(content.len())
                    .expect("it is short")
                    .to_be_bytes(),
            );
            bytes.extend(name);
            bytes.extend(content);
            bytes.extend([0; 4]);
        }
        bytes
    }

    #[test]
    fn what_a_pdf_can_hold_is_read_and_all_else_refused() {
        let read = png(&sample(3, 2, 8, 6, 0, b"")).expect("it is right");
        assert_eq!((read.width, read.height), (3, 2));
        assert!(
            matches!(read.pixels, Pixels::Png { ref data, bits: 8, colors: Colors::RgbAlpha } if data == b"pixels")
        );
        assert!(png(&sample(1, 1, 4, 3, 0, &[0; 48])).is_some());
        for (name, bad) in [
            ("interlaced", sample(1, 1, 8, 6, 1, b"")),
            ("huge", sample(65535, 65535, 8, 6, 0, b"")),
            ("empty", sample(0, 1, 8, 6, 0, b"")),
            ("bits", sample(1, 1, 3, 0, 0, b"")),
            ("palette", sample(1, 1, 8, 3, 0, &[0; 4])),
        ] {
            assert!(png(&bad).is_none(), "{name}");
        }
        let whole = sample(3, 2, 8, 2, 0, b"");
        for cut in 0..whole.len() {
            // It must only not panic: pixels that end early are the reader's affair.
            let _ = png(&whole[..cut]);
        }
        assert!(png(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR").is_none());
    }

    #[test]
    fn the_size_of_a_jpeg_stands_in_its_frame() {
        let mut bytes =
            b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x00\x02\x00\x03\x03".to_vec();
        bytes.extend([0; 3]);
        let read = jpeg(&bytes).expect("it is right");
        assert_eq!((read.width, read.height), (3, 2));
        for cut in 0..bytes.len() {
            assert!(jpeg(&bytes[..cut]).is_none());
        }
    }
}
