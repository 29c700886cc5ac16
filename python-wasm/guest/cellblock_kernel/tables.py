"""One page of a table, filtered and sorted, without a copy of the whole."""

import math

from . import execute
from .turn import guarded

MAXIMUM_ROWS = 1000
CELL = 500  # characters of one value
COLUMNS = 500


class TableError(ValueError):
    """The table, a column or a filter cannot be used; the message says which."""


@guarded
def table(request, body):
    """Answers with columns and their types, rows, index labels, total_rows and filtered_rows."""
    frame = _frame(request.get("name", ""))
    import numpy

    total = len(frame)
    rows = None  # positions, None for all in order
    for condition in request.get("filter") or ():
        mask = _mask(frame, condition)
        rows = numpy.flatnonzero(mask) if rows is None else rows[mask[rows]]
    sorts = request.get("sort") or ()
    if sorts:
        rows = _order(frame, sorts, rows)
    count = total if rows is None else len(rows)
    offset = max(0, int(request.get("offset") or 0))
    limit = min(max(0, int(request.get("limit") if request.get("limit") is not None else 100)), MAXIMUM_ROWS)
    page = frame.iloc[offset : offset + limit] if rows is None else frame.iloc[rows[offset : offset + limit]]
    page = page.iloc[:, :COLUMNS]
    columns = [[value(v) for v in page.iloc[:, i].tolist()] for i in range(page.shape[1])]
    return {
        "status": "ok",
        "columns": [{"name": label(c), "dtype": str(t)} for c, t in zip(page.columns, page.dtypes)],
        "rows": [list(row) for row in zip(*columns)] if columns else [[] for _ in range(len(page))],
        "index": [value(v) for v in page.index.tolist()],
        "total_rows": total,
        "filtered_rows": count,
        "total_columns": int(frame.shape[1]),
    }


def _frame(name):
    """The variable as a DataFrame: a Series is a table of one column, an array of one or two dimensions as well."""
    names = execute.shell.user_ns
    if name not in names:
        raise TableError(f"there is no variable {name!r}")
    found = names[name]
    import sys

    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    if pandas is not None:
        if isinstance(found, pandas.DataFrame):
            return found
        if isinstance(found, pandas.Series):
            return found.to_frame(found.name if found.name is not None else name)
        if isinstance(found, pandas.Index):
            return found.to_frame(index=False)
    if numpy is not None and isinstance(found, numpy.ndarray) and 1 <= found.ndim <= 2:
        import pandas

        return pandas.DataFrame(found, copy=False)
    if isinstance(found, (list, tuple, dict)):
        import pandas

        try:
            return pandas.DataFrame(found)
        except Exception:
            pass
    raise TableError(f"{name!r} is not a table but a {type(found).__name__}")


def label(name):
    return ".".join(str(part) for part in name) if isinstance(name, tuple) else str(name)


def _column(frame, name):
    """The column by its label, or by the label's text when the label is no string."""
    for position, column in enumerate(frame.columns):
        if label(column) == name:
            return frame.iloc[:, position]
    if name in ("index", "(index)") or name == label(frame.index.name):
        return frame.index.to_series(index=range(len(frame)))
    raise TableError(f"there is no column {name!r}")


def _order(frame, sorts, rows):
    """Positions in the wanted order: the last key first, each sort stable, missing values at the end."""
    import numpy

    rows = numpy.arange(len(frame)) if rows is None else rows
    for sort in reversed(list(sorts)):
        column = _column(frame, sort.get("column", "")).iloc[rows]
        ascending = bool(sort.get("ascending", True))
        try:
            order = (
                column.reset_index(drop=True).sort_values(ascending=ascending, kind="stable", na_position="last").index
            )
        except TypeError:
            order = column.reset_index(drop=True).astype(str).sort_values(ascending=ascending, kind="stable").index
        rows = rows[order.to_numpy()]
    return rows


def _mask(frame, condition):
    """A boolean array over all rows for one filter."""
    import operator

    import numpy

    column = _column(frame, condition.get("column", ""))
    op, wanted = condition.get("op", ""), condition.get("value")
    if op == "isnull":
        mask = column.isna()
    elif op == "notnull":
        mask = column.notna()
    elif op in ("contains", "startswith"):
        text = column.astype(str).str
        folded = str(wanted)
        mask = text.contains(folded, case=False, regex=False) if op == "contains" else text.startswith(folded)
    elif op == "in":
        if not isinstance(wanted, list):
            raise TableError("the filter `in` needs a list of values")
        mask = column.isin([_like(column, w) for w in wanted])
    else:
        compare = {
            "==": operator.eq,
            "!=": operator.ne,
            "<": operator.lt,
            "<=": operator.le,
            ">": operator.gt,
            ">=": operator.ge,
        }.get(op)
        if compare is None:
            raise TableError(f"no filter {op!r}: use ==, !=, <, <=, >, >=, contains, startswith, in, isnull or notnull")
        try:
            mask = compare(column, _like(column, wanted))
        except TypeError as error:
            raise TableError(
                f"column {condition.get('column')!r} cannot be compared with {wanted!r}: {error}"
            ) from None
    return numpy.asarray(mask.fillna(False) if hasattr(mask, "fillna") else mask, dtype=bool)


def _like(column, wanted):
    """The filter's JSON value as the column's type: numbers and dates often come as text."""
    import pandas

    kind = column.dtype
    if isinstance(wanted, str):
        try:
            if pandas.api.types.is_bool_dtype(kind):
                return wanted.strip().lower() in ("true", "1", "yes")
            if pandas.api.types.is_numeric_dtype(kind):
                number = float(wanted)
                return int(wanted) if number.is_integer() and wanted.strip().lstrip("+-").isdigit() else number
            if pandas.api.types.is_datetime64_any_dtype(kind):
                moment = pandas.Timestamp(wanted)
                zone = getattr(kind, "tz", None)
                return moment.tz_localize(zone) if zone is not None and moment.tzinfo is None else moment
            if pandas.api.types.is_timedelta64_dtype(kind):
                return pandas.Timedelta(wanted)
        except ValueError:
            raise TableError(f"{wanted!r} is not a value of type {kind}") from None
    return wanted


def value(item):
    """One value of a table as JSON: numbers stay numbers, missing ones become null, everything else is bounded text."""
    if item is None or item is True or item is False:
        return item
    kind = type(item)
    if kind is int:
        return item if -(1 << 53) <= item <= (1 << 53) else str(item) if item.bit_length() < 4000 else "<large integer>"
    if kind is float:
        return item if math.isfinite(item) else None if item != item else ("inf" if item > 0 else "-inf")
    if kind is str:
        return item if len(item) <= CELL else item[:CELL] + "…"
    if kind.__name__ in ("NaTType", "NAType"):
        return None
    isoformat = getattr(item, "isoformat", None)
    if isoformat is not None:
        try:
            return str(isoformat())[:CELL]
        except Exception:
            pass
    if kind in (list, tuple, dict, set, frozenset):
        from .variables import container

        return container(item)
    try:
        text = str(item)
    except Exception:
        return f"<{kind.__name__}>"
    return text if len(text) <= CELL else text[:CELL] + "…"
