"""`!command` in a notebook: the commands notebooks use on files, done in Python. There are no processes."""

import contextlib
import io
import os
import sys

from . import grep_command, pip_command, python_command, text_commands  # noqa: F401  (register their commands)
from .commands import KNOWN, CommandError
from .shell_words import Word, read

_LANGUAGE = {*"for while until if case select function do done then else elif fi esac { } [[ (( eval source .".split()}
_NO_NETWORK = "there is no network in this sandbox: put the file beside the notebook, or mount its folder, and open it"
_INSTEAD = {
    **dict.fromkeys("curl wget git ssh scp rsync ping kaggle gdown gsutil aws".split(), _NO_NETWORK),
    **dict.fromkeys(
        "apt apt-get brew dpkg yum npm sudo".split(), "packages come with the image: !pip list shows what there is"
    ),
    "nvidia-smi": "there is no graphics processor in this sandbox",
    "awk": "there are no processes in this sandbox: in Python, `for line in open(path): print(line.split()[0])`",
    "jupyter": "the notebook runs without Jupyter in this sandbox",
}


def run(text, names=None):
    """Runs `text` with its output on sys.stdout and returns the exit status."""
    return _run(text, sys.stdout, sys.stderr)


def output(text, names=None):
    """Runs `text` and returns what it wrote, as `files = !ls` wants it."""
    out = io.StringIO()
    _run(text, out, sys.stderr)
    return out.getvalue()


class _Line:
    """What the commands of one text share: their variables, and the last exit status."""

    def __init__(self):
        self.own, self.status = {}, 0

    @property
    def variables(self):
        return {**os.environ, **self.own, "?": str(self.status)}


def _run(text, out, err):
    line = _Line()
    try:
        for joint, pipeline in _pipelines(_checked(read(text))):
            if not (joint == "&&" and line.status or joint == "||" and not line.status):
                line.status = _pipeline(pipeline, line, out, err)
    except (CommandError, ValueError) as error:
        print(error if isinstance(error, CommandError) else f"{text}: {error}", file=err)
        line.status = 2
    return line.status


def _checked(tokens):
    """Refuses, before anything is run, what only a real shell does."""
    begins = True
    for token in tokens:
        if token in ("$(", "`", "(", ")", "&"):
            raise CommandError(
                f"!: {token.strip('(') or '('} is not available in this sandbox, where commands are done in Python: "
                "`names = !ls` keeps what a command shows, and {name} puts a variable into one"
            )
        if begins and isinstance(token, Word) and token.plain() in _LANGUAGE:
            raise CommandError(
                f"!{token.plain()} is not available: there is no shell in this sandbox. Write it in Python: "
                "`import glob` and `for path in glob.glob('*.csv'): print(path)`"
            )
        begins = token in (";", "\n", "|", "&&", "||")
    return tokens


def _pipelines(tokens):
    """Yields each pipeline's tokens with what joins it to the one before."""
    joint, gathered = ";", []
    for token in [*tokens, ";"]:
        if token not in (";", "\n", "&&", "||"):
            gathered.append(token)
        elif gathered:
            yield joint, gathered
            joint, gathered = token, []
        else:
            joint = token


def _pipeline(tokens, line, out, err):
    stages = [[]]
    for token in tokens:
        stages.append([]) if token == "|" else stages[-1].append(token)
    given = None
    for stage in stages:
        into = out if stage is stages[-1] else io.StringIO()
        status = _stage(stage, given, line, into, err)
        given = into.getvalue() if into is not out else None
    return status


def _stage(tokens, given, line, out, err):
    """Runs one command and returns its exit status."""
    with contextlib.ExitStack() as opened:
        name = ""
        try:
            words, given, out, err = _redirect(tokens, given, line, out, err, opened)
            own = {}
            while words and "=" in words[0].plain() and words[0].plain().split("=")[0].isidentifier():
                assigned, _, value = words.pop(0).text(line.variables).partition("=")
                own[assigned] = value
            if not words:
                line.own.update(own)
                return 0
            name, *arguments = [text for word in words for text in word.texts({**line.variables, **own})]
            name, arguments, function = _found(name, arguments)
            with contextlib.redirect_stderr(err):
                return function(arguments, given, out) or 0
        except CommandError as error:
            message = str(error)
        except ValueError as error:
            message = f"{name}: {error}"
        except OSError as error:
            message = f"{name}: {error.filename or ''}: {error.strerror or error}"
        print(message, file=err)
        return 127 if name and name not in KNOWN else 1


def _found(name, arguments):
    """Returns the command of this name, its arguments and what does it."""
    name = os.path.basename(name)
    if name.startswith("python") and arguments[:2] == ["-m", "pip"]:
        name, arguments = "pip", arguments[2:]
    if name in ("pip3", "uv", "conda", "mamba"):
        name = "pip"
    if name not in KNOWN:
        why = _INSTEAD.get(name) or f"there are no processes in this sandbox. Available are: {', '.join(sorted(KNOWN))}"
        raise CommandError(f"!{name} is not available: {why}")
    return name, arguments, KNOWN[name]


def _redirect(tokens, given, line, out, err, opened):
    """Takes the redirections out of a command's tokens; `opened` closes the files it opens for them."""
    words, tokens = [], iter(tokens)
    for token in tokens:
        if isinstance(token, Word):
            words.append(token)
            continue
        if token in ("2>&1", "1>&2"):
            out, err = (out, out) if token == "2>&1" else (err, err)
            continue
        target = next(tokens, None)
        if not isinstance(target, Word):
            raise CommandError(f"syntax error: a file name must follow {token}")
        target = target.text(line.variables)
        if token in ("<<<", "<<"):
            given = target + "\n" * (token == "<<<")
            continue
        file = opened.enter_context(open(target, {"<": "r", ">>": "a", "&>>": "a"}.get(token, "w")))
        if token == "<":
            given = file.read()
        else:
            out = out if token == "2>" else file
            err = file if token in ("2>", "&>", "&>>") else err
    return words, given, out, err
