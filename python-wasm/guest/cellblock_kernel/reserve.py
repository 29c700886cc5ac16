"""Memory that is kept for the time when there is none: to tell of an error, and for the next cell to begin with."""

BYTES = 1 << 20

_kept = [bytearray(BYTES)]  # in the image nothing but zeros, which cost a session nothing


def keep():
    """Keeps it again, if there is memory for it."""
    if not _kept:
        try:
            _kept.append(bytearray(BYTES))
        except MemoryError:
            pass


def give():
    """Gives it to whoever needs memory now."""
    _kept.clear()
