"""What a session of an E2B client begins with, and its commands."""

import os

from . import environment, shell_commands


def begin(folder):
    """Keeps the environment variables that are lent, enters a folder, which may be new, and has displays carry the data of
    their charts and tables."""
    from . import structured

    environment.keep()
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    structured.enable()


def command(line):
    """Runs a command line and notes how it ended where `!` does."""
    get_ipython().user_ns["_exit_code"] = shell_commands.run(line)  # noqa: F821
