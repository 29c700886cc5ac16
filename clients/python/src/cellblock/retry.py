"""How often, and after which pauses, what failed is tried again."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Retries:
    """Pauses that double, are spread by chance, and are never shorter than what the service asked for. In seconds."""

    attempts: int = 6
    first_pause: float = 0.25
    longest_pause: float = 10.0

    def pause(self, failures: int, asked: float | None = None) -> float:
        """Returns how long to wait after so many failures in a row."""
        pause = min(self.first_pause * 2.0 ** (failures - 1), self.longest_pause)
        return max(pause * random.uniform(0.75, 1.25), min(asked or 0.0, 60.0))
