"""A DataFrame to frames for the host, with pandas' own metadata, so that pyarrow reads the file as it would its own."""

import datetime
import decimal
import json

import numpy as np
import pandas as pd

FRAME_BYTES = 40 << 20  # below the 64 MiB of the door's frames
_KINDS = {
    "b1": "bool", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64", "u1": "uint8", "u2": "uint16",
    "u4": "uint32", "u8": "uint64", "f2": "float16", "f4": "float32", "f8": "float64",
}  # fmt: skip
_LISTS = (list, tuple, np.ndarray)


class Encoded:
    """One column in the wire form, before it is cut into parts."""

    def __init__(self, name, kind, rows, missing=None, offsets=None, data=None, children=(), **facts):
        self.name, self.kind, self.rows, self.facts = name, kind, rows, facts
        self.missing = missing if missing is not None and missing.any() else None
        self.offsets, self.data, self.children = offsets, data, list(children)

    def size(self, start, stop):
        """Returns the bytes of the rows from `start` to before `stop`."""
        total = 0 if self.missing is None else stop - start
        if self.offsets is not None:
            total += 4 * (stop - start + 1)
            inner = int(self.offsets[start]), int(self.offsets[stop])
            return total + (inner[1] - inner[0] if self.data is not None else 0) + self._inside(*inner)
        if self.data is not None:
            total += (stop - start) * self.data.dtype.itemsize
        if self.kind == "categorical":
            return total + self.children[0].size(0, self.children[0].rows)
        return total + self._inside(start, stop)

    def _inside(self, start, stop):
        return sum(child.size(start, stop) for child in self.children)

    def part(self, start, stop, buffers):
        """Returns the header of the rows from `start` to before `stop`, and appends their buffers."""
        lengths = []

        def push(buffer):
            buffer = bytes(buffer)
            lengths.append(len(buffer))
            buffers.append(buffer)

        missing = None if self.missing is None else self.missing[start:stop]
        push(b"" if missing is None else (~missing).tobytes())
        inner = start, stop
        if self.offsets is not None:
            inner = int(self.offsets[start]), int(self.offsets[stop])
            push((self.offsets[start : stop + 1] - inner[0]).astype("<i4").tobytes())
            if self.data is not None:
                push(self.data[inner[0] : inner[1]])
        elif self.data is not None:
            push(np.ascontiguousarray(self.data[start:stop]).tobytes())
        if self.kind == "categorical":
            inner = 0, self.children[0].rows
        children = [child.part(*inner, buffers) for child in self.children]
        return {
            "name": self.name, "kind": self.kind, "rows": stop - start, "buffers": lengths, "children": children,
            "nulls": 0 if missing is None else int(missing.sum()), **self.facts,
        }  # fmt: skip


def frames(df, index=None, format="parquet"):
    """Yields `(header, body, more)` for the parts of a DataFrame, at least one."""
    columns, metadata = _table(df, index)
    if format == "parquet":
        _without_order(columns, metadata)
    rows, start = len(df), 0
    while True:
        stop = rows
        while stop - start > 1 and sum(column.size(start, stop) for column in columns) > FRAME_BYTES:
            stop = start + (stop - start + 1) // 2
        buffers = []
        heads = [column.part(start, stop, buffers) for column in columns]
        header = {"rows": stop - start, "columns": heads, "pandas": metadata}
        yield header, b"".join(buffers), stop < rows
        if stop >= rows:
            return
        start = stop


def _table(df, index):
    names = [_field_name(label) for label in df.columns]
    if len(set(names)) != len(names):
        repeated = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"Duplicate column names found: {repeated}")
    encoded, entries = [], []
    for place, name in enumerate(names):
        array = _unwrapped(df.iloc[:, place].array)
        encoded.append(encode(name, array))
        entries.append(_entry(name, name, array, encoded[-1]))
    levels = []
    if isinstance(df.index, pd.RangeIndex) and index is None:
        name = df.index.name
        levels.append({
            "kind": "range", "name": None if name is None else str(name),
            "start": df.index.start, "stop": df.index.stop, "step": df.index.step,
        })  # fmt: skip
    elif index is not False:
        for level in range(df.index.nlevels):
            values = df.index.get_level_values(level)
            label = None if values.name is None else _field_name(values.name)
            field = f"__index_level_{level}__" if label is None or label in names else label
            array = _unwrapped(values.array)
            encoded.append(encode(field, array))
            entries.append(_entry(label, field, array, encoded[-1]))
            levels.append(field)
    labels = df.columns
    column_indexes = []
    for level in range(labels.nlevels):
        values = labels.get_level_values(level)
        kind = "unicode" if values.inferred_type in ("string", "empty") else _label_type(values)
        column_indexes.append({
            "name": None if values.name is None else str(values.name),
            "field_name": None if values.name is None else str(values.name),
            "pandas_type": kind, "numpy_type": str(values.dtype),
            "metadata": {"encoding": "UTF-8"} if kind == "unicode" else None,
        })  # fmt: skip
    metadata = {
        "index_columns": levels, "column_indexes": column_indexes, "columns": entries, "attributes": _attributes(df),
        "creator": {"library": "cellblock", "version": "1"}, "pandas_version": pd.__version__,
    }  # fmt: skip
    return encoded, metadata


def _unwrapped(array):
    """Returns the numpy array inside pandas' wrapper for it, or the array itself."""
    # Strings are a subclass of the wrapper, and stay what they are.
    return array.to_numpy() if type(array) is pd.arrays.NumpyExtensionArray else array


def _without_order(columns, metadata):
    """Parquet lists categories as they are first used, so another reader would take that for their order. There the
    categories have none; this reader finds the right one in the metadata."""
    for column, entry in zip(columns, metadata["columns"]):
        if column.kind == "categorical":
            column.facts["ordered"] = entry["metadata"]["ordered"] = False


def _field_name(label):
    return label if isinstance(label, str) else str(label)


def _label_type(values):
    names = {"integer": str(values.dtype), "floating": "float64", "datetime64": "datetime", "boolean": "bool"}
    return names.get(values.inferred_type, values.inferred_type)


def _attributes(df):
    try:
        return json.loads(json.dumps(df.attrs))
    except (TypeError, ValueError):
        return {}


def _entry(label, field, array, encoded):
    """Returns what pandas stores about a column."""
    dtype, kind, facts = array.dtype, encoded.kind, None
    stored = "object" if isinstance(dtype, np.dtype) and dtype.kind == "O" else str(dtype)
    named = {"string": "unicode", "binary": "bytes", "struct": "object", "null": "empty"}.get(kind, kind)
    if kind == "categorical":
        facts = {"num_categories": len(dtype.categories), "ordered": bool(dtype.ordered)}
        named, stored = "categorical", str(array.codes.dtype)
        if encoded.children[0].kind == "string" or dtype.categories.dtype.kind in "iu":
            facts["cellblock_categories"] = dtype.categories.tolist()
            facts["cellblock_ordered"] = bool(dtype.ordered)
    elif kind == "datetime" and encoded.facts.get("timezone"):
        named, facts = "datetimetz", {"timezone": encoded.facts["timezone"]}
        stored = f"datetime64[{encoded.facts['unit']}]"
    elif kind == "decimal":
        facts = {"precision": encoded.facts["precision"], "scale": encoded.facts["scale"]}
    elif kind == "list":
        inner = encoded.children[0].kind
        named = f"list[{ {'string': 'unicode', 'binary': 'bytes'}.get(inner, inner)}]"
    return {"name": label, "field_name": field, "pandas_type": named, "numpy_type": stored, "metadata": facts}


def encode(name, array):
    """Returns an array of pandas or numpy in the wire form. Raises TypeError when it has no such form."""
    array = _unwrapped(array)
    dtype = array.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        codes = np.asarray(array.codes, dtype="<i4")
        child = encode("categories", dtype.categories.array)
        return Encoded(name, "categorical", len(codes), codes < 0, data=codes, children=[child], ordered=bool(dtype.ordered))
    if isinstance(dtype, pd.StringDtype):
        return _text(name, np.asarray(array, dtype=object), np.asarray(pd.isna(array)))
    if isinstance(dtype, pd.DatetimeTZDtype):
        values = np.asarray(array.tz_convert("UTC").tz_localize(None))
        return _ticks(name, values, "datetime", timezone=_timezone_name(dtype.tz))
    if isinstance(dtype, pd.PeriodDtype):
        encoded = _fixed(name, np.asarray(array.asi8), np.asarray(pd.isna(array)))
        freq = json.dumps({"freq": str(dtype)[len("period[") : -1]})
        encoded.facts["extension"] = {"ARROW:extension:name": "pandas.period", "ARROW:extension:metadata": freq}
        return encoded
    if isinstance(dtype, pd.api.extensions.ExtensionDtype) and hasattr(array, "_mask"):
        return _fixed(name, np.asarray(array._data), np.asarray(array._mask))
    values = np.asarray(array) if isinstance(dtype, np.dtype) else None
    if values is not None and values.dtype.kind in "mM":
        return _ticks(name, values, "datetime" if values.dtype.kind == "M" else "timedelta")
    if values is not None and values.dtype.kind in "biuf" and values.dtype.itemsize <= 8:
        return _fixed(name, values, np.isnan(values) if values.dtype.kind == "f" else None)
    if values is not None and values.dtype.kind == "O":
        return _objects(name, values)
    raise TypeError(f"the column {name!r} has the type {dtype}, which cannot be stored; convert it with astype first")


def _fixed(name, values, missing):
    values = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return Encoded(name, _KINDS[values.dtype.str[1:]], len(values), missing, data=values)


def _ticks(name, values, kind, **facts):
    unit = np.datetime_data(values.dtype)[0]
    if unit not in ("s", "ms", "us", "ns"):
        unit = "s"
        values = values.astype(f"{values.dtype.kind}8[s]")
    return Encoded(name, kind, len(values), np.isnat(values), data=values.view("<i8"), unit=unit, **facts)


def _timezone_name(zone):
    offset = zone.utcoffset(None) if isinstance(zone, datetime.timezone) else None
    if offset is not None:
        minutes = int(offset.total_seconds() // 60)
        return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "UTC"
    return getattr(zone, "key", None) or getattr(zone, "zone", None) or str(zone)


def _text(name, values, missing, kind="string", **facts):
    texts = values.tolist()
    if missing.any():
        texts = ["" if gone else text for text, gone in zip(texts, missing)]
    joined = "".join(texts)
    data = joined.encode()
    if len(data) != len(joined):
        texts = [text.encode() for text in texts]
    return Encoded(name, kind, len(texts), missing, _offsets(texts), data, **facts)


def _offsets(values):
    offsets = np.zeros(len(values) + 1, dtype="i8")
    np.cumsum(np.fromiter(map(len, values), dtype="i8", count=len(values)), out=offsets[1:])
    return offsets


def _objects(name, values):
    """Returns a column of Python objects by what they are, as pyarrow infers it."""
    missing = np.fromiter((_is_missing(value) for value in values), dtype=bool, count=len(values))
    present = values[~missing]
    if not len(present):
        return Encoded(name, "null", len(values))
    if all(isinstance(value, dict) for value in present):
        return _structs(name, values, missing)
    if all(isinstance(value, _LISTS) for value in present):
        return _lists(name, values, missing)
    inferred = pd.api.types.infer_dtype(present, skipna=False)
    if inferred == "string":
        return _text(name, values, missing)
    if inferred == "bytes":
        parts = [b"" if gone else bytes(value) for value, gone in zip(values, missing)]
        return Encoded(name, "binary", len(parts), missing, _offsets(parts), b"".join(parts))
    if inferred in ("integer", "boolean", "floating", "mixed-integer-float"):
        target = {"integer": "i8", "boolean": "?"}.get(inferred, "f8")
        return _fixed(name, _filled(name, values, missing, target, 0), missing)
    if inferred == "decimal":
        return _decimals(name, values, missing)
    if inferred == "date":
        days = _filled(name, values, missing, "M8[D]", datetime.date(1970, 1, 1))
        return Encoded(name, "date", len(days), missing, data=days.view("<i8").astype("<i4"))
    if inferred == "time":
        ticks = [0 if gone else _microseconds(value) for value, gone in zip(values, missing)]
        return Encoded(name, "time", len(ticks), missing, data=np.array(ticks, dtype="<i8"), unit="us")
    if inferred in ("datetime", "datetime64"):
        return encode(name, pd.to_datetime(pd.Series(values)).array)
    if inferred in ("timedelta", "timedelta64"):
        return encode(name, pd.to_timedelta(pd.Series(values)).array)
    kinds = sorted({type(value).__name__ for value in present})
    raise TypeError(
        f"the column {name!r} holds values of several types ({', '.join(kinds)}), which cannot be stored;"
        " convert it first, for example with astype(str)"
    )


def _is_missing(value):
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, (float, np.floating, decimal.Decimal)) and value != value


def _filled(name, values, missing, target, filler):
    values = values.copy()
    values[missing] = filler
    try:
        return values.astype(target)
    except OverflowError as error:
        raise OverflowError(f"the column {name!r} has a number that does not fit into 64 bits") from error


def _microseconds(value):
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 10**6 + value.microsecond


def _decimals(name, values, missing):
    digits, scale = 1, 0
    for value in values[~missing]:
        sign, figures, exponent = value.as_tuple()
        if not isinstance(exponent, int):
            raise TypeError(f"the column {name!r} has the decimal {value}, which cannot be stored")
        scale = max(scale, -exponent)
        digits = max(digits, len(figures) + exponent)
    precision = max(digits + scale, 1)
    if precision > 76:
        raise TypeError(f"the column {name!r} has decimals of {precision} digits, at most 76 can be stored")
    texts = np.empty(len(values), dtype=object)
    texts[:] = ["" if gone else f"{value:f}" for value, gone in zip(values, missing)]
    return _text(name, texts, missing, "decimal", precision=precision, scale=scale)


def _structs(name, values, missing):
    fields = {}
    for value in values[~missing]:
        fields.update(dict.fromkeys(value))
    if not fields:
        raise TypeError(f"the column {name!r} has only empty dicts, which cannot be stored")
    children = []
    for field in fields:
        inner = np.empty(len(values), dtype=object)
        inner[:] = [None if gone else value.get(field) for value, gone in zip(values, missing)]
        children.append(_objects(str(field), inner))
    return Encoded(name, "struct", len(values), missing, children=children)


def _lists(name, values, missing):
    lists = [() if gone else value for value, gone in zip(values, missing)]
    arrays = [value for value in lists if isinstance(value, np.ndarray) and value.dtype.kind != "O" and value.ndim == 1]
    if arrays and len(arrays) == int((~missing).sum()) and len({array.dtype for array in arrays}) == 1:
        child = encode("element", pd.Series(np.concatenate(arrays)).array)
    else:
        flat = [item for value in lists for item in value]
        items = np.empty(len(flat), dtype=object)
        for place, item in enumerate(flat):
            items[place] = item
        child = _objects("element", items)
    return Encoded(name, "list", len(lists), missing, _offsets(lists), children=[child])
