"""Variables and figures as files for the person at the notebook."""

import io
import json

from . import execute
from .turn import guarded

MAXIMUM = 60 << 20  # bytes of one answer, so that the frame stays below the host's limit
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what a spreadsheet takes for a formula's begin


class ExportError(ValueError):
    """Something cannot be exported in the wanted form; the message says what and why."""


@guarded
def export(request, body):
    """Answers with the files' names and lengths; their bytes, one after the other, are the answer's body."""
    if request.get("figures"):
        files = _figures(request["figures"])
    else:
        writers = WRITERS if request.get("formulas") else {**WRITERS, "csv": _harmless_csv}
        files = _variables(list(request.get("variables") or ()), request.get("format") or "csv", writers)
    size = sum(len(data) for _, data in files)
    if size > MAXIMUM:
        raise ExportError(
            f"the export is {size} bytes, more than the {MAXIMUM} that fit in one answer: write a file instead"
        )
    return {"status": "ok", "files": [{"name": n, "bytes": len(d)} for n, d in files]}, b"".join(d for _, d in files)


def _variables(names, form, writers):
    found = execute.shell.user_ns
    for name in names:
        if name not in found:
            raise ExportError(f"there is no variable {name!r}")
    if not names:
        raise ExportError("no variable was named")
    if form == "xlsx":
        return [(f"{names[0]}.xlsx" if len(names) == 1 else "variables.xlsx", _excel(names, found))]
    if form == "json" and len(names) > 1:
        return [("variables.json", _json({name: found[name] for name in names}))]
    writer = writers.get(form)
    if writer is None:
        raise ExportError(f"no format {form!r}: use {', '.join(sorted([*writers, 'xlsx']))}")
    return [(f"{name}.{'pkl' if form == 'pickle' else form}", writer(found[name])) for name in names]


def _table(value):
    """The value as a DataFrame, for the table formats."""
    import pandas

    if isinstance(value, pandas.DataFrame):
        return value
    if isinstance(value, pandas.Series):
        return value.to_frame(value.name if value.name is not None else "value")
    try:
        return pandas.DataFrame(value)
    except Exception:
        raise ExportError(f"a {type(value).__name__} is not a table") from None


def _has_index(frame):
    import pandas

    return not (type(frame.index) is pandas.RangeIndex and frame.index.name is None)


def _csv(value):
    frame = _table(value)
    return frame.to_csv(index=_has_index(frame)).encode("utf-8", "replace")


def _harmless_csv(value):
    """As `_csv`, but text that a spreadsheet would run as a formula gets an apostrophe in front. Numbers stay as they
    are, also those that are text."""
    import pandas

    frame = _table(value).copy(deep=False)
    index = _has_index(frame)
    for i, kind in enumerate(frame.dtypes):
        texts = _harmless(frame.iloc[:, i].tolist()) if kind.kind == "O" else None
        if texts is not None:
            frame.isetitem(i, pandas.Series(texts, index=frame.index, dtype=object))
    frame.columns = _harmless_labels(frame.columns)
    if index:
        frame.index = _harmless_labels(frame.index)
    return frame.to_csv(index=index).encode("utf-8", "replace")


def _harmless_labels(labels):
    import pandas

    levels = [labels.get_level_values(i).tolist() for i in range(labels.nlevels)]
    texts, names = [_harmless(level) for level in levels], _harmless(labels.names)
    if any(level is not None for level in texts):
        levels = [new if new is not None else old for new, old in zip(texts, levels)]
        many = isinstance(labels, pandas.MultiIndex)
        kept = list(labels.names)
        labels = pandas.MultiIndex.from_arrays(levels, names=kept) if many else pandas.Index(levels[0], name=kept[0])
    return labels if names is None else labels.set_names(names)


def _harmless(items):
    """The items with an apostrophe in front of each text that is dangerous; None when there is none."""
    dangerous = [i for i, item in enumerate(items) if isinstance(item, str) and _is_formula(item)]
    if not dangerous:
        return None
    items = list(items)
    for i in dangerous:
        items[i] = "'" + items[i]
    return items


def _is_formula(text):
    if not text.startswith(FORMULA):
        return False
    try:
        float(text)
    except ValueError:
        return True
    return False


def _excel(names, found):
    import pandas

    buffer = io.BytesIO()
    # Text that begins with = stays text: the values are data of the notebook, not formulas.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True, "in_memory": True}
    with pandas.ExcelWriter(buffer, engine="xlsxwriter", engine_kwargs={"options": options}) as writer:
        for name in names:
            writer.book.add_worksheet(name[:31]).add_write_handler(str, _as_text)
            frame = _without_zones(_table(found[name]))
            frame.to_excel(writer, sheet_name=name[:31], index=_has_index(frame))
    return buffer.getvalue()


def _as_text(sheet, row, column, text, *format):
    """Writes a text as one; the option above leaves out `{=...}`."""
    return sheet.write_string(row, column, text, *format) if text else None


def _without_zones(frame):
    """Excel knows no time zones: the clock times stay, the zone is dropped."""
    import pandas

    zoned = [i for i, t in enumerate(frame.dtypes) if isinstance(t, pandas.DatetimeTZDtype)]
    if zoned:
        frame = frame.copy(deep=False)
        for i in zoned:
            frame.isetitem(i, frame.iloc[:, i].dt.tz_localize(None))
    return frame


def _json(value):
    import sys

    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, (pandas.DataFrame, pandas.Series)):
        return value.to_json(
            orient="records" if isinstance(value, pandas.DataFrame) else None, date_format="iso"
        ).encode()

    def other(item):
        if pandas is not None and isinstance(item, (pandas.DataFrame, pandas.Series)):
            return json.loads(_json(item))
        for method in ("tolist", "isoformat", "item"):
            call = getattr(item, method, None)
            if callable(call):
                return call()
        if isinstance(item, (set, frozenset)):
            return list(item)
        raise ExportError(f"a {type(item).__name__} cannot be written as JSON")

    try:
        return json.dumps(value, default=other, ensure_ascii=False, indent=1).encode("utf-8", "replace")
    except (TypeError, RecursionError) as error:
        raise ExportError(f"cannot be written as JSON: {error}") from None


def _parquet(value):
    buffer = io.BytesIO()
    _table(value).to_parquet(buffer)
    return buffer.getvalue()


def _feather(value):
    buffer = io.BytesIO()
    frame = _table(value)
    (frame.reset_index() if _has_index(frame) else frame).to_feather(buffer)
    return buffer.getvalue()


def _npy(value):
    import numpy

    array = numpy.asarray(value)
    if array.dtype == object:
        raise ExportError(f"a {type(value).__name__} does not make an array of numbers or text")
    buffer = io.BytesIO()
    numpy.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _pickle(value):
    import pickle

    try:
        return pickle.dumps(value)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise ExportError(f"a {type(value).__name__} cannot be pickled: {error}") from None


WRITERS = {"csv": _csv, "json": _json, "parquet": _parquet, "feather": _feather, "npy": _npy, "pickle": _pickle}


def _figures(form):
    if form not in ("png", "svg", "pdf"):
        raise ExportError(f"no figure format {form!r}: use png, svg or pdf")
    from matplotlib.figure import Figure

    found = execute.shell.user_ns
    files, seen = [], set()
    for name, value in list(found.items()):
        figure = (
            value
            if isinstance(value, Figure)
            else (
                getattr(value, "figure", None) if type(value).__module__.startswith(("matplotlib", "seaborn")) else None
            )
        )
        if name.startswith("_") or not isinstance(figure, Figure) or id(figure) in seen:
            continue
        seen.add(id(figure))
        buffer = io.BytesIO()
        figure.savefig(buffer, format=form, bbox_inches="tight")
        files.append((f"{name}.{form}", buffer.getvalue()))
    if not files:
        raise ExportError("there is no matplotlib figure among the variables")
    return files
