"""`open` with two additions: the null device, and fonts that stay readable in every session made from an image."""

import builtins
import functools
import io
import os

FONTS = (".ttf", ".otf", ".ttc", ".pfb")


class _State:
    building = True  # until the image is sealed


state = _State()


class NullText(io.StringIO):
    """The null device opened as text: reading gives nothing, writing goes nowhere."""

    name = os.devnull

    def write(self, text):
        return len(text)


class NullBytes(io.BytesIO):
    """The null device opened as bytes."""

    name = os.devnull

    def write(self, data):
        return len(data)


class FontBytes(io.BytesIO):
    """A font file's content. matplotlib keeps its fonts open for ever; an image must hold no open file."""

    def __init__(self, name, data):
        super().__init__(data)
        self.name = name


def install():
    """Puts the two in front of Python's own `open`."""
    plain = builtins.open

    @functools.wraps(plain)
    def open(file, mode="r", *arguments, **keywords):
        if file == os.devnull:
            return NullBytes() if "b" in mode else NullText()
        if state.building and mode == "rb" and isinstance(file, (str, os.PathLike)) and os.fspath(file).endswith(FONTS):
            with plain(file, "rb") as font:
                return FontBytes(os.fspath(file), font.read())
        return plain(file, mode, *arguments, **keywords)

    builtins.open = io.open = open
