from .notebook import NotebookTest


class Variables(NotebookTest):
    def variables(self):
        return {v["name"]: v for v in self.ask("variables")["variables"]}

    def test_plain_ones(self):
        self.good(
            "a = 1\nb = 'x' * 1000\nc = [1, 'two', [3]]\nd = {'k': (1,)}\ne = None\ndef f(x, y=2): pass\nclass G: pass\nimport os"
        )
        found = self.variables()
        self.assertEqual((found["a"]["type"], found["a"]["preview"]), ("int", "1"))
        self.assertEqual(found["b"]["shape"], [1000])
        self.assertLessEqual(len(found["b"]["preview"]), 210)
        self.assertEqual((found["c"]["shape"], found["c"]["preview"]), ([3], "[1, 'two', [3]]"))
        self.assertEqual(found["d"]["preview"], "{'k': (1,)}")
        self.assertEqual(found["f"]["preview"], "f(x, y=2)")
        self.assertEqual(found["G"]["preview"], "class G")
        self.assertNotIn("os", found)
        self.assertNotIn("In", found)

    def test_large_ones_are_not_walked(self):
        self.good(
            "import itertools\nbig = list(range(1_000_000))\nloop = []\nloop.append(loop)\nn = 10 ** 5000\nt = 'x' * 10_000_000\nr = range(10 ** 12)"
        )
        found = self.variables()
        self.assertEqual(found["big"]["shape"], [1_000_000])
        self.assertLess(len(found["big"]["preview"]), 210)
        self.assertIn("bits", found["n"]["preview"])
        self.assertEqual(found["r"]["preview"], "range(0, 1000000000000)")

    def test_hostile_ones(self):
        self.good("""
class R:
    def __repr__(self): raise ValueError('no')
class L:
    def __len__(self): return 10 ** 30
    def __repr__(self): return 5
class K:
    __class__ = property(lambda self: 1 / 0)
    def __getattr__(self, name): raise SystemExit(name)
class M(type):
    def __instancecheck__(self, other): raise ValueError
    __name__ = property(lambda self: 1 / 0)
class N(metaclass=M): pass
class S(str):
    def __getitem__(self, key): raise ValueError
class D(dict):
    def __iter__(self): raise ValueError
class Long:
    def __repr__(self): return 'x' * 10_000_000
one, two, three, four, five, six, seven = R(), L(), K(), N(), S('abc'), D(a=1), Long()
""")
        found = self.variables()
        for name in ("one", "two", "three", "four", "five", "six", "seven"):
            with self.subTest(name=name):
                self.assertIn(name, found)
                self.assertLessEqual(len(found[name]["preview"]), 210)

    def test_one_that_never_ends_costs_its_own_preview_only(self):
        self.good("""
class Loop:
    def __repr__(self):
        while True: pass
class Stubborn:
    def __repr__(self):
        try:
            while True: pass
        except Exception: return 'caught'
class Deep:
    def __repr__(self): return repr(self)
class Fine:
    def __repr__(self): return 'fine'
one, two, three, last = Loop(), Stubborn(), Deep(), Fine()
""")
        found = self.variables()
        self.assertEqual(found["one"]["preview"], "<not shown: it takes too long>")
        self.assertEqual(found["two"]["preview"], "<not shown: it takes too long>")
        self.assertIn("not shown", found["three"]["preview"])
        self.assertEqual(found["last"]["preview"], "fine")

    def test_what_hides_from_the_count_is_ended_by_the_limit(self):
        self.good("""
from cellblock_kernel.limits import LimitExceeded
class Hidden:
    def __repr__(self): raise LimitExceeded('the time is over')
class Fine:
    def __repr__(self): return 'fine'
one, last = Hidden(), Fine()
""")
        found = self.variables()
        self.assertEqual(found["one"]["preview"], "<not shown: it takes too long>")
        self.assertEqual(found["last"]["preview"], "<Fine object>")

    def test_plainly_no_object_is_asked(self):
        self.good("class Fine:\n    def __repr__(self): return 'fine'\none, two = Fine(), 5")
        found = {v["name"]: v["preview"] for v in self.ask("variables", plain=True)["variables"]}
        self.assertEqual((found["one"], found["two"]), ("<Fine object>", "5"))

    def test_numpy_and_pandas(self):
        self.good(
            "import numpy as np, pandas as pd\na = np.zeros((1000, 3))\nv = a[:, 1]\nz = np.float64(2.5)\nd = pd.DataFrame({'x': [1, 2], 'y': ['a', None]})\ns = d.x\ni = d.index\nt = pd.Timestamp('2024-01-01')\nq = np.zeros((0, 4))"
        )
        found = self.variables()
        self.assertEqual((found["a"]["shape"], found["a"]["size"]), ([1000, 3], 24000))
        self.assertEqual(found["d"]["shape"], [2, 2])
        self.assertEqual(found["d"]["columns"][0], {"name": "x", "dtype": "int64"})
        self.assertEqual(found["s"]["shape"], [2])
        self.assertIn("2.5", found["z"]["preview"])
        for name in "vitq":
            self.assertIn(name, found)

    def test_injection(self):
        self.ask("inject", parameters={"alpha": [1, {"b": None}]})
        self.good("alpha")
        self.assertEqual(self.shown()[0]["text/plain"], "[1, {'b': None}]")
        self.assertEqual(self.ask("inject", parameters={"not a name": 1})["status"], "error")


class Tables(NotebookTest):
    def setUp(self):
        super().setUp()
        self.good("""
import numpy as np, pandas as pd
t = pd.DataFrame({'a': [3, 1, 2, 1], 'b': ['x', 'Yes', None, 'yellow'], 'c': [1.5, np.nan, np.inf, -2.0],
                  'd': pd.to_datetime(['2024-01-01', '2024-02-01', None, '2024-03-01']), 5: [True, False, True, True]})
""")

    def page(self, **request):
        reply = self.ask("table", **{"name": "t", "offset": 0, "limit": 10, "sort": [], "filter": [], **request})
        self.assertEqual(reply["status"], "ok", reply)
        return reply

    def test_a_page_as_it_is(self):
        page = self.page(offset=1, limit=2)
        self.assertEqual([c["name"] for c in page["columns"]], ["a", "b", "c", "d", "5"])
        self.assertEqual(page["rows"], [[1, "Yes", None, "2024-02-01T00:00:00", False], [2, None, "inf", None, True]])
        self.assertEqual((page["index"], page["total_rows"], page["filtered_rows"]), ([1, 2], 4, 4))

    def test_sorting(self):
        self.assertEqual(self.page(sort=[{"column": "a", "ascending": True}])["index"], [1, 3, 2, 0])
        self.assertEqual(
            self.page(sort=[{"column": "a", "ascending": True}, {"column": "c", "ascending": True}])["index"],
            [3, 1, 2, 0],
        )
        self.assertEqual(self.page(sort=[{"column": "b", "ascending": False}])["index"][-1], 2)
        self.assertEqual(self.page(sort=[{"column": "5", "ascending": True}])["index"][0], 1)

    def test_filters(self):
        for column, op, value, expected in (
            ("a", "==", 1, [1, 3]),
            ("a", "!=", "1", [0, 2]),
            ("a", ">", "1", [0, 2]),
            ("a", "<=", 2, [1, 2, 3]),
            ("b", "contains", "y", [1, 3]),
            ("b", "startswith", "y", [3]),
            ("b", "in", ["x", "Yes"], [0, 1]),
            ("b", "isnull", None, [2]),
            ("c", "notnull", None, [0, 2, 3]),
            ("d", ">=", "2024-02-01", [1, 3]),
            ("5", "==", "false", [1]),
            ("a", "in", ["3"], [0]),
            ("b", "<", "Z", [1]),
        ):
            with self.subTest(column=column, op=op):
                self.assertEqual(self.page(filter=[{"column": column, "op": op, "value": value}])["index"], expected)

    def test_filters_and_sorts_together(self):
        page = self.page(
            filter=[{"column": "a", "op": "<", "value": 3}, {"column": "b", "op": "notnull"}],
            sort=[{"column": "c", "ascending": True}],
            limit=1,
        )
        self.assertEqual((page["index"], page["filtered_rows"]), ([3], 2))

    def test_other_kinds(self):
        self.good(
            "s = t.a\narr = np.arange(6).reshape(3, 2)\nm = t.groupby('a').agg({'c': ['min', 'max']})\nl = [{'q': 1}, {'q': 2}]\ne = pd.DataFrame()\nu = pd.DataFrame({'x': [1]}, index=pd.Index(['\\ud800']))"
        )
        self.assertEqual(self.page(name="s")["columns"][0]["name"], "a")
        self.assertEqual(self.page(name="arr")["rows"][2], [4, 5])
        self.assertEqual(self.page(name="m")["columns"][0]["name"], "c.min")
        self.assertEqual(self.page(name="l")["total_rows"], 2)
        self.assertEqual(self.page(name="e")["rows"], [])
        self.page(name="u")

    def test_refusals_name_the_reason(self):
        for request, word in (
            ({"name": "nope"}, "nope"),
            ({"sort": [{"column": "zz"}]}, "zz"),
            ({"filter": [{"column": "a", "op": "~"}]}, "~"),
            ({"filter": [{"column": "a", "op": "==", "value": "word"}]}, "word"),
            ({"filter": [{"column": "a", "op": "in", "value": 3}]}, "list"),
        ):
            with self.subTest(request=request):
                reply = self.ask("table", **{"name": "t", "offset": 0, "limit": 1, **request})
                self.assertEqual(reply["status"], "error")
                self.assertIn(word, reply["evalue"])


class Exports(NotebookTest):
    def setUp(self):
        super().setUp()
        self.good(
            "import pandas as pd, numpy as np\nd = pd.DataFrame({'a': [1, 2], 'b': ['x', '=1+1']})\ns = {'k': [1, 2.5]}\nf = lambda: 1"
        )

    def export(self, **request):
        reply = self.ask("export", **request)
        self.assertEqual(reply["status"], "ok", reply)
        self.assertEqual(sum(f["bytes"] for f in reply["files"]), len(self.host.reply_body))
        return reply["files"], self.host.reply_body

    def test_every_format(self):
        self.assertEqual(self.export(variables=["d"], format="csv")[0][0]["name"], "d.csv")
        self.assertTrue(self.host.reply_body.startswith(b"a,b\n1,x\n"))
        self.assertEqual(self.export(variables=["s"], format="json")[1].split(), b'{ "k": [ 1, 2.5 ] }'.split())
        self.assertTrue(self.export(variables=["d"], format="xlsx")[1].startswith(b"PK"))
        self.assertTrue(self.export(variables=["s"], format="pickle")[1].startswith(b"\x80"))

    def test_arrays(self):
        self.good("import io\na = np.arange(3)")
        import io

        import numpy

        self.assertEqual(numpy.load(io.BytesIO(self.export(variables=["a"], format="npy")[1])).tolist(), [0, 1, 2])

    def test_several_files(self):
        files, body = self.export(variables=["d", "s"], format="csv")
        self.assertEqual([f["name"] for f in files], ["d.csv", "s.csv"])
        self.assertEqual(self.export(variables=["d", "s"], format="xlsx")[0][0]["name"], "variables.xlsx")

    def test_formulas_stay_text_in_excel(self):
        import io
        import zipfile

        self.good("d = pd.DataFrame({'=1+1': ['=1+1', '{=1+1}', '+1', '@x', -5]}, index=pd.Index(list('=+-@a')))")
        body = self.export(variables=["d"], format="xlsx")[1]
        sheet = zipfile.ZipFile(io.BytesIO(body)).read("xl/worksheets/sheet1.xml")
        self.assertNotIn(b"<f", sheet)
        self.assertIn(b"<v>-5</v>", sheet)

    def test_formulas_are_escaped_in_csv(self):
        self.good("""
d = pd.DataFrame({'text': ['=cmd()', '+1-2', '-x', '@a', '\\tb', '\\rc', 'plain', '-5', '+3e2'], 'number': range(-5, 4),
                  '=name': pd.Categorical(list('abc-=-abc'))}, index=pd.Index(['=i'] + list('bcdefghi'), name='+n'))
""")
        import io

        import pandas

        read = lambda: pandas.read_csv(io.BytesIO(self.host.reply_body), dtype=str, keep_default_na=False)
        self.export(variables=["d"], format="csv")
        found = read()
        self.assertEqual(list(found.columns), ["'+n", "text", "number", "'=name"])
        expected = ["'=cmd()", "'+1-2", "'-x", "'@a", "'\tb", "'\rc", "plain", "-5", "+3e2"]
        self.assertEqual(list(found["text"]), expected)
        self.assertEqual(found["number"][0], "-5")
        self.assertEqual(list(found["'=name"])[3:6], ["'-", "'=", "'-"])
        self.assertEqual(found["'+n"][0], "'=i")
        # The control: who wants the text as it is gets it.
        self.export(variables=["d"], format="csv", formulas=True)
        self.assertEqual(read()["text"][0], "=cmd()")

    def test_a_plain_table_comes_back_from_csv_as_it_was(self):
        self.good("""
d = pd.DataFrame({'a': [-1, 2], 'b': ['x', None], 'c': [-1.5, np.nan], 'd': pd.to_datetime(['2024-01-01', None]),
                  'e': [True, False]})
m = d.groupby(['a', 'e'])[['c']].sum()
""")
        for name in "dm":
            harmless = self.export(variables=[name], format="csv")[1]
            self.assertEqual(harmless, self.export(variables=[name], format="csv", formulas=True)[1])

    def test_refusals(self):
        for request, word in (
            ({"variables": ["nope"], "format": "csv"}, "nope"),
            ({"variables": [], "format": "csv"}, "no variable"),
            ({"variables": ["d"], "format": "odt"}, "odt"),
            ({"variables": ["f"], "format": "pickle"}, "pickled"),
            ({"variables": ["f"], "format": "json"}, "JSON"),
            ({"figures": "gif"}, "gif"),
        ):
            with self.subTest(request=request):
                reply = self.ask("export", **request)
                self.assertEqual(reply["status"], "error")
                self.assertIn(word, reply["evalue"])
