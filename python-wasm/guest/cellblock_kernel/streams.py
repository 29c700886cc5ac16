"""sys.stdout and sys.stderr: text is gathered and sent to the host in few, ordered messages."""

import io
from time import monotonic

from . import door

FLUSH_CHARACTERS = 16 << 10
FLUSH_SECONDS = 0.05
FLUSHES = 20
PIECE_CHARACTERS = 1 << 20  # one message's most, so that no frame grows past the host's limit


class Gather:
    """The text both streams have not sent yet. One for both, so that their order is kept."""

    __slots__ = ("name", "parts", "size", "sent_at", "flushes", "full")

    def __init__(self):
        self.name, self.parts, self.size = "stdout", [], 0
        self.begin()

    def begin(self):
        """A new cell: its first text need not wait."""
        self.sent_at = float("inf")
        self.flushes = 0  # honoured since there was last time between them
        self.full = False  # the host has said that this cell's output limit is reached: the rest is dropped here

    def write(self, name, text):
        if self.full:
            return
        if name != self.name:
            if self.parts:
                self.send()
            self.name = name
        self.parts.append(text)
        self.size += len(text)
        if self.size >= FLUSH_CHARACTERS:
            self.send()
        elif "\n" in text and self.waited(FLUSH_SECONDS):
            self.send()

    def waited(self, seconds):
        """True when the last message left at least so long ago; also when the clock is another one than it was then."""
        return not 0 <= monotonic() - self.sent_at < seconds

    def flush(self):
        """The user's own flush: honoured at once unless it comes in a flood."""
        if not self.parts:
            return
        if self.waited(FLUSH_SECONDS / 5):
            self.flushes = 0
        if self.size >= 1024 or self.flushes < FLUSHES:
            self.flushes += 1
            self.send()

    def send(self):
        """Sends what is there, now."""
        parts = self.parts
        if not parts:
            return
        self.parts, self.size = [], 0
        text = parts[0] if len(parts) == 1 else "".join(parts)
        for start in range(0, len(text), PIECE_CHARACTERS):
            sent = door.emit("stream", {"name": self.name, "text": text[start : start + PIECE_CHARACTERS]})
            if sent is door.DROPPED:
                self.full = True
                break
        self.sent_at = monotonic()

    def discard(self):
        self.parts, self.size = [], 0


gather = Gather()


class _Bytes(io.RawIOBase):
    """`sys.stdout.buffer`: bytes are shown as UTF-8 text."""

    def __init__(self, stream):
        super().__init__()
        self._stream = stream

    def writable(self):
        return True

    def write(self, data):
        data = bytes(data)
        self._stream.write(data.decode("utf-8", "replace"))
        return len(data)

    def flush(self):
        if not self.closed:
            self._stream.flush()

    def close(self):
        pass


class Stream(io.TextIOBase):
    """A text stream that cannot be closed, as in a notebook."""

    encoding = "utf-8"
    errors = "replace"
    newlines = None
    line_buffering = True

    def __init__(self, name, descriptor):
        super().__init__()
        self._name, self._descriptor = name, descriptor
        self.buffer = _Bytes(self)

    name = property(lambda self: f"<{self._name}>")
    mode = "w"
    closed = False

    def write(self, text):
        if type(text) is not str:
            if not isinstance(text, str):
                raise TypeError(f"write() argument must be str, not {type(text).__name__}")
            text = str.__str__(text)
        if text:
            gather.write(self._name, text)
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        gather.flush()

    def close(self):
        pass

    def fileno(self):
        return self._descriptor

    def isatty(self):
        return False

    def writable(self):
        return True

    def reconfigure(self, **options):
        pass

    def detach(self):
        raise io.UnsupportedOperation("detach")

    def __repr__(self):
        return f"<notebook stream {self._name}>"


stdout = Stream("stdout", 1)
stderr = Stream("stderr", 2)


class Input(io.TextIOBase):
    """`sys.stdin`: each line is asked of the person at the notebook."""

    encoding = "utf-8"
    name = "<stdin>"
    mode = "r"

    def readable(self):
        return True

    def readline(self, size=-1):
        from .ask import ask

        try:
            return ask("") + "\n"
        except EOFError:
            return ""

    def read(self, size=-1):
        return self.readline()

    def fileno(self):
        return 0

    def close(self):
        pass


stdin = Input()
