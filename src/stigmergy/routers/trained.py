"""What a trained artifact was made into, whatever its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from stigmergy.domain import AgentId

T = TypeVar("T", covariant=True)  # noqa: PLC0105 -- the name is read in public signatures


@dataclass(frozen=True, slots=True)
class Trained(Generic[T]):
    """What serves: a router, a rule of panels, a guard. ``version`` changes with every bit of its artifact."""

    serves: T
    version: str
    agents: tuple[AgentId, ...]
    """Whom it knows."""
