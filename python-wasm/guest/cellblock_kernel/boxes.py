"""The boxes of a box plot, found again in the lines and patches that it was drawn with."""

import numpy

CORNERS = {5, 6, 11, 12}  # points of a box's outline: plain or notched, as a line or as a closed path


class Box:
    """One box. `horizontal` says that its values run along x."""

    def __init__(self, outline, horizontal):
        along, across = (0, 1) if horizontal else (1, 0)
        self.horizontal = horizontal
        # The edges, in the order in which matplotlib draws them: a notch may reach beyond.
        edges = outline[[0, 5 if len(outline) > 6 else 2], along]
        self.low, self.high = edges.min(), edges.max()
        self.start, self.end = outline[:, across].min(), outline[:, across].max()
        self.position = float((self.start + self.end) / 2)
        self.median = self.minimum = self.maximum = None
        self.outliers = []
        self._width = 0

    def take(self, values, places):
        """Takes a line of two points that belongs to the box: its median or a whisker."""
        if not all(_within(place, self.start, self.end) for place in places):
            return
        if _same(*values) and not _same(*places):
            width = abs(places[1] - places[0])
            # The median is the widest line in the box; a cap may lie on its edge.
            if _within(values[0], self.low, self.high) and width > self._width * 1.001:
                self.median, self._width = values[0], width
        elif _same(*places):
            lower, upper = min(values), max(values)
            if self.minimum is None and _same(upper, self.low):
                self.minimum = lower
            elif self.maximum is None and _same(lower, self.high):
                self.maximum = upper

    def settle(self):
        """Ends the search; a box without a whisker ends at its edge."""
        self.minimum = self.low if self.minimum is None else self.minimum
        self.maximum = self.high if self.maximum is None else self.maximum

    def numbers(self):
        """The five numbers by their names, without the last digits' noise."""
        names = ("min", "first_quartile", "median", "third_quartile", "max")
        values = (self.minimum, self.low, self.median, self.high, self.maximum)
        return {name: _rounded(value) for name, value in zip(names, values)}


def find(patches, lines):
    """Returns the boxes in a chart, or an empty list when it is no box plot."""
    outlines = [patch.get_path().vertices for patch in patches]
    if any(len(points) not in CORNERS for points in outlines):
        return []
    if not patches:
        outlines = [points for line in lines if _length(line) in CORNERS and _is_outline(points := _points(line))]
    if not outlines:
        return []
    shapes = [_points(line) for line in lines]
    for horizontal in (False, True):
        found = [Box(outline, horizontal) for outline in outlines]
        _fill(found, shapes, horizontal)
        whiskers = any(box.minimum is not None or box.maximum is not None for box in found)
        if whiskers and all(box.median is not None for box in found):
            _add_outliers(found, shapes, horizontal)
            return found
    return []


def _length(line):
    return len(line.get_xdata(orig=False))


def _points(line):
    return numpy.column_stack((line.get_xdata(orig=False), line.get_ydata(orig=False))).astype(float)


def _is_outline(points):
    """True for a closed line of a box's number of points, its first side along an axis."""
    if len(points) not in CORNERS or not numpy.isfinite(points).all() or not (points[0] == points[-1]).all():
        return False
    return bool((points[0] == points[1]).any())


def _fill(found, shapes, horizontal):
    along, across = (0, 1) if horizontal else (1, 0)
    for points in shapes:
        if len(points) == 2:
            for box in found:
                box.take(points[:, along], points[:, across])


def _add_outliers(found, shapes, horizontal):
    """Points beyond the whiskers, at the middle of a box; a mean lies between them."""
    along, across = (0, 1) if horizontal else (1, 0)
    for box in found:
        box.settle()
    for points in shapes:
        if len(points) == 0 or len(points) in CORNERS and _is_outline(points):
            continue
        places = points[:, across]
        if not _same(places.min(), places.max()):
            continue
        for box in found:
            if _same(places[0], box.position, box.end - box.start):
                values = points[:, along]
                beyond = values[(values < box.minimum) | (values > box.maximum)]
                box.outliers.extend(_rounded(value) for value in beyond.tolist())
                break


def _same(one, other, size=0):
    """True for two numbers that differ by rounding only; `size` is that of what they measure, for those near zero."""
    return bool(abs(one - other) <= 1e-9 * max(size, abs(one), abs(other)))


def _within(value, low, high):
    return bool(low <= value <= high) or _same(value, low) or _same(value, high)


def _rounded(value):
    return float(f"{float(value):.12g}")
