import json
import sys

from cellblock_kernel import execute

from .notebook import NotebookTest

PLOT = "import matplotlib.pyplot as plt\nimport numpy as np, pandas as pd, datetime as dt\n"
MIMES = ("e2b/chart", "e2b/data")


class Structured(NotebookTest):
    """A notebook with structured output, which is taken out again after each test."""

    def setUp(self):
        super().setUp()
        from cellblock_kernel import structured

        structured.enable()

    def tearDown(self):
        remove()
        super().tearDown()

    def chart(self, code):
        """The chart of the one figure that a cell shows; its picture is there in any case."""
        self.good(f"{PLOT}{code}\nNone")
        (data,) = self.shown("display_data")
        self.assertIn("image/png", data)
        return data.get("e2b/chart")

    def data(self, code):
        self.good(f"import pandas as pd, numpy as np\n{code}")
        (shown,) = self.shown()
        self.assertIn("text/html", shown)
        return shown.get("e2b/data")


def remove():
    display = execute.shell.display_formatter
    for mime in MIMES:
        display.formatters.pop(mime, None)
    display.active_types = [mime for mime in display.active_types if mime not in MIMES]


class Off(NotebookTest):
    def test_nothing_is_added_before_it_is_enabled(self):
        remove()
        self.good(f"{PLOT}plt.plot([1, 2])\nNone")
        self.assertEqual(sorted(self.shown("display_data")[0]), ["image/png", "text/plain"])
        self.good("pd.DataFrame({'a': [1]})")
        self.assertNotIn("e2b/data", self.shown()[0])


class Charts(Structured):
    def test_enabling_twice_is_enabling_once(self):
        from cellblock_kernel import structured

        formatter = execute.shell.display_formatter.formatters["e2b/chart"]
        structured.enable()
        self.assertIs(execute.shell.display_formatter.formatters["e2b/chart"], formatter)
        active = execute.shell.display_formatter.active_types
        self.assertEqual([active.count(mime) for mime in MIMES], [1, 1])

    def test_other_values_are_shown_as_before(self):
        self.good("1")
        self.assertEqual(self.shown(), [{"text/plain": "1"}])
        self.good("[1, {'a': 2}]")
        self.assertEqual(list(self.shown()[0]), ["text/plain"])

    def test_lines(self):
        chart = self.chart(
            "plt.plot([1, 2], [3, 4], label='a')\nplt.plot([1, 2], [4, None])\nplt.axhline(3)\n"
            "plt.title('T')\nplt.xlabel('Time (s)')\nplt.ylabel('Speed [m/s]')"
        )
        self.assertEqual((chart["type"], chart["title"], chart["x_scale"]), ("line", "T", "linear"))
        self.assertEqual((chart["x_label"], chart["x_unit"], chart["y_unit"]), ("Time (s)", "s", "m/s"))
        self.assertEqual(
            chart["elements"],
            [
                {"label": "a", "points": [[1, 3], [2, 4]]},
                {"label": "Line 1", "points": [[1, 4], [2, None]]},
            ],
        )
        self.assertEqual(len(chart["x_ticks"]), len(chart["x_tick_labels"]))

    def test_dates_and_categories(self):
        chart = self.chart("plt.plot([dt.date(2024, 1, 1), dt.date(2024, 1, 2)], [1, 2])")
        self.assertEqual(chart["x_scale"], "datetime")
        self.assertEqual(chart["elements"][0]["points"], [["2024-01-01", 1], ["2024-01-02", 2]])
        self.assertTrue(all(tick.startswith("202") for tick in chart["x_ticks"]))
        chart = self.chart("plt.scatter([dt.datetime(2024, 1, 1)], [1])")
        self.assertEqual(chart["elements"][0]["points"], [["2024-01-01T00:00:00+00:00", 1]])
        chart = self.chart("pd.Series([1, 2], index=pd.date_range('2024-01-01', periods=2)).plot()")
        self.assertEqual(chart["x_scale"], "datetime")
        self.assertEqual(chart["elements"][0]["points"][1], ["2024-01-02T00:00:00", 2])
        chart = self.chart("plt.scatter(['x', 'y'], [1, 2])")
        self.assertEqual((chart["type"], chart["x_scale"], chart["x_tick_labels"]), ("scatter", "categorical", ["x", "y"]))

    def test_scales(self):
        chart = self.chart("plt.plot([1, 10, 100])\nplt.yscale('log')\nplt.xticks([])")
        self.assertEqual((chart["y_scale"], chart["x_scale"], chart["x_ticks"]), ("log", "linear", []))

    def test_bars(self):
        chart = self.chart(
            "x = np.arange(2)\nplt.bar(x - .2, [1, 2], .4, label='A')\nplt.bar(x + .2, [3, 4], .4, label='B')\n"
            "plt.xticks(x, ['p', 'q'])"
        )
        found = [(bar["group"], bar["label"], bar["value"]) for bar in chart["elements"]]
        self.assertEqual((chart["type"], found), ("bar", [("A", "p", 1), ("A", "q", 2), ("B", "p", 3), ("B", "q", 4)]))
        chart = self.chart("plt.bar([2001, 2002], [5, 5])")
        self.assertEqual(
            chart["elements"],
            [{"label": "2001", "group": "Group 0", "value": 5}, {"label": "2002", "group": "Group 0", "value": 5}],
        )
        chart = self.chart("plt.barh(['x', 'y'], [3, 1])\nplt.xlabel('Cost ($)')\nplt.ylabel('Kind')")
        self.assertEqual([(bar["label"], bar["value"]) for bar in chart["elements"]], [("x", 3), ("y", 1)])
        # The categories come first, wherever they are drawn.
        self.assertEqual((chart["x_label"], chart["y_label"], chart["y_unit"]), ("Kind", "Cost ($)", "$"))

    def test_pies(self):
        chart = self.chart("plt.pie([35, 25, 40], labels=['A', 'B', 'C'], radius=2)")
        found = [(part["label"], part["angle"], part["radius"]) for part in chart["elements"]]
        self.assertEqual((chart["type"], found), ("pie", [("A", 126, 2), ("B", 90, 2), ("C", 144, 2)]))

    def test_boxes_in_all_their_forms(self):
        numbers = {"label": "b", "min": 1, "first_quartile": 2, "median": 3, "third_quartile": 4, "max": 5, "outliers": [20]}
        lists = "[[5, 5, 5, 5], [1, 2, 2, 3, 3, 4, 4, 5, 20]]"
        for form in (
            "",
            "patch_artist=True",
            "orientation='horizontal'",
            "notch=True",
            "showmeans=True, meanline=True",
            "showcaps=False",
        ):
            with self.subTest(form=form):
                chart = self.chart(f"plt.boxplot({lists}, tick_labels=['a', 'b'], {form})")
                self.assertEqual(chart["type"], "box_and_whisker")
                self.assertEqual(chart["elements"][1], numbers)
                self.assertEqual(chart["elements"][0]["median"], 5)
        # The control: a closed line alone is a line.
        self.assertEqual(self.chart("plt.plot([0, 1, 1, 0, 0], [0, 0, 1, 1, 0])")["type"], "line")

    def test_several_axes(self):
        chart = self.chart(
            "figure, axes = plt.subplots(2, 2)\naxes[0, 0].plot([1, 2, 4])\naxes[0, 1].scatter([1], [1])\n"
            "axes[1, 0].bar(['a'], [1])\nfigure.suptitle('S')"
        )
        self.assertEqual((chart["type"], chart["title"]), ("superchart", "S"))
        self.assertEqual([part["type"] for part in chart["elements"]], ["line", "scatter", "bar", "unknown"])

    def test_what_has_no_description(self):
        for code in (
            "plt.imshow(np.zeros((2, 2)))",
            "plt.figure().add_subplot(projection='3d').plot([1], [2], [3])",
            "plt.plot([1, 2, 4])\nplt.bar([1], [1])",
        ):
            with self.subTest(code=code):
                self.assertEqual(self.chart(code), {"type": "unknown", "title": None, "elements": []})
        self.assertIsNone(self.chart("plt.subplots()"))

    def test_a_chart_that_fails_costs_only_itself(self):
        chart = self.chart("f, ax = plt.subplots()\nax.plot([1, 2])\nax.get_title = lambda: 1 / 0")
        self.assertIsNone(chart)
        self.assertEqual(self.text("stderr"), "")

    def test_a_big_figure_is_bounded(self):
        chart = self.chart("plt.plot(np.arange(100_000))\nplt.plot([5, 6, 8])")
        self.assertEqual([len(line["points"]) for line in chart["elements"]], [10_000, 3])
        self.assertEqual(chart["elements"][0]["points"][-1], [9999, 9999])
        chart = self.chart("for _ in range(12): plt.plot(np.arange(10_000))")
        self.assertEqual([len(line["points"]) for line in chart["elements"]], [10_000] * 10 + [0, 0])

    def test_figures_are_described_after_the_backend_was_configured(self):
        chart = self.chart("%config InlineBackend.figure_format = 'png'\nplt.plot([1, 2])")
        self.assertEqual(chart["type"], "line")
        self.good("figure = plt.figure()\nplt.plot([1, 2])\nplt.close(figure)\nfigure")
        self.assertEqual(self.shown()[0]["e2b/chart"]["type"], "line")


class Tables(Structured):
    def test_columns_as_lists(self):
        data = self.data(
            "pd.DataFrame({'i': [1, 2], 'f': [1.5, np.nan], 't': [pd.Timestamp('2024-01-01'), pd.NaT],\n"
            "    's': ['x', None], 'I': pd.array([1, None], dtype='Int64'), 3: [np.int64(3), np.inf],\n"
            "    'o': [{'k': (1,)}, object], 'b': [True, False]})"
        )
        self.assertEqual(
            data,
            {
                "i": [1, 2],
                "f": [1.5, None],
                "t": ["2024-01-01T00:00:00", None],
                "s": ["x", None],
                "I": [1, None],
                "3": [3, None],
                "o": [{"k": [1]}, "<class 'object'>"],
                "b": [True, False],
            },
        )
        json.dumps(data, allow_nan=False)

    def test_display_and_empty_frames(self):
        self.good("import pandas as pd\ndisplay(pd.DataFrame({'a': []}))")
        self.assertEqual(self.shown("display_data")[0]["e2b/data"], {"a": []})
        self.assertEqual(self.data("pd.DataFrame()"), {})

    def test_a_big_frame_is_bounded(self):
        data = self.data("pd.DataFrame(np.zeros((5000, 120)))")
        self.assertEqual((len(data), {len(items) for items in data.values()}), (100, {1000}))
        data = self.data("pd.DataFrame({'t': ['x' * 20_000] * 1000})")
        self.assertEqual((len(data["t"]), len(data["t"][0])), (250, 10_000))
        data = self.data("pd.DataFrame({'l': [list(range(100_000))]})")
        self.assertLess(len(data["l"][0]), 100)

    def test_a_table_that_fails_costs_only_itself(self):
        code = "class F(pd.DataFrame):\n    iloc = property(lambda self: 1 / 0)\n    def _repr_html_(self): return '<table>'\nF({'a': [1]})"
        self.assertIsNone(self.data(code))


class Lazy(NotebookTest):
    def test_describing_loads_nothing_by_itself(self):
        from cellblock_kernel import structured

        kept = sys.modules.pop("cellblock_kernel.charts", None)
        try:
            structured.enable()
            self.good("1")
            self.assertNotIn("cellblock_kernel.charts", sys.modules)
        finally:
            remove()
            if kept is not None:
                sys.modules["cellblock_kernel.charts"] = kept
