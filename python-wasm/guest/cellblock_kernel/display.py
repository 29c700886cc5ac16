"""Rich output: IPython's display publisher and display hook, wired to the door."""

from base64 import b64encode
import tokenize

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher

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


class Publisher(DisplayPublisher):
    """`display()`, `update_display()` and `clear_output()`."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self._hooks = []

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
        self.fill_exec_result(result)
        if data:
            streams.gather.send()
            content = {"execution_count": self.prompt_count, "data": ready(data), "metadata": metadata}
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

    def _only_plain(self, kind):
        """True when no formatter but the plain one, with its default for this type, has anything to say."""
        formatter = self.shell.display_formatter
        for table in _tables(formatter):
            if kind in table:
                return False
        plain = formatter.formatters["text/plain"]
        return kind not in plain.type_printers or plain.type_printers[kind] is _defaults.get(kind)

    def cull_cache(self):
        """Drops the oldest outputs, without the warning: a session may run for days."""
        out = self.shell.user_ns.get("_oh", {})
        for number in sorted(out)[: max(len(out) // 5, 2)]:
            self.shell.user_ns.pop(f"_{number}", None)
            out.pop(number, None)


_defaults = {}
_seen = None
_cached = ()


def _tables(formatter):
    """The type tables of all formatters but the plain one."""
    global _seen, _cached
    if _seen is not formatter:
        from IPython.lib.pretty import _type_pprinters

        _seen = formatter
        _cached = tuple(f.type_printers for name, f in formatter.formatters.items() if name != "text/plain")
        plain = formatter.formatters["text/plain"]
        _defaults.update({kind: plain.type_printers.get(kind) for kind in _SIMPLE})
        _defaults[str] = plain.type_printers.get(str, _type_pprinters.get(str))
    return _cached
