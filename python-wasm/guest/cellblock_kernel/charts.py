"""What a matplotlib figure draws, as plain data: its lines, points, bars, slices and boxes with their labels and axes.

The shapes are those that the E2B code interpreter's SDK reads (`charts.py` of the package e2b_code_interpreter).
"""

import math
import re
from datetime import date

import numpy
from matplotlib import category, dates, ticker
from matplotlib.collections import PathCollection
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Rectangle, Shadow, Wedge

from . import boxes

SERIES = 10_000  # points of one series, the first ones
FIGURE = 100_000  # points of one figure; what is drawn later has fewer or none
AXES = 100  # of one figure
NAMES = 1000  # ticks of one axis, series of one chart
LABEL = 1000  # characters

_UNIT = re.compile(r"\s\(([^)]*)\)|\[([^\]]*)\]")
_DATES = (dates.DateConverter, dates._SwitchableDateConverter)


class Room:
    """How many points a figure may still have."""

    def __init__(self):
        self.left = FIGURE

    def take(self, count):
        taken = min(count, self.left, SERIES)
        self.left -= taken
        return taken


class Scale:
    """One axis: its ticks, and what its numbers stand for."""

    def __init__(self, axis):
        self.axis = axis
        converter = axis.get_converter() if hasattr(axis, "get_converter") else axis.converter
        self.is_dates = isinstance(converter, _DATES)
        self.is_categories = isinstance(converter, category.StrCategoryConverter)
        # pandas counts the periods of a regular series and keeps their length at the axes.
        self.period = getattr(axis.axes, "freq", None) if type(converter).__name__ == "PeriodConverter" else None

    def number(self, value):
        """A number of the axis: ISO text where it is a moment, None where it is missing."""
        value = float(value)
        if not math.isfinite(value):
            return None
        if self.is_dates:
            try:
                return self._moment(value)
            except (ValueError, OverflowError):
                pass
        return value

    def _moment(self, value):
        if self.period is not None:
            from pandas import Period

            return Period(ordinal=int(value), freq=self.period).start_time.isoformat()
        return dates.num2date(value).isoformat()

    def value(self, value):
        """A value as it was given to the plot."""
        if isinstance(value, str):
            return str(value)[:LABEL]
        if isinstance(value, date):
            return value.isoformat() if value == value else None
        if isinstance(value, numpy.datetime64):
            return None if numpy.isnat(value) else str(value.astype("datetime64[s]"))
        if hasattr(value, "start_time"):  # a Period of pandas
            return value.start_time.isoformat()
        try:
            return self.number(value)
        except (TypeError, ValueError):
            return None

    def values(self, data, count):
        """The first values of a series."""
        data = getattr(data, "values", data)[:count]
        kind = getattr(getattr(data, "dtype", None), "kind", "O")
        if kind not in "fiub":
            return [self.value(item) for item in data]
        items = numpy.ma.filled(numpy.ma.asarray(data).astype(float), numpy.nan).tolist()
        return [self.number(item) for item in items] if self.is_dates else [_finite(item) for item in items]

    def ticks(self, prefix):
        """The ticks with their labels, and the kind of the scale."""
        labels = [label.get_text()[:LABEL] for label in self.axis.get_ticklabels()[:NAMES]]
        ticks = [self.number(tick) for tick in self.axis.get_ticklocs()[:NAMES]]
        return {
            f"{prefix}_ticks": ticks,
            f"{prefix}_tick_labels": labels,
            f"{prefix}_scale": self._kind(ticks, labels),
        }

    def _kind(self, ticks, labels):
        if self.is_dates:
            return "datetime"
        kind = self.axis.get_scale()
        if kind != "linear":
            return kind
        counted = bool(ticks) and ticks == list(range(len(ticks)))
        return "categorical" if self.is_categories or (counted and not any(map(_is_number, labels))) else kind

    def namer(self):
        """Returns a function from a position to its name: that of the tick there, or else the number or moment."""
        named = (ticker.FixedLocator, category.StrCategoryLocator)
        names = []
        if isinstance(self.axis.get_major_locator(), named):
            texts = [label.get_text()[:LABEL] for label in self.axis.get_ticklabels()]
            names = [(float(tick), text) for tick, text in zip(self.axis.get_ticklocs(), texts) if text]
        places = numpy.array([tick for tick, _ in names])
        gaps = numpy.diff(numpy.unique(places))
        reach = gaps.min() / 2 if len(gaps) else 0.5

        def name(position):
            if len(places) and math.isfinite(position):
                nearest = int(numpy.abs(places - position).argmin())
                if abs(places[nearest] - position) < reach:
                    return names[nearest][1]
            number = self.number(position)
            return f"{number:.6g}" if isinstance(number, float) else str(number)

        return name


def describe(figure):
    """Returns the chart of a figure, or None when nothing is drawn in it."""
    axes = figure.axes
    if not any(ax.has_data() for ax in axes):
        return None
    room = Room()
    if len(axes) == 1:
        return _chart(axes[0], room)
    title = figure.get_suptitle()[:LABEL]
    return {"type": "superchart", "title": title, "elements": [_part(ax, room) for ax in axes[:AXES]]}


def _part(ax, room):
    """One chart of several: one that fails leaves the others."""
    try:
        return _chart(ax, room)
    except Exception:
        return {"type": "unknown", "title": None, "elements": []}


def _chart(ax, room):
    title = ax.get_title()[:LABEL] or None
    kind, drawn = _kind(ax)
    if kind == "unknown":
        return {"type": kind, "title": title, "elements": []}
    return {"type": kind, "title": title, **_DESCRIBE[kind](ax, drawn, room)}


def _kind(ax):
    """The kind of chart and what it is made of: lines, collections, containers, slices or boxes."""
    errors = [container for container in ax.containers if isinstance(container, ErrorbarContainer)]
    hidden = {id(part) for error in errors for part in (*error.lines[1], *error.lines[2])}
    lines = [line for line in ax.lines if id(line) not in hidden]
    rest = [part for part in (*ax.patches, *ax.collections, *ax.images, *ax.tables) if id(part) not in hidden]
    rest = [part for part in rest if not _is_sample(part)]
    if getattr(ax, "name", "") == "3d" or not (lines or rest):
        return "unknown", []
    if all(isinstance(part, PathPatch) for part in rest):
        found = boxes.find(rest, lines)
        if found:
            return "box_and_whisker", found
    plain = [line for line in lines if not _is_straight(line)]
    if any(len(line.get_xdata(orig=False)) > 1 for line in plain):
        rest = [part for part in rest if type(part).__name__ != "FillBetweenPolyCollection"]  # the band around a line
    if not rest:
        # A straight line is a mark beside others; alone it is what was plotted.
        drawn = plain or [line for line in lines if all(line.get_transform().contains_branch_seperately(ax.transData))]
        return ("line", drawn) if drawn else ("unknown", [])
    if plain:
        return "unknown", []
    rest = [part for part in rest if not isinstance(part, Shadow)]
    bars = [container for container in ax.containers if isinstance(container, BarContainer)]
    if all(isinstance(part, PathCollection) for part in rest):
        return "scatter", rest
    if all(isinstance(part, Wedge) for part in rest):
        return "pie", rest
    if bars and all(isinstance(part, Rectangle) for part in rest):
        return "bar", bars
    return "unknown", []


def _is_sample(part):
    """True for a rectangle without size, which seaborn draws for the legend only."""
    return isinstance(part, Rectangle) and part.get_width() == part.get_height() == 0 and part.get_x() == 0


def _is_straight(line):
    """True for two points beside or above each other."""
    x, y = line.get_xdata(orig=False), line.get_ydata(orig=False)
    return len(x) == len(y) == 2 and bool(x[0] == x[1] or y[0] == y[1])


def _labels(ax, swapped=False):
    """The names of the axes and their units; `swapped` puts the axis of the categories first."""
    names = [ax.get_xlabel()[:LABEL] or None, ax.get_ylabel()[:LABEL] or None]
    if swapped:
        names.reverse()
    found = {}
    for prefix, name in zip("xy", names):
        unit = _UNIT.search(name or "")
        found[f"{prefix}_label"] = name
        found[f"{prefix}_unit"] = (unit[1] or unit[2] or None) if unit else None
    return found


def _planar(ax, elements):
    x, y = Scale(ax.xaxis), Scale(ax.yaxis)
    return {**_labels(ax), **x.ticks("x"), **y.ticks("y"), "elements": elements(x, y)}


def _line(ax, lines, room):
    names = {id(c.lines[0]): c.get_label() for c in ax.containers if isinstance(c, ErrorbarContainer)}

    def elements(x, y):
        found = []
        for line in lines[:NAMES]:
            label = str(names.get(id(line)) or line.get_label())
            given = line.get_xdata(), line.get_ydata()
            count = room.take(min(map(len, given)))
            points = list(zip(x.values(given[0], count), y.values(given[1], count)))
            found.append({"label": _name(label, "_child", "Line"), "points": points})
        return found

    return _planar(ax, elements)


def _scatter(ax, collections, room):
    def elements(x, y):
        found = []
        for collection in collections[:NAMES]:
            offsets = collection.get_offsets()
            count = room.take(len(offsets))
            points = list(zip(x.values(offsets[:count, 0], count), y.values(offsets[:count, 1], count)))
            found.append({"label": str(collection.get_label())[:LABEL], "points": points})
        return found

    return _planar(ax, elements)


def _bar(ax, containers, room):
    horizontal = containers[0].orientation == "horizontal"
    name = Scale(ax.yaxis if horizontal else ax.xaxis).namer()
    found = []
    for container in containers[:NAMES]:
        group = _name(str(container.get_label()), "_container", "Group")
        for bar in container.patches[: room.take(len(container.patches))]:
            place, size = (bar.get_y(), bar.get_height()) if horizontal else (bar.get_x(), bar.get_width())
            value = bar.get_width() if horizontal else bar.get_height()
            found.append({"label": name(float(place + size / 2)), "group": group, "value": _finite(float(value))})
    return {**_labels(ax, swapped=horizontal), "elements": found}


def _pie(ax, wedges, room):
    found = []
    for wedge in wedges[: room.take(len(wedges))]:
        label = str(wedge.get_label())[:LABEL]
        # matplotlib computes the angles in single precision.
        angle = round(abs(float(wedge.theta2) - float(wedge.theta1)), 3)
        found.append({"label": "" if label.startswith("_") else label, "angle": angle, "radius": float(wedge.r)})
    return {"elements": found}


def _box(ax, found, room):
    horizontal = found[0].horizontal
    name = Scale(ax.yaxis if horizontal else ax.xaxis).namer()
    elements = []
    for box in found[: room.take(len(found))]:
        outliers = box.outliers[: room.take(len(box.outliers))]
        elements.append({"label": name(box.position), **box.numbers(), "outliers": outliers})
    return {**_labels(ax, swapped=horizontal), "elements": elements}


_DESCRIBE = {"line": _line, "scatter": _scatter, "bar": _bar, "pie": _pie, "box_and_whisker": _box}


def _name(label, prefix, word):
    """A series' label; where matplotlib has only numbered it, `word` with that number."""
    number = label.removeprefix(prefix)
    return f"{word} {number}" if number != label and number.isdigit() else label[:LABEL]


def _finite(number):
    return number if math.isfinite(number) else None


def _is_number(text):
    try:
        float(text.replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        return False
    return True
