"""Parquet and Feather without pyarrow: `install()` lets pandas read and write them through the host.

The guest has no pyarrow. The host decodes a file into plain buffers (`columnar_read` makes a DataFrame of them) and
encodes such buffers into a file (`columnar_write` makes them). Both directions go in parts, so that no frame of the
door comes near its limit.
"""

import operator
import os

INPUT_BYTES = 32 << 20  # larger files are named to the host instead of being sent
_ENGINES = ("auto", "pyarrow")
# Options of pyarrow that change a file's layout but not what is in it.
_LAYOUT_OPTIONS = {
    "row_group_size", "version", "use_dictionary", "write_statistics", "data_page_size", "data_page_version",
    "compression_level", "chunksize", "use_threads", "memory_map",
}  # fmt: skip


def install():
    """Replaces pandas' four entry points for Parquet and Feather."""
    import pandas
    import pandas.io.api
    import pandas.io.feather_format
    import pandas.io.parquet

    for module in (pandas, pandas.io.api, pandas.io.parquet):
        module.read_parquet = read_parquet
    for module in (pandas, pandas.io.api, pandas.io.feather_format):
        module.read_feather = read_feather
    pandas.io.parquet.to_parquet = to_parquet
    pandas.io.feather_format.to_feather = to_feather
    pandas.DataFrame.to_parquet = to_parquet
    pandas.DataFrame.to_feather = to_feather


def read_parquet(
    path,
    engine="auto",
    columns=None,
    storage_options=None,
    dtype_backend=None,
    filesystem=None,
    filters=None,
    to_pandas_kwargs=None,
    **kwargs,
):
    """Returns the DataFrame that a Parquet file holds.

    `path` is a path or an open binary file. `columns` names the columns to read; `filters` keeps the rows for which
    `[(column, operator, value), ...]` holds, or one of several such lists. The stored index comes back.

    Raises ValueError for a damaged file, KeyError for a column it has not, MemoryError when a row group is too large,
    NotImplementedError for what only pyarrow itself can do.
    """
    _check_engine(engine)
    _refuse(storage_options=storage_options, filesystem=filesystem, to_pandas_kwargs=to_pandas_kwargs)
    _check_options(kwargs)
    wanted = None if columns is None else [str(name) for name in columns]
    used = [str(test[0]) for group in _groups(filters) for test in group]
    asked = None if wanted is None else wanted + [name for name in used if name not in wanted]
    frame = _read("parquet", path, asked)
    if filters:
        frame = frame[_matches(frame, filters)]
        if wanted is not None:
            frame = frame[[name for name in frame.columns if str(name) in wanted]]
    return _with_backend(frame, dtype_backend)


def read_feather(path, columns=None, use_threads=True, storage_options=None, dtype_backend=None):
    """Returns the DataFrame that a Feather file (version 2) holds. Arguments and errors as `read_parquet`."""
    _refuse(storage_options=storage_options)
    wanted = None if columns is None else [str(name) for name in columns]
    return _with_backend(_read("feather", path, wanted), dtype_backend)


def to_parquet(
    df,
    path=None,
    *,
    engine="auto",
    compression="snappy",
    index=None,
    partition_cols=None,
    storage_options=None,
    filesystem=None,
    **kwargs,
):
    """Writes the DataFrame as Parquet to a path or an open binary file, or returns the bytes when `path` is None.

    `compression` is snappy, gzip, zstd, lz4 or None. `index=None` keeps every index and stores a RangeIndex as its
    three numbers, True stores it as a column, False drops it.

    Raises TypeError for a column that has no Parquet type, NotImplementedError for what only pyarrow can do.
    """
    _check_engine(engine)
    _refuse(partition_cols=partition_cols, storage_options=storage_options, filesystem=filesystem)
    _check_options(kwargs)
    return _write(df, path, "parquet", _compression(compression, ("snappy", "gzip", "zstd", "lz4", "none")), index)


def to_feather(df, path, *, compression=None, **kwargs):
    """Writes the DataFrame as Feather (version 2) to a path or an open binary file.

    `compression` is lz4 (which None stands for), zstd or uncompressed. Errors as `to_parquet`.
    """
    if kwargs.pop("storage_options", None):
        _refuse(storage_options=True)
    if kwargs.get("version", 2) != 2:
        raise NotImplementedError("only version 2 of Feather can be written; leave version out")
    _check_options(kwargs)
    codec = "lz4" if compression is None else _compression(compression, ("lz4", "zstd", "uncompressed", "none"))
    _write(df, path, "feather", codec, None)


def _read(format, source, columns):
    from cellblock_kernel import columnar_read, door

    request = {"op": "table_read", "format": format, "columns": columns, "first_row": 0}
    body = b""
    if hasattr(source, "read"):
        body = source.read()
        if not isinstance(body, (bytes, bytearray, memoryview)):
            raise TypeError("the file must be open in binary mode, as with open(path, 'rb')")
        body = bytes(body)
        if len(body) > 60 << 20:
            raise NotImplementedError("an open file of more than 60 MiB cannot be sent; give its path instead")
    else:
        path = _local(source)
        if os.path.isdir(path):
            raise NotImplementedError(f"{path!r} is a folder; read its files one by one and use pandas.concat")
        if os.path.getsize(path) > INPUT_BYTES:
            request["path"] = os.path.abspath(path)
        else:
            with open(path, "rb") as file:
                body = file.read()
    parts = []
    while True:
        head, data = door.call(request, body)
        parts.append((head, data))
        request["first_row"] = head["first_row"] + head["rows"]
        if request["first_row"] >= head["total_rows"] or head["rows"] == 0:
            break
    return columnar_read.data_frame(parts, columns)


def _write(df, target, format, compression, index):
    import pandas

    from cellblock_kernel import columnar_write, door

    if not isinstance(df, pandas.DataFrame):
        raise ValueError(f"to_{format} only supports DataFrames")
    frames = columnar_write.frames(df, index, format)
    to_handle = target is not None and hasattr(target, "write")
    path = None if target is None or to_handle else _local(target)
    parts = []
    handle = target if to_handle else None
    opened = None
    try:
        continued = False
        for header, body, more in frames:
            header.update(
                op="table_write", format=format, compression=compression, continued=continued, more=more
            )
            data = door.call(header, body)[1]
            continued = True
            if path is not None and opened is None:
                opened = handle = open(path, "wb")  # only now, so that a refused frame leaves an old file alone
            if handle is None:
                parts.append(data)
            else:
                handle.write(data)
    except BaseException:
        if opened is not None:
            opened.close()
            os.unlink(path)
        raise
    if opened is not None:
        opened.close()
    return b"".join(parts) if target is None else None


def _local(path):
    path = os.fspath(path)
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if not isinstance(path, str):
        raise TypeError(f"expected a path or an open binary file, not {type(path).__name__}")
    if path.startswith("file://"):
        path = path[7:]
    if "://" in path:
        raise NotImplementedError(f"{path!r} is a URL, and the sandbox has no network; use a file of the session")
    return os.path.expanduser(path)


def _check_engine(engine):
    if isinstance(engine, str) and engine not in _ENGINES:
        raise ImportError(f"the engine {engine!r} is not in the sandbox; leave engine out")


def _refuse(**arguments):
    for name, value in arguments.items():
        if value is not None:
            raise NotImplementedError(f"{name} is not supported in the sandbox; leave it out")


def _check_options(options):
    for name in options:
        if name not in _LAYOUT_OPTIONS:
            raise NotImplementedError(f"the option {name} is not supported in the sandbox; leave it out")


def _compression(name, known):
    codec = "none" if name is None else str(name).lower()
    if codec not in known:
        raise NotImplementedError(f"the compression {name!r} is not supported here; use one of {', '.join(known)}")
    return "none" if codec == "uncompressed" else codec


def _with_backend(frame, backend):
    if backend == "numpy_nullable":
        return frame.convert_dtypes(dtype_backend="numpy_nullable")
    if backend == "pyarrow":
        raise NotImplementedError("dtype_backend='pyarrow' needs pyarrow, which is not in the sandbox")
    return frame


_OPERATORS = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge, "in": lambda series, values: series.isin(list(values)),
    "not in": lambda series, values: ~series.isin(list(values)),
}  # fmt: skip


def _groups(filters):
    """Returns the filters as a list of lists: any of them must hold, each with all of its tests."""
    if not filters:
        return []
    return [filters] if isinstance(filters[0], tuple) else filters


def _matches(frame, filters):
    import numpy

    keep = numpy.zeros(len(frame), dtype=bool)
    for group in _groups(filters):
        both = numpy.ones(len(frame), dtype=bool)
        for name, sign, value in group:
            if sign not in _OPERATORS:
                raise ValueError(f"{sign!r} is no operator of a filter; use one of {', '.join(_OPERATORS)}")
            column = frame[name] if name in frame.columns else frame.index.to_frame()[name]
            both &= numpy.asarray(_OPERATORS[sign](column, value).fillna(False), dtype=bool)
        keep |= both
    return keep
