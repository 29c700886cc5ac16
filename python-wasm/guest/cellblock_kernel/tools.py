"""The embedder's own functions, as the module `tools`: `from tools import fetch_order`."""

import ast
import inspect
import sys
import types

from . import door


def install(descriptions):
    """Makes the module `tools` (and `host.tools`) hold exactly the functions described."""
    if not descriptions and "tools" not in sys.modules:
        return
    module = types.ModuleType("tools", "Functions that the host offers to this notebook.")
    for description in descriptions:
        function = _function(
            description["name"], description.get("signature") or "(**arguments)", description.get("doc")
        )
        setattr(module, description["name"], function)
    module.__all__ = [description["name"] for description in descriptions]
    sys.modules["tools"] = sys.modules["host.tools"] = module


def _function(name, signature, documentation):
    shape = _signature(signature)

    def call(*arguments, **keywords):
        bound = shape.bind(*arguments, **keywords)
        named = {}
        for key, value in bound.arguments.items():
            kind = shape.parameters[key].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                named.update(value)
            else:
                named[key] = list(value) if kind is inspect.Parameter.VAR_POSITIONAL else value
        answer, _ = door.call({"op": "tool", "name": name, "arguments": door.clean(named)})
        return answer.get("value")

    call.__name__ = call.__qualname__ = name
    call.__module__ = "tools"
    call.__doc__ = documentation
    call.__signature__ = shape
    return call


class _Written(str):
    """An annotation as it was written; `inspect` shows it without quotes."""

    __repr__ = str.__str__


def _signature(text):
    """Returns the signature written as in a `def`, for example "(order: int, lines=10) -> dict". Its annotations stay
    text and its defaults must be literals; anything else is read as "(**arguments)"."""
    try:
        node = ast.parse(f"def f{text}: pass").body[0]
        if not isinstance(node, ast.FunctionDef):
            raise ValueError(text)
        return _parameters(node)
    except (SyntaxError, ValueError):
        return inspect.Signature([inspect.Parameter("arguments", inspect.Parameter.VAR_KEYWORD)])


def _parameters(node):
    kinds, arguments = inspect.Parameter, node.args
    annotation = lambda n: _Written(ast.unparse(n)) if n is not None else kinds.empty
    made = []
    positional = arguments.posonlyargs + arguments.args
    defaults = [None] * (len(positional) - len(arguments.defaults)) + arguments.defaults
    for index, (argument, default) in enumerate(zip(positional, defaults)):
        kind = kinds.POSITIONAL_ONLY if index < len(arguments.posonlyargs) else kinds.POSITIONAL_OR_KEYWORD
        value = kinds.empty if default is None else ast.literal_eval(default)
        made.append(kinds(argument.arg, kind, default=value, annotation=annotation(argument.annotation)))
    if arguments.vararg:
        made.append(kinds(arguments.vararg.arg, kinds.VAR_POSITIONAL))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
        value = kinds.empty if default is None else ast.literal_eval(default)
        made.append(kinds(argument.arg, kinds.KEYWORD_ONLY, default=value, annotation=annotation(argument.annotation)))
    if arguments.kwarg:
        made.append(kinds(arguments.kwarg.arg, kinds.VAR_KEYWORD))
    returns = annotation(node.returns) if node.returns is not None else inspect.Signature.empty
    return inspect.Signature(made, return_annotation=returns)
