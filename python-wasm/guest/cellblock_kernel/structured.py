"""Figures and tables as data beside their pictures, under the MIME types that the clients of E2B's code interpreter read.

Nothing of this is loaded before `enable()`; what cannot be described is shown as it would be without.
"""

import math
import sys
import warnings

from IPython.core.formatters import BaseFormatter
from traitlets import ObjectName, Unicode

from . import execute

ROWS = 1000
COLUMNS = 100
CELL = 10_000  # characters of one value
TABLE = 4 << 20  # characters of text in a whole table, far from what the door refuses
ITEMS = 100  # of a list inside of a cell; a longer one is given as text


class ChartFormatter(BaseFormatter):
    """`e2b/chart`: what a matplotlib figure draws."""

    format_type = Unicode("e2b/chart")
    print_method = ObjectName("_repr_e2b_chart_")
    _return_type = dict

    def lookup(self, obj):
        """As IPython's, and figures at last: the inline backend takes them out of every formatter's table whenever it is
        configured."""
        try:
            return super().lookup(obj)
        except KeyError:
            figures = sys.modules.get("matplotlib.figure")
            if figures is not None and isinstance(obj, figures.Figure):
                return _chart
            raise


class DataFormatter(BaseFormatter):
    """`e2b/data`: the columns of a DataFrame."""

    format_type = Unicode("e2b/data")
    print_method = ObjectName("_repr_e2b_data_")
    _return_type = dict

    def __init__(self, **keywords):
        super().__init__(**keywords)
        for module in ("pandas", "pandas.core.frame"):  # since pandas 3, and before
            self.for_type_by_name(module, "DataFrame", _table)


def enable():
    """Adds `e2b/chart` to every figure shown from now on and `e2b/data` to every DataFrame. Once is enough."""
    display = execute.shell.display_formatter
    for kind in (ChartFormatter, DataFormatter):
        formatter = kind(parent=display)
        mime = formatter.format_type
        if mime not in display.formatters:
            active = display.active_types  # before the new one is among the formatters, which are its default
            display.formatters[mime] = formatter
            display.active_types = [*active, mime]


def _chart(figure):
    """The figure's chart, or None where there is none to tell."""
    try:
        from . import charts

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return charts.describe(figure)
    except Exception:
        return None


def _table(frame):
    """The first rows and columns as `{name: [value, ...]}`, or None."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return columns(frame)
    except Exception:
        return None


def columns(frame):
    """Returns the first rows and columns of a DataFrame as `{name: [value, ...]}`, plain JSON of bounded size. Of
    columns with one name the last is told, as by `to_dict`."""
    part = frame.iloc[:ROWS, :COLUMNS]
    found = {}
    for index, name in enumerate(part.columns):
        found[str(name)[:CELL]] = [plain(item) for item in part.iloc[:, index].tolist()]
    rows = len(part)
    while rows and sum(_size(item) for items in found.values() for item in items[:rows]) > TABLE:
        rows //= 2
    return {name: items[:rows] for name, items in found.items()} if rows < len(part) else found


def _size(item):
    if isinstance(item, str):
        return len(item)
    if isinstance(item, dict):
        return sum(len(key) + _size(value) for key, value in item.items())
    return sum(map(_size, item)) if isinstance(item, list) else 8


def plain(item, depth=0):
    """Returns a value as JSON has it: missing and infinite ones are None, moments and durations ISO text, and what has
    no form in JSON is its text."""
    if item is None or item is True or item is False:
        return item
    kind = type(item)
    if kind is str:
        return item[:CELL]
    if kind is float:
        return item if math.isfinite(item) else None
    if kind is int:
        return item if item.bit_length() < 64 else text(item)
    if kind.__name__ in ("NaTType", "NAType", "MaskedConstant"):
        return None
    if kind.__module__ == "numpy" and hasattr(item, "dtype") and getattr(item, "ndim", 1) == 0:
        return text(item) if item.dtype.kind in "mMOcV" else plain(item.item(), depth)
    if kind.__name__ == "Decimal":
        return plain(float(item))
    if hasattr(item, "isoformat"):
        return str(item.isoformat())[:CELL]
    if depth < 3 and kind.__name__ in ("list", "tuple", "dict", "ndarray") and len(item) <= ITEMS:
        if kind is dict:
            return {str(key)[:CELL]: plain(value, depth + 1) for key, value in item.items()}
        return [plain(value, depth + 1) for value in item]
    return text(item)


def text(item):
    """Returns a value's text, cut to `CELL` characters; a long container is not walked to its end."""
    try:
        if isinstance(item, (list, tuple, dict, set, frozenset)):
            import reprlib

            return reprlib.repr(item)
        return str(item)[:CELL]
    except Exception:
        return f"<{type(item).__name__}>"
