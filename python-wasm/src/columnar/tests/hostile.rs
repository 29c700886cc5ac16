//! Files and frames that lie, each beside one that does not.

use proptest::prelude::*;

use super::*;

#[test]
fn what_needs_too_much_memory_is_refused() {
    let frame = numbers(100_000);
    for format in FORMATS {
        let file = Bytes::from(file_of(format, Compression::Default, &frame));
        let refused = read(
            format,
            Source::Memory(file.clone()),
            &ReadRequest::new(10_000),
        )
        .unwrap_err();
        assert!(
            matches!(
                refused,
                ColumnarError::TooLarge { .. } | ColumnarError::Damaged { .. }
            ),
            "{refused}"
        );
        // The control.
        assert!(read(format, Source::Memory(file), &ReadRequest::new(LIMIT)).is_ok());
    }
}

#[test]
fn a_row_larger_than_an_answer_is_refused() {
    let text = vec![b'x'; 100_000];
    let ends = offsets(&[0, 100_000]);
    let columns = vec![column(
        "text",
        Kind::String,
        1,
        &[&[], &ends, &text],
        Vec::new(),
    )];
    let header = FrameHeader {
        rows: 1,
        first_row: 0,
        total_rows: 1,
        columns,
        pandas: None,
    };
    let frame = Frame {
        header,
        body: [ends, text].concat(),
    };
    for format in FORMATS {
        let file = Bytes::from(file_of(format, Compression::Zstd, &frame));
        let request = ReadRequest {
            answer_bytes: 50_000,
            ..ReadRequest::new(LIMIT)
        };
        let refused = read(format, Source::Memory(file), &request).unwrap_err();
        assert!(
            matches!(&refused, ColumnarError::TooLarge { what, .. } if what == "one row"),
            "{refused}"
        );
    }
}

#[test]
fn one_long_value_repeated_is_cut_into_answers() {
    // A dictionary of one 1 MB value for 2,000 rows: 2 GB if it were copied out.
    let text = vec![b'x'; 1_000_000];
    let codes = offsets(&[0; 2000]);
    let ends = offsets(&[0, 1_000_000]);
    let categories = column(
        "categories",
        Kind::String,
        1,
        &[&[], &ends, &text],
        Vec::new(),
    );
    let columns = vec![column(
        "text",
        Kind::Categorical,
        2000,
        &[&[], &codes],
        vec![categories],
    )];
    let header = FrameHeader {
        rows: 2000,
        first_row: 0,
        total_rows: 2000,
        columns,
        pandas: None,
    };
    let file = file_of(
        Format::Parquet,
        Compression::Zstd,
        &Frame {
            header,
            body: [codes, ends, text].concat(),
        },
    );
    assert!(file.len() < 10_000_000);
    let answer = read_all(Format::Parquet, &file).unwrap();
    assert!(answer.body.len() <= ANSWER_BYTES);
}

fn footer_of(file: &[u8]) -> (usize, Vec<u8>) {
    let length =
        u32::from_le_bytes(file[file.len() - 8..file.len() - 4].try_into().unwrap()) as usize;
    let start = file.len() - 8 - length;
    (start, file[start..file.len() - 8].to_vec())
}

fn with_footer(footer: &[u8]) -> Vec<u8> {
    let mut file = b"PAR1".to_vec();
    file.extend_from_slice(footer);
    file.extend((footer.len() as u32).to_le_bytes());
    file.extend(b"PAR1");
    file
}

#[test]
fn a_schema_that_is_deep_or_claims_children_is_refused() {
    // Field 1: version 1. Field 2: a list of schema elements, each a group called "a" with one child.
    let schema = |levels: u32, children: &[u8]| {
        let mut footer = vec![0x15, 0x02, 0x19, 0xfc];
        let mut count = levels;
        while count >= 0x80 {
            footer.push((count & 0x7f) as u8 | 0x80);
            count >>= 7;
        }
        footer.push(count as u8);
        for _ in 0..levels {
            footer.extend([0x48, 0x01, b'a', 0x15]);
            footer.extend(children);
            footer.push(0);
        }
        footer.push(0);
        footer
    };
    for footer in [
        schema(100_000, &[0x02]),
        schema(20, &[0xfe, 0xff, 0xff, 0xff, 0x0f]),
    ] {
        let refused = read_all(Format::Parquet, &with_footer(&footer)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the Parquet file cannot be read: its footer is malformed, or its schema is nested too deeply"
        );
    }
    // The control: the footer that a writer made passes the same check.
    let (_, footer) = footer_of(&file_of(Format::Parquet, Compression::None, &every_kind()));
    page_check::check_footer(&footer).unwrap();
}

#[test]
fn a_gzip_page_that_is_larger_than_it_says_is_refused() {
    use std::io::Write;
    let file = file_of(Format::Parquet, Compression::Gzip, &numbers(200_000));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&vec![0; 32 << 20]).unwrap();
    let packed = packed.finish().unwrap();
    // The first page's stream is the first gzip magic in the file; the bomb is written over it and what follows.
    let at = file
        .windows(3)
        .position(|window| window == [0x1f, 0x8b, 8])
        .unwrap();
    let mut bomb = file.clone();
    bomb[at..at + packed.len()].copy_from_slice(&packed);
    let refused = read_all(Format::Parquet, &bomb).unwrap_err().to_string();
    assert!(
        refused.contains("has a page larger than it says"),
        "{refused}"
    );
    assert!(read_all(Format::Parquet, &file).is_ok());
}

#[test]
fn a_feather_buffer_that_claims_more_than_the_limit_is_refused() {
    let file = file_of(Format::Feather, Compression::Zstd, &numbers(100_000));
    let stated = 800_000_i64.to_le_bytes();
    let at = file.windows(8).position(|window| window == stated).unwrap();
    let mut bomb = file.clone();
    bomb[at..at + 8].copy_from_slice(&(1_i64 << 45).to_le_bytes());
    let refused = read_all(Format::Feather, &bomb).unwrap_err();
    assert!(
        matches!(&refused, ColumnarError::TooLarge { what, .. } if what == "one record batch"),
        "{refused}"
    );
    assert!(read_all(Format::Feather, &file).is_ok());
}

#[test]
fn files_of_another_kind_are_named() {
    let refusal = |format, bytes: &[u8]| read_all(format, bytes).unwrap_err().to_string();
    assert_eq!(
        refusal(Format::Parquet, b""),
        "the Parquet file cannot be read: it is too short"
    );
    assert_eq!(
        refusal(Format::Parquet, b"a,b\n1,2\n3,4\n5,6\n"),
        "the Parquet file cannot be read: it does not end with PAR1"
    );
    assert_eq!(
        refusal(Format::Feather, b"a,b\n1,2\n3,4\n5,6\n7,8\n"),
        "the Feather file cannot be read: it does not begin with ARROW1"
    );
    assert!(
        refusal(Format::Feather, &[b"FEA1".as_slice(), &[0; 32]].concat())
            .starts_with("Feather version 1")
    );
}

#[test]
fn a_frame_that_does_not_fit_together_is_refused() {
    let refused = |change: &dyn Fn(&mut Frame)| {
        let mut frame = every_kind();
        change(&mut frame);
        write(
            Format::Feather,
            Compression::None,
            &FrameView {
                header: &frame.header,
                body: &frame.body,
            },
        )
        .map(|_| "accepted")
        .unwrap_err()
        .python_type()
    };
    assert_eq!(refused(&|frame| frame.body.push(0)), "ValueError");
    assert_eq!(refused(&|frame| frame.header.rows = 4), "ValueError");
    assert_eq!(
        refused(&|frame| frame.header.columns[0].buffers[1] = u64::MAX),
        "ValueError"
    );
    assert_eq!(
        refused(&|frame| frame.header.columns[0].rows = u64::MAX),
        "ValueError"
    );
    assert_eq!(
        refused(&|frame| frame.header.columns[0].children = frame.header.columns.clone()),
        "ValueError"
    );
    let decimal = |frame: &mut Frame, digits| {
        let decimal = frame
            .header
            .columns
            .iter_mut()
            .find(|column| column.kind == Kind::Decimal)
            .unwrap();
        decimal.precision = digits;
    };
    assert_eq!(refused(&|frame| decimal(frame, None)), "ValueError");
    assert_eq!(refused(&|frame| decimal(frame, Some(2))), "ValueError");
    assert_eq!(refused(&|frame| decimal(frame, Some(200))), "ValueError");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn changed_files_never_panic(
        parquet in any::<bool>(),
        codec in 0..5_usize,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        near_the_end in any::<bool>(),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let format = if parquet { Format::Parquet } else { Format::Feather };
        let codecs = [Compression::None, Compression::Lz4, Compression::Zstd, Compression::Snappy, Compression::Gzip];
        let mut file = file_of(format, codecs[if parquet { codec } else { codec % 3 }], &every_kind());
        let start = if near_the_end { footer_of_any(&file) } else { 0 };
        for (index, value) in flips {
            let at = start + index.index(file.len() - start);
            file[at] ^= value;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        let _ = read_all(format, &file);
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0..3) {
        let file = match kind {
            0 => with_footer(&bytes),
            1 => [b"ARROW1\0\0".as_slice(), &bytes, &(bytes.len() as u32).to_le_bytes(), b"ARROW1"].concat(),
            _ => bytes,
        };
        let _ = read_all(Format::Parquet, &file);
        let _ = read_all(Format::Feather, &file);
    }

    #[test]
    fn changed_frames_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        parquet in any::<bool>(),
    ) {
        let mut frame = every_kind();
        for (index, value) in changes {
            let at = index.index(frame.body.len());
            frame.body[at] ^= value;
        }
        let format = if parquet { Format::Parquet } else { Format::Feather };
        let _ = write(format, Compression::Default, &FrameView { header: &frame.header, body: &frame.body });
    }
}

fn footer_of_any(file: &[u8]) -> usize {
    file.len()
        - file.len().min(if file.ends_with(b"PAR1") {
            file.len() - footer_of(file).0
        } else {
            4000
        })
}
