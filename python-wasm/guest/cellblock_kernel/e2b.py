"""What a session of an E2B client begins with, the environment variables that it lends to a cell, and its commands."""

import json
import os

from . import shell_commands

_before = {}  # what the variables that are lent had been


def begin(variables, folder):
    """Sets environment variables, enters a folder, which may be new, and has displays carry data of their charts and tables."""
    from . import structured

    os.environ.update(json.loads(variables))
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    structured.enable()


def lend(variables):
    """Sets environment variables until [`take_back`]."""
    given = json.loads(variables)
    _before.update({name: os.environ.get(name) for name in given})
    os.environ.update(given)


def take_back():
    for name, value in _before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    _before.clear()


def command(line):
    """Runs a command line and notes how it ended where `!` does."""
    get_ipython().user_ns["_exit_code"] = shell_commands.run(line)  # noqa: F821
