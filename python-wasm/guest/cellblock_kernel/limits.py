"""What an interrupt from the host becomes: `KeyboardInterrupt`, or `LimitExceeded` that names the limit."""

import _signal

from . import door, streams


class LimitExceeded(KeyboardInterrupt):
    """The cell went over one of its limits; the message names it. The variables are kept."""


class _State:
    armed = False  # True while code of the user, or an object of theirs, may be running
    pending = False  # an interrupt came before that, in the same turn


state = _State()


def _on_interrupt(number, frame):
    """The SIGINT handler. It acts only on the user's code; what comes earlier in a turn waits for it."""
    if not state.armed:
        state.pending = True
        return
    try:
        answer, _ = door.call({"op": "limit"})
    except Exception:
        answer = {}
    try:
        streams.gather.send()  # a cell that does not stop now is ended, and what it printed would be lost
    except Exception:
        pass
    reason = answer.get("reason", "interrupt")
    if reason == "interrupt":
        raise KeyboardInterrupt(*([answer["message"]] if answer.get("message") else []))
    raise LimitExceeded(answer.get("message") or f"the limit {reason} was reached")


HANDLER = _on_interrupt.__code__


def arm():
    """The user's code begins. Raises what an interrupt has asked for since the turn began."""
    state.armed = True
    if state.pending:
        state.pending = False
        _on_interrupt(_signal.SIGINT, None)


def install():
    """Takes over SIGINT; called at boot and again by each fresh session, in case the user's code took it."""
    _signal.signal(_signal.SIGINT, _on_interrupt)  # without the module `signal`'s search for an enumeration's member
