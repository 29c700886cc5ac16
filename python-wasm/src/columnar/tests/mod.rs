//! Tables there and back.

mod hostile;

use serde_json::json;

use super::*;

const LIMIT: u64 = 64 << 20;
const FORMATS: [Format; 2] = [Format::Parquet, Format::Feather];

fn column(name: &str, kind: Kind, rows: u64, buffers: &[&[u8]], children: Vec<Column>) -> Column {
    Column {
        name: name.to_owned(),
        kind,
        rows,
        nulls: 0,
        buffers: buffers.iter().map(|buffer| buffer.len() as u64).collect(),
        unit: None,
        timezone: None,
        precision: None,
        scale: None,
        ordered: false,
        extension: Default::default(),
        children,
    }
}

fn bytes_of<const N: usize>(values: impl IntoIterator<Item = [u8; N]>) -> Vec<u8> {
    values.into_iter().flatten().collect()
}

fn offsets(values: &[i32]) -> Vec<u8> {
    bytes_of(values.iter().map(|value| value.to_le_bytes()))
}

/// Three rows of every kind, the second one missing where the kind can be missing.
fn every_kind() -> Frame {
    let mut columns = Vec::new();
    let mut body = Vec::new();
    let mut add = |mut made: Column, buffers: &[&[u8]]| {
        made.nulls = u64::from(!buffers[0].is_empty());
        for buffer in buffers {
            body.extend_from_slice(buffer);
        }
        columns.push(made);
    };
    let valid: &[u8] = &[1, 0, 1];
    let fixed = [
        (Kind::Bool, vec![1, 0, 1]),
        (Kind::Int8, vec![1, 0, 255]),
        (Kind::UInt8, vec![1, 0, 255]),
        (Kind::Int16, bytes_of([1_i16, 0, -3].map(i16::to_le_bytes))),
        (Kind::UInt16, bytes_of([1_u16, 0, 3].map(u16::to_le_bytes))),
        (Kind::Float16, vec![0, 0x3c, 0, 0, 0, 0x40]),
        (Kind::Int32, bytes_of([1_i32, 0, -3].map(i32::to_le_bytes))),
        (Kind::UInt32, bytes_of([1_u32, 0, 3].map(u32::to_le_bytes))),
        (
            Kind::Float32,
            bytes_of([1.5_f32, 0.0, -3.0].map(f32::to_le_bytes)),
        ),
        (Kind::Date, bytes_of([1_i32, 0, -3].map(i32::to_le_bytes))),
        (
            Kind::Int64,
            bytes_of([1_i64, 0, i64::MIN].map(i64::to_le_bytes)),
        ),
        (
            Kind::UInt64,
            bytes_of([1_u64, 0, u64::MAX].map(u64::to_le_bytes)),
        ),
        (
            Kind::Float64,
            bytes_of([1.5_f64, 0.0, f64::INFINITY].map(f64::to_le_bytes)),
        ),
    ];
    for (kind, data) in &fixed {
        let buffers = [valid, data];
        add(
            column(&format!("{kind:?}"), *kind, 3, &buffers, Vec::new()),
            &buffers,
        );
    }
    let ticks = bytes_of([1_000_i64, 0, 86_399_000].map(i64::to_le_bytes));
    for (kind, unit, timezone) in [
        (Kind::DateTime, TimeUnit::Millisecond, None),
        (Kind::DateTime, TimeUnit::Microsecond, Some("Europe/Berlin")),
        (Kind::DateTime, TimeUnit::Nanosecond, None),
        (Kind::TimeDelta, TimeUnit::Second, None),
        (Kind::TimeDelta, TimeUnit::Nanosecond, None),
        (Kind::Time, TimeUnit::Microsecond, None),
    ] {
        let buffers = [valid, &ticks];
        let mut made = column(&format!("{kind:?} {unit:?}"), kind, 3, &buffers, Vec::new());
        made.unit = Some(unit);
        made.timezone = timezone.map(ToOwned::to_owned);
        add(made, &buffers);
    }
    let ends = offsets(&[0, 4, 4, 5]);
    for (kind, data) in [
        (Kind::String, "aüb!".as_bytes()),
        (Kind::Binary, &[0, 255, 1, 2, 3]),
    ] {
        let buffers = [valid, &ends, data];
        add(
            column(&format!("{kind:?}"), kind, 3, &buffers, Vec::new()),
            &buffers,
        );
    }
    let decimals = [valid, &offsets(&[0, 4, 4, 9]), b"1.50-2.25".as_slice()];
    let mut decimal = column("decimal", Kind::Decimal, 3, &decimals, Vec::new());
    (decimal.precision, decimal.scale) = (Some(5), Some(2));
    add(decimal, &decimals);

    let words = [&[][..], &offsets(&[0, 1, 3]), b"xyz".as_slice()];
    let codes = [valid, &offsets(&[0, -1, 1])];
    let categories = column("categories", Kind::String, 2, &words, Vec::new());
    add(
        column(
            "categorical",
            Kind::Categorical,
            3,
            &codes,
            vec![categories],
        ),
        &[&codes[..], &words].concat(),
    );

    let items = [&[][..], &bytes_of([7_i64, 8, 9].map(i64::to_le_bytes))];
    let lists = [valid, &offsets(&[0, 2, 2, 3])];
    let item = column("element", Kind::Int64, 3, &items, Vec::new());
    add(
        column("list", Kind::List, 3, &lists, vec![item]),
        &[&lists[..], &items].concat(),
    );

    let inner = [
        &[1, 0, 0][..],
        &bytes_of([7_i64, 0, 0].map(i64::to_le_bytes)),
    ];
    let mut field = column("field", Kind::Int64, 3, &inner, Vec::new());
    field.nulls = 2;
    add(
        column("struct", Kind::Struct, 3, &[valid], vec![field]),
        &[&[valid][..], &inner].concat(),
    );

    let pandas = Some(json!({"index_columns": [], "columns": []}));
    Frame {
        header: FrameHeader {
            rows: 3,
            first_row: 0,
            total_rows: 3,
            columns,
            pandas,
        },
        body,
    }
}

fn numbers(rows: i64) -> Frame {
    let data = bytes_of((0..rows).map(i64::to_le_bytes));
    let columns = vec![column(
        "number",
        Kind::Int64,
        rows as u64,
        &[&[], &data],
        Vec::new(),
    )];
    let header = FrameHeader {
        rows: rows as u64,
        first_row: 0,
        total_rows: rows as u64,
        columns,
        pandas: None,
    };
    Frame { header, body: data }
}

fn file_of(format: Format, compression: Compression, frame: &Frame) -> Vec<u8> {
    write(
        format,
        compression,
        &FrameView {
            header: &frame.header,
            body: &frame.body,
        },
    )
    .unwrap()
}

fn read_all(format: Format, file: &[u8]) -> Result<Frame, ColumnarError> {
    read(
        format,
        Source::Memory(Bytes::copy_from_slice(file)),
        &ReadRequest::new(LIMIT),
    )
}

fn call(format: Format, continued: bool, more: bool, frame: &Frame) -> WriteCall {
    serde_json::from_value(json!({
        "format": format, "continued": continued, "more": more,
        "rows": frame.header.rows, "columns": frame.header.columns,
    }))
    .unwrap()
}

#[test]
fn every_kind_comes_back() {
    let frame = every_kind();
    for format in FORMATS {
        let back = read_all(format, &file_of(format, Compression::Default, &frame)).unwrap();
        for (have, want) in back.header.columns.iter().zip(&frame.header.columns) {
            assert_eq!(have, want, "{format:?}");
        }
        assert_eq!(back, frame, "{format:?}");
    }
}

#[test]
fn every_compression_comes_back() {
    let frame = numbers(10_000);
    for compression in [
        Compression::None,
        Compression::Snappy,
        Compression::Gzip,
        Compression::Lz4,
        Compression::Zstd,
    ] {
        let back = read_all(
            Format::Parquet,
            &file_of(Format::Parquet, compression, &frame),
        )
        .unwrap();
        assert_eq!(back, frame, "{compression:?}");
    }
    for compression in [Compression::None, Compression::Lz4, Compression::Zstd] {
        let back = read_all(
            Format::Feather,
            &file_of(Format::Feather, compression, &frame),
        )
        .unwrap();
        assert_eq!(back, frame, "{compression:?}");
    }
}

#[test]
fn an_empty_table_keeps_its_columns() {
    for format in FORMATS {
        let back = read_all(format, &file_of(format, Compression::Default, &numbers(0))).unwrap();
        assert_eq!(
            (back.header.rows, back.header.columns.len()),
            (0, 1),
            "{format:?}"
        );
    }
}

#[test]
fn large_tables_come_in_answers_and_go_in_parts() {
    let frame = numbers(50_000);
    for format in FORMATS {
        let mut door = TableDoor::default();
        let mut file = Vec::new();
        for (continued, more) in [(false, true), (true, true), (true, false)] {
            let call = call(format, continued, more, &frame);
            file.extend(door.write(call, &frame.body).unwrap().1);
        }
        let mut request = ReadRequest {
            answer_bytes: 100_000,
            ..ReadRequest::new(LIMIT)
        };
        let mut values = Vec::new();
        loop {
            let answer = read(format, Source::Memory(file.clone().into()), &request).unwrap();
            assert!(answer.body.len() <= 100_000 && answer.header.rows > 0);
            assert_eq!(answer.header.total_rows, 150_000);
            values.extend_from_slice(&answer.body);
            request.first_row += answer.header.rows;
            if request.first_row == answer.header.total_rows {
                break;
            }
        }
        assert_eq!(
            values,
            [&frame.body[..], &frame.body, &frame.body].concat(),
            "{format:?}"
        );
    }
}

#[test]
fn a_part_without_a_beginning_is_refused() {
    let frame = numbers(3);
    let call = call(Format::Parquet, true, false, &frame);
    let refused = TableDoor::default().write(call, &frame.body);
    assert!(matches!(refused, Err(ColumnarError::NotStarted)));
}

#[test]
fn columns_are_chosen_by_name() {
    let frame = every_kind();
    for format in FORMATS {
        let file = file_of(format, Compression::Default, &frame);
        let mut request = ReadRequest {
            columns: Some(vec!["Int64".to_owned()]),
            ..ReadRequest::new(LIMIT)
        };
        let answer = read(format, Source::Memory(file.clone().into()), &request).unwrap();
        assert_eq!(answer.header.columns.len(), 1);
        assert_eq!(answer.header.columns[0].name, "Int64");
        request.columns = Some(vec!["Int65".to_owned()]);
        let refused = read(format, Source::Memory(file.into()), &request).unwrap_err();
        assert!(
            matches!(&refused, ColumnarError::UnknownColumn { name, .. } if name == "Int65"),
            "{refused}"
        );
    }
}

#[test]
fn a_file_is_read_as_memory_is() {
    let frame = numbers(1000);
    for format in FORMATS {
        let path = std::env::temp_dir().join(format!("columnar-{}-{format:?}", std::process::id()));
        std::fs::write(&path, file_of(format, Compression::Default, &frame)).unwrap();
        let back = read(
            format,
            Source::File(File::open(&path).unwrap()),
            &ReadRequest::new(LIMIT),
        );
        std::fs::remove_file(&path).unwrap();
        assert_eq!(back.unwrap(), frame);
    }
}
