"""Parquet and Feather: what goes into frames comes out of them, and what cannot go in is refused by name."""

import datetime
import decimal
import io
import unittest

import numpy as np
import pandas as pd

from cellblock_kernel import columnar, columnar_read, columnar_write


def there_and_back(df, index=None, format="feather"):
    parts = [(header, body) for header, body, _ in columnar_write.frames(df, index, format)]
    for header, body in parts:
        assert sum(_lengths(header["columns"])) == len(body)
    return columnar_read.data_frame(parts), len(parts)


def _lengths(columns):
    for column in columns:
        yield from column["buffers"]
        yield from _lengths(column["children"])


COLUMNS = {
    "int64": pd.Series([1, 2, -(2**62)], dtype="int64"),
    "uint8": pd.Series([0, 1, 255], dtype="uint8"),
    "float32": pd.Series([0.5, np.nan, np.inf], dtype="float32"),
    "bool": pd.Series([True, False, True]),
    "str": pd.Series(["a", None, "ü€𝄞"]),
    "string": pd.Series(["a", None, ""], dtype="string"),
    "Int64": pd.Series([1, None, 2**62], dtype="Int64"),
    "boolean": pd.Series([True, None, False], dtype="boolean"),
    "nanoseconds": pd.Series(pd.to_datetime(["2020-01-01", None, "1960-01-01"])).astype("datetime64[ns]"),
    "berlin": pd.Series(pd.date_range("2020-03-29", periods=3, freq="h", tz="Europe/Berlin")),
    "offset": pd.Series(pd.date_range("2020", periods=3, tz=datetime.timezone(datetime.timedelta(hours=-5, minutes=-30)))),
    "timedelta": pd.Series(pd.to_timedelta([1, None, 3], unit="s")),
    "category": pd.Series(pd.Categorical(["b", None, "a"], categories=["a", "b", "c"])),
    "ordered": pd.Series(pd.Categorical(["low", "high", "low"], categories=["low", "high"], ordered=True)),
    "date": pd.Series([datetime.date(2020, 1, 1), None, datetime.date(1, 1, 1)], dtype=object),
    "time": pd.Series([datetime.time(1, 2, 3, 456), None, datetime.time(0)], dtype=object),
    "decimal": pd.Series([decimal.Decimal("1.50"), None, decimal.Decimal("-20.25")], dtype=object),
    "bytes": pd.Series([b"\0\xff", None, b""], dtype=object),
    "dict": pd.Series([{"a": 1, "b": "x"}, None, {"a": 2, "b": None}], dtype=object),
    "nothing": pd.Series([None, None, None], dtype=object),
    "period": pd.Series(pd.period_range("2020-01", periods=3, freq="M")),
}


class Frames(unittest.TestCase):
    def test_every_kind(self):
        for format in ("parquet", "feather"):
            for name, series in COLUMNS.items():
                with self.subTest(format=format, name=name):
                    back, _ = there_and_back(pd.DataFrame({name: series}), format=format)
                    pd.testing.assert_series_equal(back[name], series, check_names=False, check_freq=False)

    def test_empty(self):
        df = pd.DataFrame({name: series for name, series in COLUMNS.items()}).iloc[:0]
        back, parts = there_and_back(df)
        self.assertEqual((len(back), list(back.columns), parts), (0, list(df.columns), 1))

    def test_lists(self):
        back, _ = there_and_back(pd.DataFrame({"l": [[1, 2], None, []], "s": [["a", None], [], ["ü"]]}))
        self.assertEqual(back["l"][0].tolist(), [1, 2])
        self.assertIsNone(back["l"][1])
        self.assertEqual([list(value) for value in back["s"]][2], ["ü"])

    def test_large_frames_go_in_parts(self):
        df = pd.DataFrame({**COLUMNS, "l": [[1], [2, 3], []]})
        df = pd.concat([df] * 50, ignore_index=True)
        kept, columnar_write.FRAME_BYTES = columnar_write.FRAME_BYTES, 10_000
        try:
            back, parts = there_and_back(df)
        finally:
            columnar_write.FRAME_BYTES = kept
        self.assertGreater(parts, 2)
        for name in COLUMNS:
            with self.subTest(name=name):
                pd.testing.assert_series_equal(back[name], df[name], check_freq=False)

    def test_indexes(self):
        for index in (
            pd.RangeIndex(10, 16, 2, name="r"),
            pd.Index([5, 3, 9]),
            pd.Index(["x", "y", "z"], name="key"),
            pd.date_range("2020", periods=3, tz="Europe/Berlin", name="when"),
            pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["k", None]),
        ):
            with self.subTest(index=index):
                back, _ = there_and_back(pd.DataFrame({"v": [1.0, 2.0, 3.0]}, index=index))
                pd.testing.assert_index_equal(back.index, index, exact="equiv")
        back, _ = there_and_back(pd.DataFrame({"v": [1, 2]}, index=[7, 8]), index=False)
        self.assertEqual(list(back.index), [0, 1])

    def test_labels_that_are_not_text(self):
        for columns in ([0, 1], pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")], names=["l0", "l1"])):
            df = pd.DataFrame(np.zeros((2, 2)), columns=columns)
            back, _ = there_and_back(df)
            pd.testing.assert_index_equal(back.columns, df.columns, exact="equiv")

    def test_refusals_name_the_column(self):
        for df, kind, text in (
            (pd.DataFrame({"a": [1, "x"]}), TypeError, "'a' holds values of several types (int, str)"),
            (pd.DataFrame({"a": [1j]}), TypeError, "'a' has the type complex128"),
            (pd.DataFrame({"a": [2**70, 1]}), OverflowError, "'a' has a number that does not fit"),
            (pd.DataFrame([[1, 2]], columns=["a", "a"]), ValueError, "Duplicate column names found: ['a']"),
        ):
            with self.assertRaises(kind) as caught:
                there_and_back(df)
            self.assertIn(text, str(caught.exception))


class Arguments(unittest.TestCase):
    def test_what_is_not_supported_is_named(self):
        df = pd.DataFrame({"a": [1]})
        for call, kind, text in (
            (lambda: pd.read_parquet("https://example.org/a.parquet"), NotImplementedError, "no network"),
            (lambda: pd.read_parquet(io.BytesIO(), engine="fastparquet"), ImportError, "fastparquet"),
            (lambda: pd.read_parquet(io.StringIO("x")), TypeError, "binary mode"),
            (lambda: pd.read_parquet("/tmp"), NotImplementedError, "is a folder"),
            (lambda: pd.read_parquet("/tmp/none.parquet"), FileNotFoundError, "none.parquet"),
            (lambda: df.to_parquet(partition_cols=["a"]), NotImplementedError, "partition_cols"),
            (lambda: df.to_parquet(compression="brotli"), NotImplementedError, "snappy, gzip, zstd, lz4"),
            (lambda: df.to_parquet(coerce_timestamps="ms"), NotImplementedError, "coerce_timestamps"),
            (lambda: df.to_feather("/tmp/a", version=1), NotImplementedError, "version 2"),
        ):
            with self.assertRaises(kind) as caught:
                call()
            self.assertIn(text, str(caught.exception))

    def test_filters(self):
        df = pd.DataFrame({"a": [1, 2, 3, 4], "b": ["x", "y", None, "x"]})
        keep = columnar._matches(df, [("a", ">", 1), ("b", "==", "x")])
        self.assertEqual(keep.tolist(), [False, False, False, True])
        keep = columnar._matches(df, [[("a", "in", [1])], [("b", "==", "y")]])
        self.assertEqual(keep.tolist(), [True, True, False, False])
