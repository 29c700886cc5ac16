"""Adjustments to packages, made when (and only if) they are imported."""

import functools
import sys
import warnings
from importlib.abc import MetaPathFinder


def _tqdm(module):
    module.tqdm.monitor_interval = 0  # the monitor is a thread


def _tqdm_notebook(module):
    """tqdm.notebook without widgets: the text bar, which every front end shows."""
    from tqdm.std import tqdm

    class tqdm_notebook(tqdm):
        """The text progress bar; the arguments only a widget knows are accepted and ignored."""

        def __init__(self, *arguments, **keywords):
            keywords.pop("display", None)
            super().__init__(*arguments, **keywords)

        def reset(self, total=None):
            super().reset(total=total)

    def tnrange(*arguments, **keywords):
        return tqdm_notebook(range(*arguments), **keywords)

    module.tqdm = module.tqdm_notebook = tqdm_notebook
    module.tnrange = module.trange = tnrange


def _plotly_io(module):
    """Figures go out as plotly's own MIME type, for front ends that have the drawing library, and as HTML that fetches it.
    Of plotly's renderers of such HTML, `colab` is the one that shows nothing else beforehand."""
    module.renderers.default = "plotly_mimetype+colab"


def _plotly_html(module):
    """The drawing library is read, and the hash by which the HTML names it made, once and not for every figure (50 ms)."""
    module.get_plotlyjs = functools.cache(module.get_plotlyjs)
    module._generate_sri_hash = functools.cache(module._generate_sri_hash)


def _altair(module):
    module.renderers.enable("mimetype")
    module.data_transformers.disable_max_rows()


def _pandas(module):
    try:
        from . import columnar
    except ImportError:
        return
    columnar.install()


def _bokeh(module):
    from . import bokeh_output

    bokeh_output.install()


def _sympy_printing(module):
    """init_printing() gives LaTeX for the front end to draw, and no images of it."""
    plain = module.init_printing

    @functools.wraps(plain)
    def init_printing(pretty_print=True, order=None, use_unicode=None, use_latex=None, **keywords):
        if use_latex is None and pretty_print:
            use_latex = "mathjax"
        return plain(pretty_print, order, use_unicode, use_latex, **keywords)

    module.init_printing = init_printing


def _matplotlib_style(module):
    """The seaborn styles by their names of before matplotlib 3.6, which notebooks still use."""
    library = module.library
    for name in list(library):
        if name.startswith("seaborn-v0_8"):
            library[name.replace("-v0_8", "", 1)] = library[name]


_WINDOWS = ("gtk", "qt", "tk", "wx", "macosx", "nbagg", "webagg", "widget", "ipympl", "notebook")


def _matplotlib(module):
    """Figures are shown inline: also after `matplotlib.use` of a backend with windows, and for packages that keep the
    settings before the first figure is made (seaborn, for its `reset_orig`)."""
    module.interactive(True)
    plain = module.use

    @functools.wraps(plain)
    def use(backend, *, force=True):
        name = str(backend).lower()
        if "inline" not in name and any(word in name for word in _WINDOWS):
            warnings.warn(
                f"the matplotlib backend {backend} is not available in this sandbox: figures are shown inline",
                stacklevel=2,
            )
            backend = "module://matplotlib_inline.backend_inline"
        return plain(backend, force=force)

    module.use = use


def _matplotlib_text(module):
    """Every text asks its font's tables for the line height, each time from the file: kept by font instead."""
    plain = module.get_font

    class Tables:
        __slots__ = ("font", "tables")

        def __init__(self, font):
            self.font, self.tables = font, {}

        def __getattr__(self, name):
            return getattr(self.font, name)

        def get_sfnt_table(self, name):
            if name not in self.tables:
                self.tables[name] = self.font.get_sfnt_table(name)
            return self.tables[name]

    kept = {}

    def get_font(paths, *arguments, **keywords):
        font = plain(paths, *arguments, **keywords)
        found = kept.get(id(font))
        if found is None or found.font is not font:
            if len(kept) > 64:
                kept.clear()
            found = kept[id(font)] = Tables(font)
        return found

    module.get_font = get_font


def _stack_data(module):
    """Colours a traceback's lines with one lexer: stack_data makes a new class, and all its tables, for each call."""
    kept = []

    def lexer(ranges):
        if not kept:
            from pygments.lexers import PythonLexer

            class Ranges(PythonLexer):
                ranges = ()

                def get_tokens(self, text):
                    length = 0
                    for kind, value in super().get_tokens(text):
                        if any(start <= length < end for start, end in self.ranges):
                            kind = kind.ExecutingNode
                        length += len(value)
                        yield kind, value

            kept.append(Ranges(stripnl=False))
        kept[0].ranges = ranges
        return kept[0]

    def pygmented(formatter, code, ranges):
        import pygments

        try:
            return pygments.highlight(code, lexer(ranges), formatter).splitlines()
        except Exception:
            return code.splitlines()

    module._pygmented_with_ranges = pygmented


def _seaborn(module):
    from . import sample_data

    sample_data.install(module)


def _rich_live(module):
    """rich's live displays are drawn again when they change, by whoever changes them: there is no thread to do it."""
    from time import monotonic

    class Refresh:
        def __init__(self, live, refresh_per_second):
            pass

        def start(self):
            pass

        stop = join = start

    module._RefreshThread = Refresh
    plain = module.Live.update

    def update(self, renderable, *, refresh=False):
        last = getattr(self, "_drawn", 0.0)
        due = self.auto_refresh and self.is_started and not 0 <= monotonic() - last < 1 / self.refresh_per_second
        if due:
            self._drawn = monotonic()
        plain(self, renderable, refresh=refresh or due)

    module.Live.update = update


def _rich_progress(module):
    """The same for progress bars, whose changes come one by one and fast."""
    from time import monotonic

    class Track:
        """Counts the steps of `track`, as rich's thread does."""

        def __init__(self, progress, task_id, update_period):
            self.progress, self.task_id, self.period = progress, task_id, update_period
            self.completed, self.told, self.at = 0, 0, monotonic()

        def __enter__(self):
            return self

        def __setattr__(self, name, value):
            super().__setattr__(name, value)
            if name == "completed" and hasattr(self, "at") and monotonic() - self.at >= self.period:
                self.tell()

        def tell(self):
            self.progress.advance(self.task_id, self.completed - self.told)
            self.told, self.at = self.completed, monotonic()

        def __exit__(self, *exception):
            self.progress.update(self.task_id, completed=self.completed, refresh=True)

    def drawn(plain):
        @functools.wraps(plain)
        def change(self, *arguments, **keywords):
            plain(self, *arguments, **keywords)
            live = self.live
            if live.auto_refresh and live.is_started:
                if not 0 <= monotonic() - getattr(live, "_drawn", 0.0) < 1 / live.refresh_per_second:
                    live._drawn = monotonic()
                    live.refresh()

        return change

    module._TrackThread = Track
    module.Progress.update = drawn(module.Progress.update)
    module.Progress.advance = drawn(module.Progress.advance)


def _output_widget(module):
    from . import captured

    captured.install(module)


def _jpeg(module):
    from . import jpeg

    jpeg.install()


def _parso_cache(module):
    """Parsed stubs stay in memory (in the image, for those that were warmed), and no cache folder appears in HOME."""
    module._load_from_file_system = lambda *arguments, **keywords: None
    module._save_to_file_system = lambda *arguments, **keywords: None


def _comm(module):
    from . import comms

    comms.install(module)


def _pyio(module):
    """Python's own io in Python: dill opens the null device with it."""
    import os

    plain = module.open

    def open(file, mode="r", buffering=-1, *arguments, **keywords):
        if file != os.devnull:
            return plain(file, mode, buffering, *arguments, **keywords)
        raw = module.BytesIO()
        return raw if "b" in mode else module.TextIOWrapper(raw, encoding="utf-8")

    module.open = open


def _socket(module):
    """Connecting fails with words, not with a missing function."""

    def refuse(*arguments, **keywords):
        raise OSError("there is no network in this sandbox")

    module.create_connection = module.create_server = module.getaddrinfo = module.gethostbyname = module.socketpair = (
        refuse
    )
    module.gethostbyaddr = module.getnameinfo = refuse
    module.gethostname = lambda: "cellblock"
    module.getfqdn = lambda name="": name or "cellblock"
    for name in ("connect", "connect_ex", "bind", "listen", "accept", "sendto", "recv"):
        setattr(module.socket, name, refuse)


HOOKS = {
    "_pyio": _pyio,
    "PIL.JpegImagePlugin": _jpeg,
    "parso.cache": _parso_cache,
    "socket": _socket,
    "matplotlib": _matplotlib,
    "matplotlib.style": _matplotlib_style,
    "matplotlib.text": _matplotlib_text,
    "seaborn.utils": _seaborn,
    "stack_data.utils": _stack_data,
    "sympy.interactive.printing": _sympy_printing,
    "comm": _comm,
    "ipywidgets.widgets.widget_output": _output_widget,
    "rich.live": _rich_live,
    "rich.progress": _rich_progress,
    "tqdm.std": _tqdm,
    "tqdm.notebook": _tqdm_notebook,
    "plotly.io": _plotly_io,
    "plotly.io._html": _plotly_html,
    "altair": _altair,
    "pandas": _pandas,
    "bokeh.io": _bokeh,
}


class _Finder(MetaPathFinder):
    """Lets the next finder find the module, then runs its hook once it has been executed."""

    def __init__(self):
        self._busy = set()

    def find_spec(self, name, path=None, target=None):
        hook = HOOKS.get(name)
        if hook is None or name in self._busy:
            return None
        self._busy.add(name)
        try:
            others = (finder for finder in sys.meta_path if finder is not self and hasattr(finder, "find_spec"))
            spec = next((s for s in (finder.find_spec(name, path, target) for finder in others) if s is not None), None)
        finally:
            self._busy.discard(name)
        if spec is None or spec.loader is None:
            return None
        plain = spec.loader.exec_module

        def exec_module(module):
            plain(module)
            HOOKS.pop(name, None)
            hook(module)

        spec.loader.exec_module = exec_module
        return spec


def install():
    """Watches for the modules of `HOOKS`."""
    for name in list(HOOKS):
        if name in sys.modules:
            HOOKS.pop(name)(sys.modules[name])
    sys.meta_path.insert(0, _Finder())
