"""Environment variables that are set while a cell runs, and not behind it."""

import os

_before = {}  # what they were


def lend(variables):
    for name, value in variables.items():
        _before[name] = os.environ.get(name)
        os.environ[name] = value


def keep():
    """Those that are lent stay for good."""
    _before.clear()


def take_back():
    for name, value in _before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    _before.clear()
