"""Makes the objects of an image immortal.

Python counts the references to an object inside the object, so a session that only reads what the image holds would
write to its pages, and every page written is copied. An immortal object's count is never written.
"""

import gc
import io
import types
from array import array
from sys import getrefcount

from . import door

_BATCH = 2000
_IMMORTAL = 1 << 30  # CPython takes a count from here on (on 32 bits) for immortal
_LASTING = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)


def settle(names):
    """Makes everything that is reachable now immortal, but for the values in the namespace `names`, which `del` is
    to end, and what is meant to end by itself."""
    left = {id(value) for value in names.values() if not isinstance(value, _LASTING)}
    endings = {}
    found = gc.get_objects()
    _fix(found, left, endings)
    while found:
        further = []
        for start in range(0, len(found), _BATCH):
            batch = found[start : start + _BATCH]
            referents = gc.get_referents(*batch)
            for value in batch:
                if type(value) is types.CodeType:  # the collector does not look into those
                    referents += (value.co_consts, value.co_names, value.co_filename, value.co_name, value.co_qualname)
                    referents += (value.co_linetable, value.co_exceptiontable, *value.co_varnames, *value.co_freevars)
            new = {id(value): value for value in referents if getrefcount(value) < _IMMORTAL}
            new = [value for address, value in new.items() if address not in left]
            _fix(new, left, endings)
            further += new
        found = further


def _fix(values, left, endings):
    """Has the host make `values` immortal, and adds to `left` the addresses of those that stay as they are."""
    addresses = array("I")
    for value in values:
        kind, address = type(value), id(value)
        if kind not in endings:
            endings[kind] = _ends(kind)
        if endings[kind]:
            left.add(address)
        elif address not in left:
            addresses.append(address)
    # `values` keeps the objects alive until the host has written their counts.
    door.call({"op": "immortal"}, addresses.tobytes())


def _ends(kind):
    """True for a type whose objects do something when they end, or end by themselves."""
    if issubclass(kind, type):
        return False
    if issubclass(kind, (types.FrameType, types.TracebackType, types.CoroutineType, io.IOBase)):
        return True
    return hasattr(kind, "__del__") or hasattr(kind, "__next__") or hasattr(kind, "__anext__")
