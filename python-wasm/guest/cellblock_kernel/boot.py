"""Imported once, while an image is built: shims first, then IPython, then the turn."""

import os
import sys

for _folder in ("/usr/local/lib/kernel", "/usr/local/lib/site-packages"):
    if _folder not in sys.path:
        sys.path.append(_folder)

from . import shims, stand_ins  # noqa: E402

shims.install()
stand_ins.install()

from . import eventloop, serial, streams  # noqa: E402

eventloop.install()
serial.install()

import warnings  # noqa: E402

from . import ask, execute, limits, packages, shell, turn  # noqa: E402


def _boot():
    home = os.environ.get("HOME", "/home/user")
    os.chdir(home)
    if "" not in sys.path:
        sys.path.insert(0, "")  # modules that lie beside the notebook
    sys.argv = ["cellblock"]
    sys.stdout = sys.__stdout__ = streams.stdout
    sys.stderr = sys.__stderr__ = streams.stderr
    sys.stdin = sys.__stdin__ = streams.stdin
    warnings.simplefilter("default")
    warnings.resetwarnings()
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    warnings.filterwarnings("ignore", category=PendingDeprecationWarning)
    warnings.filterwarnings("ignore", category=ImportWarning)
    warnings.filterwarnings("ignore", category=ResourceWarning)
    warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
    execute.shell = shell.create(sys.modules["__main__"])
    ask.install()
    packages.install()
    limits.install()
    turn.install()


_boot()
