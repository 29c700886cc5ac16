"""Gives a session its own randomness: an image, a checkpoint and a fork all carry a frozen copy of the state."""

import os
import random
import sys


def reseed():
    """Reseeds every generator that has been loaded. Costs a few hundred bytes of entropy and no imports."""
    random.seed(int.from_bytes(os.urandom(32)))
    modules = sys.modules
    if "numpy.random" in modules or "numpy.random.mtrand" in modules:
        mtrand = modules.get("numpy.random.mtrand")
        if mtrand is not None:
            # numpy.random's functions, scipy and scikit-learn all draw from this one object.
            mtrand._rand.seed(int.from_bytes(os.urandom(4), "little"))
    tempfile = modules.get("tempfile")
    if tempfile is not None:
        tempfile._name_sequence = None
    uuid = modules.get("uuid")
    if uuid is not None:
        uuid._node = uuid._last_timestamp = None
        for name in ("_last_timestamp_v7", "_last_counter_v7"):
            if hasattr(uuid, name):
                setattr(uuid, name, 0 if name.endswith("counter_v7") else None)
    faker = modules.get("faker.generator")
    if faker is not None and hasattr(faker, "random"):
        faker.random.seed(int.from_bytes(os.urandom(8), "little"))
