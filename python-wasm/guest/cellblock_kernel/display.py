"""Rich output: IPython's display publisher and display hook, wired to the door."""

import builtins
from base64 import b64encode
import tokenize

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.formatters import DisplayFormatter

from . import door, streams

BINARY = ("image/", "application/pdf", "video/", "audio/", "application/octet-stream")
PLAIN_CHARACTERS = 2 << 20  # a text/plain longer than this is cut, with a note
_SIMPLE = (int, float, str, bool, complex, bytes)


def ready(data):
    """Returns a MIME bundle in which images and other binary data are base64 text and the plain text is bounded."""
    out = {}
    for mime, value in data.items():
        if isinstance(value, (bytes, bytearray, memoryview)):
            value = b64encode(value).decode() if mime.startswith(BINARY) else bytes(value).decode("utf-8", "replace")
        elif mime == "text/plain" and len(value) > PLAIN_CHARACTERS:
            value = f"{value[:PLAIN_CHARACTERS]}\n... ({len(value) - PLAIN_CHARACTERS} more characters not shown)"
        out[str(mime)] = value
    return out


class Formatter(DisplayFormatter):
    """IPython's formatters. While they are at work, the shell knows that an error is one of a `_repr_*_`."""

    def format(self, obj, include=None, exclude=None):
        outer, self.parent.formatting = self.parent.formatting, True
        try:
            return super().format(obj, include, exclude)
        finally:
            self.parent.formatting = outer


class Publisher(DisplayPublisher):
    """`display()`, `update_display()` and `clear_output()`."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self._hooks = []
        # They only mark outputs for the history's copy, which this publisher does not keep.
        for event, callback in (("pre_execute", self._on_pre_execute), ("post_execute", self._on_post_execute)):
            if callback in self.shell.events.callbacks[event]:
                self.shell.events.unregister(event, callback)

    def publish(self, data, metadata=None, source=None, *, transient=None, update=False, **keywords):
        """Sends one bundle; hooks (ipywidgets' Output, for one) may take it first, as in ipykernel."""
        content = {"data": ready(data), "metadata": metadata or {}, "transient": transient or {}}
        kind = "update_display_data" if update else "display_data"
        if self._hooks:
            message = {"header": {"msg_type": kind}, "msg_type": kind, "content": content}
            for hook in self._hooks:
                message = hook(message)
                if message is None:
                    return
        streams.gather.send()
        door.emit(kind, content)

    def clear_output(self, wait=False):
        if wait:
            streams.gather.send()
        else:
            streams.gather.discard()
        door.emit("clear_output", {"wait": bool(wait)})

    def register_hook(self, hook):
        self._hooks.append(hook)

    def unregister_hook(self, hook):
        try:
            self._hooks.remove(hook)
        except ValueError:
            return False
        return True


class Hook(DisplayHook):
    """`sys.displayhook`: the value of a cell's last expression."""

    source = ""  # the running cell, as compiled
    silent = False
    _tables = _formatter = _plain = _defaults = None

    def __call__(self, result=None):
        if result is None or self.silent or self.quiet():
            return
        self.check_for_underscore()
        kind = type(result)
        if kind in _SIMPLE and self._only_plain(kind):
            try:
                data, metadata = {"text/plain": repr(result)}, {}
            except ValueError:  # an integer past the digits limit: let IPython show why
                data, metadata = self.compute_format_data(result)
        else:
            data, metadata = self.compute_format_data(result)
        self.update_user_ns(result)
        if self._trait_values.get("exec_result") is not None:
            self.fill_exec_result(result)
        if data:
            streams.gather.send()
            content = {
                "execution_count": self.shell._trait_values["execution_count"] - 1,
                "data": ready(data),
                "metadata": metadata,
            }
            door.emit("execute_result", content)

    def quiet(self):
        """True when the cell ends in a semicolon (looked for only where there is one at all)."""
        source = self.source
        if ";" not in source:
            return False
        try:
            return self.semicolon_at_end_of_expression(source)
        except (tokenize.TokenError, SyntaxError, IndentationError):
            return False

    def update_user_ns(self, result):
        """`_`, `__`, `___`, `_5` and `Out`; a `_` that the user (or gettext) has set is left alone."""
        names = self.shell.user_ns
        out = names["_oh"]
        if result is out:
            return
        if len(out) >= self.cache_size:
            self.cull_cache()
        own = names.get("_", self._) is self._
        self.___, self.__, self._ = self.__, self._, result
        hidden = self.shell.user_ns_hidden
        if own and "_" not in builtins.__dict__:
            names["_"], names["__"], names["___"] = result, self.__, self.___
        count = self.shell._trait_values["execution_count"] - 1
        name = f"_{count}"
        names[name] = hidden[name] = out[count] = result

    def _only_plain(self, kind):
        """True when no formatter but the plain one, with its default for this type, has anything to say."""
        if self._tables is None:
            formatters = self.shell.display_formatter.formatters
            self._tables = tuple(f.type_printers for name, f in formatters.items() if name != "text/plain")
            self._formatter = formatters["text/plain"]
            self._plain = self._formatter.type_printers
            self._defaults = {kind: self._plain.get(kind) for kind in _SIMPLE}
        if kind is float and self._formatter._trait_values.get("float_format", "%r") != "%r":
            return False  # %precision
        for table in self._tables:
            if table and kind in table:
                return False
        return self._plain.get(kind) is self._defaults[kind]

    def cull_cache(self):
        """Drops the oldest outputs, without the warning: a session may run for days."""
        out = self.shell.user_ns.get("_oh", {})
        for number in sorted(out)[: max(len(out) // 5, 2)]:
            self.shell.user_ns.pop(f"_{number}", None)
            out.pop(number, None)
