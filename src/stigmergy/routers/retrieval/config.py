"""What a graph's configuration says of its retrieval."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

POOL: Final = 100
"""Cards that words and vectors bring up, each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalConfig:
    """How many agents a hop is chosen among where more are feasible.

    Of the feasible agents the router scores the ``k`` whose cards fit the query best. Words and vectors each bring up
    ``pool`` of them to be looked at again. ``model`` is a folder with a sentence-transformers model (extra
    ``embeddings``); without it vectors are made of hashed n-grams.
    """

    k: int = 20
    pool: int = POOL
    model: Path | None = None

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k = {self.k}: at least 1 agent has to be left")
        if self.pool < self.k:
            raise ValueError(f"pool = {self.pool}: at least k = {self.k}, which are chosen from it")
