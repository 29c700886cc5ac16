"""What is shown inside of an `Output` widget becomes part of its state, where the notebook's page and the saved notebook
find it. A front end that names its messages takes it out of them by itself, as Jupyter's do."""

from time import monotonic

from . import comms, door, execute, streams

SECONDS = 0.1  # between two messages with the state of one widget
KINDS = {"stream", "display_data", "execute_result", "update_display_data", "error", "clear_output"}


class Capture:
    """What one widget shows while code runs inside of it."""

    def __init__(self, widget):
        self.widget = widget
        self.outputs = [(output, None) for output in widget.outputs]  # each with its display id
        self.clear_first = self.changed = False
        self.told = float("-inf")

    def take(self, kind, content):
        """Takes a message. Returns False for one that is not shown inside of the widget."""
        if kind not in KINDS:
            return False
        if kind == "update_display_data":
            return self._update(content)
        if kind == "clear_output":
            if content["wait"]:
                self.clear_first = True
                return True
            self.outputs.clear()
        else:
            if self.clear_first:
                self.clear_first = False
                self.outputs.clear()
            self._show(kind, content)
        self._tell_in_time()
        return True

    def _show(self, kind, content):
        last = self.outputs[-1][0] if self.outputs else {}
        if kind == "stream" and last.get("name") == content["name"]:
            # Another object, so that the state is seen to differ.
            self.outputs[-1] = ({**last, "text": last["text"] + content["text"]}, None)
            return
        display = content.get("transient", {}).get("display_id")
        output = {key: value for key, value in content.items() if key != "transient"}
        self.outputs.append(({"output_type": kind, **output}, display))

    def _update(self, content):
        display, found = content["transient"]["display_id"], False
        for index, (output, name) in enumerate(self.outputs):
            if name == display:
                new = {"data": content["data"], "metadata": content["metadata"]}
                self.outputs[index] = ({**output, **new}, name)
                found = True
        if found:
            self._tell_in_time()
        return found

    def _tell_in_time(self):
        self.changed = True
        if not 0 <= monotonic() - self.told < SECONDS:
            self.tell()

    def tell(self):
        """Has the widget's views know."""
        if self.changed:
            self.changed, self.told = False, monotonic()
            self.widget.outputs = tuple(output for output, _ in self.outputs)


def install(module):
    """Makes `Output` capture here."""
    output = module.Output
    plain_enter, plain_exit = output.__enter__, output.__exit__

    def enter(self):
        if comms.is_named():
            return plain_enter(self)
        streams.gather.send()
        door.captures.append(Capture(self))

    def leave(self, kind, error, trace):
        if not door.captures or door.captures[-1].widget is not self:
            return plain_exit(self, kind, error, trace)
        try:
            if kind is not None:
                shell = execute.shell
                before = shell.last_error
                shell.showtraceback((kind, error, trace), tb_offset=0)
                shell.last_error = before  # it is shown, and the cell goes on
            streams.gather.send()
        finally:
            door.captures.pop().tell()
        return kind is not None

    output.__enter__, output.__exit__ = enter, leave
