"""Runs a cell.

A cell that is plain Python is parsed once, compiled as a body and a last expression, and run; IPython's input
transformation is taken only for what Python cannot parse (`%magic`, `!command`, `name?`) and for a first word
that names a magic. Everything else (display hook, tracebacks, history, events) is IPython's.
"""

import ast
import inspect
import keyword
import linecache
import re
import sys
import traceback
import zlib

from IPython.core.autocall import IPyAutocall
from IPython.core.error import InputRejected
from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult

from . import ask, comms, environment, eventloop, leaving, limits, reserve, streams
from .limits import state as limit_state

_AST = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_COROUTINE = inspect.CO_COROUTINE
_ASSIGNMENT = re.compile(r"[^\W\d]\w*\s*=(?!=)")
_WORD = re.compile(r"[^\W\d]\w*|")
_FIRST_WORD = re.compile(r"[^\W\d]\w*|[\d(\[{'\"~+-]")
_STATEMENTS = {*keyword.kwlist} - {"not", "None", "True", "False", "lambda"}
INPUTS_KEPT = 5000  # older entries of `In` become empty strings

shell = None  # set by boot


def execute(request, body):
    """Answers an execute request with the content of a Jupyter execute_reply."""
    code = request.get("code", "")
    silent = bool(request.get("silent"))
    store = bool(request.get("store_history", True)) and not silent
    ask.state.allowed = bool(request.get("allow_stdin"))
    comms.belongs_to(shell, request.get("message_id"))
    leaving.state.explains = request.get("message_id") is None
    shell.last_error = None
    streams.gather.full = False
    streams.gather.begin()
    shell.silent = _trait(shell, "displayhook").silent = silent
    lent = request.get("environment")
    try:
        if lent:
            environment.lend(lent)
        limits.arm()
        run(code, store=store, silent=silent)
        expressions = request.get("user_expressions")
        if expressions:
            expressions = shell.user_expressions(expressions) if shell.last_error is None else {}
    except BaseException as error:
        # An interrupt between the user's code and its error's text, or a fault of the kernel itself.
        _kernel_error(error)
        expressions = {}
    finally:
        limit_state.armed = False
        if lent:
            environment.take_back()
    streams.gather.send()
    count = _trait(shell, "execution_count") - 1  # of the last cell that was counted, whether this one was or not
    if shell.last_error is not None:
        return {"status": "error", "execution_count": count, "user_expressions": {}, "payload": [], **shell.last_error}
    payload = _trait(shell, "payload_manager")
    payloads = []
    if payload._payload:
        payloads = payload.read_payload()
        payload.clear_payload()
    return {"status": "ok", "execution_count": count, "user_expressions": expressions or {}, "payload": payloads}


def _kernel_error(error):
    try:
        shell.showtraceback((type(error), error, error.__traceback__))
    except BaseException:
        pass
    if shell.last_error is None:
        shell.show_plainly(error)


def _has_group(error):
    """True for an exception group, alone or in the chain; IPython leaves those to Python's own formatting."""
    seen = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, BaseExceptionGroup):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def run(code, *, store, silent):
    """Runs source text as a notebook cell in the user's namespace. An error is shown, not raised."""
    if not code or code.isspace():
        return
    reserve.keep()
    events = _trait(shell, "events").callbacks
    shell.user_global_ns.pop("__warningregistry__", None)  # a warning is shown once in each cell, not in a session
    count = _trait(shell, "execution_count")
    if store:
        # Straight into traitlets' store: nobody observes it, and the check would cost more than a small cell.
        shell._trait_values["execution_count"] = count + 1
    info = ExecutionResult(ExecutionInfo(code, store, silent, True, None, None, transformed_cell=code))
    info.execution_count = count
    if events["pre_execute"]:
        shell.events.trigger("pre_execute")
    if events["pre_run_cell"] and not silent:
        shell.events.trigger("pre_run_cell", info.info)
    hook = _trait(shell, "displayhook")
    hook._trait_values["exec_result"] = info
    try:
        _run(code, count, store, silent, info)
    finally:
        hook._trait_values["exec_result"] = None
        shell._trait_values["last_execution_succeeded"] = shell.last_error is None
        shell._trait_values["last_execution_result"] = info
        if events["post_execute"]:
            shell.events.trigger("post_execute")
        if events["post_run_cell"] and not silent:
            shell.events.trigger("post_run_cell", info)
        eventloop.settle()


def _run(code, count, store, silent, info):
    if _run_line(code, count, store, silent, info):
        return
    tree, source, file = _parse(code, count)
    if store:
        _remember(code, source, count)
    if tree is None:
        return
    name = file or _name(source, count)
    try:
        if _trait(shell, "ast_transformers"):
            tree = shell.transform_ast(tree)
        body = tree.body
        last = None
        mode = "none" if silent else shell.ast_node_interactivity
        if mode == "last_expr":
            if body and type(body[-1]) is ast.Expr:
                last = [body.pop()]
        elif mode != "none" and body:
            _interactive(body, mode, name)
            return
        flags = shell.compile.flags | _AWAIT
        parts = []
        if body:
            parts.append(compile(tree, name, "exec", flags, True))
        if last:
            parts.append(compile(ast.Interactive(last), name, "single", flags, True))
    except InputRejected:
        shell.showtraceback()
        return
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        shell.showtraceback()
        return
    _remember_futures(body)
    hook = _trait(shell, "displayhook")
    hook.source = source
    sys.displayhook = hook
    for part in parts:
        if _run_part(part, info):
            break


def _run_line(code, count, store, silent, info):
    """The short way for one line that is an expression or a plain assignment: no syntax tree is made.

    Returns False, with nothing done, when the line is neither.
    """
    if "\n" in code or len(code) > 200 or ";" in code or "#" in code or silent or _trait(shell, "ast_transformers"):
        return False
    if leaving.state.script:
        return False
    if shell._trait_values.get("ast_node_interactivity", "last_expr") != "last_expr" or _may_be_magic(code):
        return False
    mode = "exec" if _ASSIGNMENT.match(code) else "eval"
    first = _FIRST_WORD.match(code)
    if first is None or first[0] in _STATEMENTS:
        return False
    name = f"<ipython-input-{count}-{zlib.crc32(code.encode('utf-8', 'replace')):08x}>"
    try:
        compiled = compile(code, name, mode, shell.compile.flags | _AWAIT, True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return False
    if compiled.co_flags & _COROUTINE:
        return False
    shell.compile._filename_map[name] = count
    linecache.cache[name] = (len(code), None, [code + "\n"], name)
    if store:
        _remember(code, code, count)
    hook = sys.displayhook = _trait(shell, "displayhook")
    hook.source = ""
    _run_part(compiled, info, hook if mode == "eval" else None)
    return True


def _parse(code, count):
    """Returns (tree, source as Python, file name), the tree None when an error has been shown.

    A script's cell is moved to its own line of the script's file, so that tracebacks and warnings name that.
    """
    line = leaving.state.place(code) if leaving.state.script else None
    file, lead = (None, "") if line is None else (leaving.state.path, "\n" * line)
    if not _may_be_magic(code):
        source = lead + code
        try:
            return compile(source, file or "<cell>", "exec", shell.compile.flags | _AST, True), source, file
        except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
            pass
    try:
        source = lead + shell.transform_cell(code)
    except Exception:
        shell.showtraceback()
        return None, code, file
    name = file or _name(source, count)
    try:
        return compile(source, name, "exec", shell.compile.flags | _AST, True), source, file
    except (SyntaxError, ValueError, OverflowError, TypeError, RecursionError, MemoryError) as error:
        if isinstance(error, IndentationError):
            shell.showindentationerror()
        else:
            shell.showsyntaxerror()
        return None, source, file


def _may_be_magic(code):
    """True for a cell whose first word may mean a magic or `exit` although it parses as Python (`ls`, `pwd`, `who`)."""
    start = code.lstrip()
    if start[:1] in "%!?":
        return True
    word = _WORD.match(start)[0]
    if not word:
        return False
    names = shell.user_ns
    if word in names:
        return isinstance(names[word], IPyAutocall)
    return word in _trait(shell, "magics_manager").magics["line"] and "\n" not in start.rstrip()


def _trait(owner, name):
    """Returns an attribute past traitlets' checks, which cost more than a small cell; all of them are set at boot."""
    values = owner._trait_values
    return values[name] if name in values else getattr(owner, name)


def _name(source, count):
    """Returns the file name under which tracebacks and inspect find the cell's text."""
    name = f"<ipython-input-{count}-{zlib.crc32(source.encode('utf-8', 'replace')):08x}>"
    shell.compile._filename_map[name] = count
    linecache.cache[name] = (len(source), None, [line + "\n" for line in source.split("\n")], name)
    return name


def _remember(code, source, count):
    """`In`, `_i`, `_ii`, `_iii` and `_i5`."""
    manager, names = _trait(shell, "history_manager"), shell.user_ns
    raw = code.rstrip("\n")
    parsed, raws = _trait(manager, "input_hist_parsed"), _trait(manager, "input_hist_raw")
    history = manager._trait_values  # past traitlets' checks, as above
    parsed.append(source.strip("\n"))
    raws.append(raw)
    history["_iii"], history["_ii"], history["_i"] = (
        history.get("_ii", ""),
        history.get("_i", ""),
        history.get("_i00", ""),
    )
    history["_i00"] = raw
    names["_iii"], names["_ii"], names["_i"] = history["_iii"], history["_ii"], history["_i"]
    names[f"_i{count}"] = raw
    _trait(shell, "user_ns_hidden")[f"_i{count}"] = raw
    old = len(raws) - INPUTS_KEPT
    if old > 0:
        parsed[old] = raws[old] = ""
        names.pop(f"_i{old}", None)


def _remember_futures(body):
    """`from __future__ import ...` in one cell holds for the ones after it, as in IPython."""
    import __future__

    for node in body:
        if type(node) is not ast.ImportFrom:
            if type(node) is ast.Expr and type(node.value) is ast.Constant:
                continue
            return
        if node.module == "__future__":
            for alias in node.names:
                feature = getattr(__future__, alias.name, None)
                if feature is not None:
                    shell.compile.flags |= feature.compiler_flag


def _interactive(body, mode, name):
    """The rarer settings of `ast_node_interactivity`, through IPython itself."""
    coroutine = shell.run_ast_nodes(body, name, interactivity=mode, compiler=shell.compile)
    eventloop.run(coroutine)


def _run_part(code, info, hook=None):
    """Runs one code object, and shows its value with `hook` if it has one. Returns True when it raised and the error
    has been shown."""
    __tracebackhide__ = "__ipython_bottom__"
    try:
        if hook is not None:
            value = eval(code, shell.user_global_ns, shell.user_ns)
            if value is not None:
                sys.displayhook(value)
        elif code.co_flags & _COROUTINE:
            eventloop.run(eval(code, shell.user_global_ns, shell.user_ns))
        else:
            exec(code, shell.user_global_ns, shell.user_ns)
    except SystemExit as error:
        _drop_own_frames(error)
        info.error_in_exec = error
        leaving.left(shell, error)
    except BaseException as error:
        if isinstance(error, MemoryError):
            reserve.give()
        _drop_own_frames(error)
        info.error_in_exec = error
        if shell.custom_exceptions and isinstance(error, shell.custom_exceptions):
            shell.CustomTB(type(error), error, error.__traceback__)
        elif _has_group(error):
            shell.show_plainly(error)
        else:
            shell.showtraceback(running_compiled_code=True)
        if shell.last_error is None:  # IPython was interrupted at it
            shell.show_plainly(error)
        if isinstance(error, MemoryError):
            # `sys.last_exc` keeps the error, its frames keep what filled the memory, and the next cells would have none.
            traceback.clear_frames(error.__traceback__)
    else:
        return False
    return True


_OWN = execute.__code__.co_filename.removesuffix("execute.py")  # where the files of this kernel lie


def _is_users(name):
    return name.startswith("<ipython-input") or (leaving.state.script and name == leaving.state.path)


def _drop_own_frames(error):
    """Lets the traceback begin in the user's code and end in it, or in a library's: the frames of this kernel, as of
    its event loop, of the interrupt's handler and of what stands in for `time.sleep`, are not theirs."""
    trace = error.__traceback__
    while trace is not None and not _is_users(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    if trace is None:
        return
    error.__traceback__ = last = trace
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_OWN):
            last = trace
        trace = trace.tb_next
    last.tb_next = None
