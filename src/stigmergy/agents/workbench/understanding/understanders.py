"""The three understanders: the same families at three widths of wording."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from stigmergy.agents.workbench.understanding import algebra, arithmetic, dates, python, tables, text
from stigmergy.agents.workbench.understanding.wording import Problem, Reader

LONGEST_QUERY: Final = 10_000
SCAN: Final[tuple[Reader, ...]] = (
    python.canonical, tables.canonical, text.canonical, algebra.canonical, dates.canonical, arithmetic.canonical,
)  # fmt: skip
READ: Final[tuple[Reader, ...]] = (
    python.free, tables.free, text.common, algebra.common, dates.free, arithmetic.free,
)  # fmt: skip
STUDY: Final[tuple[Reader, ...]] = (
    python.free, tables.free, text.free, algebra.free, dates.free, arithmetic.free,
)  # fmt: skip


def understand(text: str, readers: tuple[Reader, ...]) -> Problem:
    """The problem of the first reader that knows the wording.

    Raises:
        ValueError: the query is too long, or no reader knows its wording.
    """
    if len(text) > LONGEST_QUERY:
        raise ValueError(f"the query has {len(text)} characters, more than {LONGEST_QUERY}")
    for reader in readers:
        with suppress(ValueError):
            problem = reader(text.strip())
            if problem is not None:
                return problem
    raise ValueError("this wording is not one that I know")
