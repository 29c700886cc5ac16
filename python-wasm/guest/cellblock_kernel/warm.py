"""What an image does before its snapshot is taken, so that a session's first cells find code loaded and caches full."""

from . import execute, streams, turn


def cell(code):
    """Runs a cell as the host would, and drops what it shows. Raises RuntimeError when it fails."""
    request = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "user_expressions": {}}
    answer = execute.execute(request, b"")
    streams.gather.discard()
    return answer


def good(code):
    answer = cell(code)
    if answer["status"] != "ok":
        raise RuntimeError(f"warming failed: {answer['ename']}: {answer['evalue']}\n" + "\n".join(answer["traceback"]))


def ask(operation, **request):
    """Answers one of the host's other requests."""
    answer = turn.OPERATIONS[operation](request, b"")
    content = answer[0] if type(answer) is tuple else answer
    if content.get("status") == "error":
        raise RuntimeError(f"warming {operation} failed: {content}")
    return content


def turns(count=60):
    """Runs whole turns against a door that answers by itself: the interpreter specialises its code for them."""
    import json
    import types

    from . import door

    cells = [
        "1+1",
        "_w = 5",
        "_w",
        "print(1)",
        "_w = [1, 2]\nfor _w2 in _w:\n    pass\n_w2",
        "'a' + 'b'",
        "len('abc')",
        "_w2 + 1.5",
    ]
    answer = door.encode({"ok": {}})
    frames = {}

    def call(frame):
        if b'"op":"next"' in frame:
            return frames["next"]
        return door._LENGTH.pack(len(answer)) + answer

    kept = door._host
    door._host = types.SimpleNamespace(call=call)
    try:
        for index in range(count):
            request = {
                "op": "execute",
                "fresh": False,
                "code": cells[index % len(cells)],
                "silent": False,
                "store_history": True,
                "allow_stdin": False,
                "user_expressions": {},
            }
            head = json.dumps({"ok": request}).encode()
            frames["next"] = door._LENGTH.pack(len(head)) + head
            turn.turn()
    finally:
        door._host = kept


def base():
    """Displays, tracebacks, magics, completion, inspection, formatting and linting."""
    good("1+1")
    good("_w = [i * i for i in range(10)]\nprint(_w)\n_w")
    good("_w = {'a': 1.5, 'b': 'text'}\n_w")
    cell("1/0")
    cell("def _w(:")
    cell("_w_missing_name")
    cell("def _w(x):\n    return x['nothing']\n\n_w({})")
    cell("import _w_missing_module")
    good("%time _w = 1")
    good("_w = !ls /home")
    good("await __import__('asyncio').sleep(0)")
    good("from IPython.display import display, HTML, Markdown\ndisplay(HTML('<b>x</b>'))")
    good("import warnings\nwarnings.warn('warming')")
    for module in (
        "os",
        "sys",
        "json",
        "re",
        "math",
        "collections",
        "pathlib",
        "datetime",
        "random",
        "itertools",
        "functools",
        "time",
    ):
        code = f"import {module}\n{module}."
        ask("complete", code=code, cursor_pos=len(code))
    ask("complete", code="_w_text = 'a'\n_w_text.up", cursor_pos=len("_w_text = 'a'\n_w_text.up"))
    ask("complete", code="%ti", cursor_pos=3)
    ask("inspect", code="print", cursor_pos=3, detail_level=0)
    ask("is_complete", code="for i in x:")
    ask("variables")
    ask("format", code="x = [ 1,2 ]\ndef f( a ):\n  return a")
    ask("lint", code="import os\nx=1\n")
    turns(400)
    _forget()


def data():
    """numpy, pandas and plots: groupby, merge, reading and describing tables, a figure as PNG and SVG, a plotly chart."""
    good(_TABLES)
    for style in ("png", "svg"):
        good(f"%config InlineBackend.figure_format = '{style}'\n{_FIGURE}")
    good("%config InlineBackend.figure_format = 'png'\n")
    good("import plotly.express as _px\n_fig = _px.scatter(_df, x='a', y='b', title='t')\n_fig")
    ask("variables")
    ask("table", name="_df", offset=0, limit=10, sort=[{"column": "b", "ascending": False}], filter=[])
    ask("complete", code="_df.gro", cursor_pos=7)
    _forget()


def machine_learning():
    """A fit and a prediction of the common kinds."""
    good(_LEARNING)
    _forget()


def _forget():
    """Takes the warming's names and figures out of the session again."""
    names = execute.shell.user_ns
    for name in [
        n for n in names if n.startswith("_w") or n in ("_df", "_dg", "_fig", "_px", "_plt", "_np", "_pd", "_io")
    ]:
        del names[name]
    for name in ("display", "HTML", "Markdown", "warnings"):
        names.pop(name, None)
    pyplot = __import__("sys").modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
    streams.gather.discard()


_TABLES = """
import numpy as _np, pandas as _pd, io as _io
_df = _pd.DataFrame({'a': _np.arange(1000), 'b': _np.random.rand(1000), 'c': ['x', 'y'] * 500, 'd': _pd.date_range('2024-01-01', periods=1000)})
_w = _df.groupby('c').b.mean(), _df.groupby(_df.a % 7).agg({'b': ['mean', 'sum'], 'a': 'count'})
_w = _df.merge(_df[['a', 'b']], on='a', how='left'), _pd.concat([_df, _df]), _df.describe(), _df.pivot_table(index='c', values='b')
_w = _df.sort_values('b'), _df.c.value_counts(), _df.set_index('d').b.resample('ME').mean(), _df[_df.b > 0.5].head(), _df.corr(numeric_only=True)
_w = _pd.read_csv(_io.StringIO('x,y,z\\n1,2,a\\n3,4,b\\n')), _df.to_csv(), _df.isna().sum(), _df.drop_duplicates(), _df.dtypes
_df.info(buf=_io.StringIO())
_w = _np.linalg.solve(_np.eye(3), _np.ones(3)), _np.linalg.eigh(_np.eye(3)), _np.random.default_rng(0).normal(size=10), _np.fft.fft(_np.ones(8))
_w = _df.a.apply(lambda v: v + 1), _df.c.str.upper(), _df.head(3).to_json(), _df.rolling(3, on='d').b.mean()
_df.head()
"""
_FIGURE = """
import matplotlib.pyplot as _plt
_fig, _w = _plt.subplots(figsize=(6, 4))
_w.plot([1, 2, 3], [1, 4, 9], label='line')
_w.scatter([1, 2, 3], [3, 2, 1])
_w.bar([1, 2, 3], [1, 1, 1], alpha=0.3)
_w.hist([1, 2, 2, 3])
_w.set_title('title $x^2$'); _w.text(1, 1, 'b', weight='bold'); _w.text(1, 1, 'i', style='italic'); _w.set_xlabel('x'); _w.legend(); _w.grid(True)
_plt.tight_layout()
_plt.show()
"""
_LEARNING = """
import numpy as _np, pandas as _pd
import scipy.stats as _w_stats, statsmodels.api as _w_sm, statsmodels.formula.api as _w_smf, seaborn as _w_sns
from sklearn.linear_model import LogisticRegression as _w_L, LinearRegression as _w_R
from sklearn.ensemble import RandomForestClassifier as _w_F
from sklearn.model_selection import train_test_split as _w_split, cross_val_score as _w_cv
from sklearn.preprocessing import StandardScaler as _w_S
from sklearn.pipeline import make_pipeline as _w_pipe
from sklearn.metrics import classification_report as _w_report
from sklearn.cluster import KMeans as _w_K
from sklearn.decomposition import PCA as _w_P
_w_x, _w_y = _np.random.rand(60, 3), _np.arange(60) % 2
_w_a, _w_b, _w_c, _w_d = _w_split(_w_x, _w_y)
_w = _w_pipe(_w_S(), _w_L()).fit(_w_a, _w_c)
_w_text = _w_report(_w_d, _w.predict(_w_b), zero_division=0)
_w_R().fit(_w_x, _w_y); _w_F(n_estimators=3).fit(_w_x, _w_y); _w_K(2, n_init=1).fit(_w_x); _w_P(2).fit(_w_x)
_w_cv(_w_L(), _w_x, _w_y, cv=3)
_w_t = _w_stats.ttest_ind(_w_x[:, 0], _w_x[:, 1])
_w_df = _pd.DataFrame(_w_x, columns=list('abc'))
_w_m = _w_smf.ols('a ~ b + c', _w_df).fit(); _w_m.summary().as_text()
_w_sm.OLS(_w_x[:, 0], _w_sm.add_constant(_w_x[:, 1:])).fit()
_w_sns.set_theme(); _w_sns.scatterplot(_w_df, x='a', y='b'); _w_sns.reset_orig()
_w
"""
