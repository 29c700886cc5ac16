"""Frames of the host to a DataFrame, with the data types and the index that pandas stored in the file."""

import ast
import datetime
import decimal
import re

import numpy as np
import pandas as pd

_NUMPY = {
    "bool": "?", "int8": "i1", "int16": "<i2", "int32": "<i4", "int64": "<i8", "uint8": "u1", "uint16": "<u2",
    "uint32": "<u4", "uint64": "<u8", "float16": "<f2", "float32": "<f4", "float64": "<f8", "datetime": "<i8",
    "timedelta": "<i8", "date": "<i4", "time": "<i8", "categorical": "<i4",
}  # fmt: skip
_MASKED = {"Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64", "boolean"}
_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def data_frame(parts, columns=None):
    """Returns the DataFrame of `(header, body)` parts, which hold rows that follow each other. With `columns` they
    come in that order."""
    first = parts[0][0]
    stored = first.get("pandas") or {}
    types = {entry.get("field_name", entry.get("name")): entry for entry in stored.get("columns", [])}
    pieces = [_columns(head, body) for head, body in parts]
    rows = sum(head["rows"] for head, _ in parts)
    names = [column["name"] for column in first["columns"]]
    if not names:  # a file without columns does not count its rows, but its index may
        rows = max([rows, *(len(_range(level)) for level in stored.get("index_columns", []) if isinstance(level, dict))])
    arrays = []
    for position, name in enumerate(names):
        entry = types.get(name) or {}
        values = [_convert(piece[position], entry) for piece in pieces]
        arrays.append(_restore(values[0] if len(values) == 1 else _concatenate(values), entry))
    levels = [level for level in stored.get("index_columns", []) if isinstance(level, str) and level in names]
    shown = [position for position, name in enumerate(names) if name not in levels]
    if columns is not None:
        order = {name: place for place, name in reversed(list(enumerate(columns)))}
        shown.sort(key=lambda position: order.get(names[position], len(order)))
    frame = pd.DataFrame({place: arrays[position] for place, position in enumerate(shown)}, index=pd.RangeIndex(rows))
    labels = [_label(names[position], types) for position in shown]
    frame.columns = _column_index(labels, stored.get("column_indexes") or [])
    _set_index(frame, stored.get("index_columns", []), names, arrays, types, rows)
    return frame


class _Piece:
    """One column of one part: its description, which values are present, and its buffers."""

    def __init__(self, column, body, at):
        self.column, self.kind, self.rows = column, column["kind"], column["rows"]
        buffers = []
        for length in column["buffers"]:
            buffers.append(body[at : at + length])
            at += length
        validity = np.frombuffer(buffers[0], dtype="?")
        self.missing = ~validity if len(validity) else None
        self.buffers = buffers[1:]
        self.children = []
        for child in column.get("children", ()):
            piece = _Piece(child, body, at)
            self.children.append(piece)
            at = piece.end
        self.end = at

    def numbers(self):
        return np.frombuffer(self.buffers[0], dtype=_NUMPY[self.kind]).copy()

    def offsets(self):
        return np.frombuffer(self.buffers[0], dtype="<i4").tolist()


def _columns(head, body):
    body, at, pieces = memoryview(body), 0, []
    for column in head["columns"]:
        piece = _Piece(column, body, at)
        pieces.append(piece)
        at = piece.end
    return pieces


def _concatenate(values):
    if all(isinstance(value, pd.Categorical) for value in values):
        ordered = values[0].ordered
        joined = pd.api.types.union_categoricals(values, ignore_order=True)
        return joined.as_ordered() if ordered else joined
    return pd.concat([pd.Series(value, copy=False) for value in values], ignore_index=True).array


def _convert(piece, entry):
    """Returns a piece as an array of the type that pandas with pyarrow would give it."""
    kind, missing = piece.kind, piece.missing
    if kind in ("datetime", "timedelta"):
        return _times(piece)
    if kind == "categorical":
        return _categories(piece, entry)
    if kind in ("string", "decimal", "binary"):
        return _texts(piece, entry)
    if kind in ("null", "list", "map", "struct", "date", "time"):
        return _objects(piece)
    values = piece.numbers()
    if entry.get("numpy_type") in _MASKED:
        mask = np.zeros(len(values), dtype=bool) if missing is None else missing.copy()
        if kind == "bool":
            return pd.arrays.BooleanArray(values, mask)
        masked = pd.arrays.FloatingArray if kind.startswith("float") else pd.arrays.IntegerArray
        return masked(values, mask)
    if missing is None:
        return values
    if kind == "bool":
        values = values.astype(object)
        values[missing] = None
    else:
        values = values if kind.startswith("float") else values.astype("f8")
        values[missing] = np.nan
    return values


def _restore(values, entry):
    """Returns the values in the type that pandas stored, where the file's own type says less."""
    stored = entry.get("numpy_type")
    dtype = getattr(values, "dtype", None)
    if stored is None or dtype is None or str(dtype) == stored:
        return values
    try:
        if stored.startswith("period[") and dtype.kind in "iuf":
            missing = pd.isna(values)
            ordinals = np.where(missing, pd.NaT._value, np.asarray(values)).astype("i8")
            return pd.arrays.PeriodArray(ordinals, dtype=stored)
        if stored.startswith(("datetime64[", "timedelta64[")) and dtype.kind in "mM" and not hasattr(dtype, "tz"):
            return values.astype(stored)
        if stored.startswith("datetime64[") and isinstance(dtype, pd.DatetimeTZDtype):
            return values.as_unit(np.datetime_data(np.dtype(stored))[0])
    except (TypeError, ValueError, OverflowError):
        pass
    return values


def _times(piece):
    unit = piece.column["unit"]
    values = piece.numbers()
    if piece.missing is not None:
        values[piece.missing] = pd.NaT._value
    if piece.kind == "timedelta":
        return values.view(f"m8[{unit}]")
    values = values.view(f"M8[{unit}]")
    name = piece.column.get("timezone")
    return values if name is None else pd.DatetimeIndex(values, tz="UTC").tz_convert(_timezone(name)).array


def _timezone(name):
    offset = re.fullmatch(r"([+-])(\d\d):?(\d\d)", name)
    if offset is None:
        return name
    delta = datetime.timedelta(hours=int(offset[2]), minutes=int(offset[3]))
    return datetime.timezone(-delta if offset[1] == "-" else delta)


def _categories(piece, entry):
    codes = piece.numbers()
    if piece.missing is not None:
        codes[piece.missing] = -1
    categories = pd.Index(_convert(piece.children[0], {}))
    if not categories.is_unique or categories.hasnans:
        places, categories = pd.factorize(categories)
        codes = np.where(codes < 0, -1, places[codes]) if len(places) else codes
    ordered = bool(piece.column.get("ordered"))
    extra = entry.get("metadata") or {}
    own = extra.get("cellblock_categories")
    values = pd.Categorical.from_codes(codes, categories=categories, ordered=ordered)
    if own is not None and set(categories) <= set(own):
        # Parquet keeps categories in the order of their first use; the order itself was stored beside.
        values = values.set_categories(pd.Index(own, dtype=categories.dtype), ordered=bool(extra.get("cellblock_ordered")))
    return values


def _raw(piece):
    """Returns a list of bytes, or of text for strings and decimals; what is missing is empty."""
    offsets, data = piece.offsets(), piece.buffers[1]
    if piece.kind == "binary":
        return [bytes(data[start:end]) for start, end in zip(offsets, offsets[1:])]
    text = str(data, "utf-8")
    if len(text) == len(data):
        return [text[start:end] for start, end in zip(offsets, offsets[1:])]
    return [str(data[start:end], "utf-8") for start, end in zip(offsets, offsets[1:])]


def _texts(piece, entry):
    values = np.empty(piece.rows, dtype=object)
    raw = _raw(piece)
    if piece.kind == "decimal":
        raw = [decimal.Decimal(text) if text else None for text in raw]
    values[:] = raw
    if piece.kind != "string":
        if piece.missing is not None:
            values[piece.missing] = None
        return values
    nullable = entry.get("numpy_type") in ("string", "string[python]", "string[pyarrow]")
    if piece.missing is not None:
        values[piece.missing] = pd.NA if nullable else np.nan
    return pd.array(values, dtype="string[python]" if nullable else pd.StringDtype("python", na_value=np.nan))


def _objects(piece):
    """Returns an array of Python objects, with None for what is missing."""
    values = np.empty(piece.rows, dtype=object)
    if piece.kind == "date":
        values[:] = piece.numbers().astype("M8[D]").astype(object)
    elif piece.kind == "time":
        ticks = _TICKS[piece.column["unit"]]
        values[:] = [_time(value, ticks) for value in piece.numbers().tolist()]
    elif piece.kind == "list":
        items = _convert(piece.children[0], {})
        items = items.astype(object) if not isinstance(items, np.ndarray) else items
        offsets = piece.offsets()
        for row in range(piece.rows):
            values[row] = items[offsets[row] : offsets[row + 1]]
    elif piece.kind == "map":
        keys, items = (_python(child) for child in piece.children)
        offsets = piece.offsets()
        for row in range(piece.rows):
            where = slice(offsets[row], offsets[row + 1])
            values[row] = list(zip(keys[where], items[where]))
    elif piece.kind == "struct":
        names = [child.column["name"] for child in piece.children]
        fields = [_python(child) for child in piece.children]
        values[:] = [dict(zip(names, row)) for row in zip(*fields)] if fields else [{} for _ in range(piece.rows)]
    if piece.missing is not None:
        values[piece.missing] = None
    return values


def _python(piece):
    """Returns a list of plain Python values, with None for what is missing."""
    if piece.kind in ("list", "map", "struct", "date", "time", "null"):
        return _objects(piece).tolist()
    if piece.kind in ("string", "binary", "decimal"):
        values = _raw(piece)
        if piece.kind == "decimal":
            values = [decimal.Decimal(text) if text else None for text in values]
    elif piece.kind in ("datetime", "timedelta", "categorical"):
        values = list(pd.Series(_convert(piece, {})).astype(object))
    else:
        values = piece.numbers().tolist()
    if piece.missing is not None:
        values = [None if gone else value for value, gone in zip(values, piece.missing)]
    return values


def _time(value, ticks):
    seconds, rest = divmod(value, ticks)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    return datetime.time(hours % 24, minutes, seconds, rest * 10**6 // ticks)


def _label(name, types):
    entry = types.get(name)
    return name if entry is None or "name" not in entry else entry["name"]


def _column_index(labels, levels):
    """Returns the column labels as pandas stored them: numbers and tuples are written as text."""
    if len(levels) > 1:
        try:
            tuples = [ast.literal_eval(label) for label in labels]
            return pd.MultiIndex.from_tuples(tuples, names=[level.get("name") for level in levels])
        except (ValueError, SyntaxError, TypeError):
            return pd.Index(labels)
    index = pd.Index(labels)
    if levels:
        kind = levels[0].get("pandas_type", "")
        try:
            if kind.startswith(("int", "uint", "float")):
                index = pd.Index([float(label) if kind.startswith("float") else int(label) for label in labels])
                index = index.astype(levels[0].get("numpy_type", index.dtype))
            elif kind in ("datetime", "datetimetz"):
                index = pd.DatetimeIndex(pd.to_datetime(labels))
        except (ValueError, TypeError):
            pass
        index.name = levels[0].get("name")
    return index


def _range(level):
    return pd.RangeIndex(level["start"], level["stop"], level["step"], name=level.get("name"))


def _set_index(frame, levels, names, arrays, types, rows):
    parts, labels = [], []
    for level in levels:
        if isinstance(level, dict):
            if level.get("kind") == "range":
                index = _range(level)
                if len(index) == rows:
                    parts.append(index)
                    labels.append(level.get("name"))
        elif level in names:
            parts.append(arrays[names.index(level)])
            label = _label(level, types)
            labels.append(None if isinstance(label, str) and re.fullmatch(r"__index_level_\d+__", label) else label)
    if len(parts) == 1:
        frame.index = pd.Index(parts[0], name=labels[0])
    elif parts:
        frame.index = pd.MultiIndex.from_arrays(parts, names=labels)
