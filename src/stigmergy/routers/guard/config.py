"""What a graph's configuration says of its guard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardConfig:
    """A trained guard in front of a graph.

    ``artifact`` is the file that ``stigmergy train guard`` wrote; a relative path is taken from the folder
    of the configuration file. ``threshold`` in [0, 1] takes the place of the
    trained one: the probability above which a query is refused.
    """

    artifact: Path
    threshold: float | None = None

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold = {self.threshold}: a probability in [0, 1]")
