"""What is measured: something that runs a chain of steps that do nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

STEPS = 5
"""Steps of the chain that every system runs."""
NAMES = tuple(f"step_{number}" for number in range(1, STEPS + 1))

SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")
"""The values of SQLite's pragma, by the number that it answers with."""


async def nothing() -> None:
    """What a system does that has nothing left to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One engine under one way of keeping what it does.

    ``task`` runs a text through the chain once; when it returns, all has been stored that this system stores before it
    answers. ``settle`` waits for what it does afterwards, which is measured too. ``settings`` are what a reader needs
    to judge the figures: what is stored, when, and how safely.
    """

    name: str
    task: Callable[[str], Awaitable[None]]
    settle: Callable[[], Awaitable[None]] = nothing
    settings: Mapping[str, str]
