"""Checkpoints of what replicas learn together."""

from __future__ import annotations

from typing import Protocol


class TrailStore(Protocol):
    """Checkpoints of the coordinator's trails, one per name."""

    async def save(self, name: str, version: int, document: str) -> None:
        """Keep the checkpoint unless a newer version is stored: a replaced coordinator cannot undo its heir."""
        ...

    async def load(self, name: str) -> tuple[int, str] | None:
        """The checkpoint as (version, document), or None."""
        ...
