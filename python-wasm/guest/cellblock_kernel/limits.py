"""What an interrupt from the host becomes: `KeyboardInterrupt`, or `LimitExceeded` that names the limit."""

import signal

from . import door


class LimitExceeded(KeyboardInterrupt):
    """The cell went over one of its limits; the message names it. The variables are kept."""


class _State:
    armed = False  # True while code of the user, or an object of theirs, may be running


state = _State()


def _on_interrupt(number, frame):
    """The SIGINT handler. Outside the user's code the turn is nearly over, and is left to end by itself."""
    if not state.armed:
        return
    try:
        answer, _ = door.call({"op": "limit"})
    except Exception:
        answer = {}
    reason = answer.get("reason", "interrupt")
    if reason == "interrupt":
        raise KeyboardInterrupt(*([answer["message"]] if answer.get("message") else []))
    raise LimitExceeded(answer.get("message") or f"the limit {reason} was reached")


def install():
    """Takes over SIGINT; called at boot and again by each fresh session, in case the user's code took it."""
    signal.signal(signal.SIGINT, _on_interrupt)
