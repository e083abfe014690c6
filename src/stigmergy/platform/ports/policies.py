"""Trained policies, and how far each is trusted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from stigmergy.platform.policy_records import Move, NewPolicy, PolicyRecord, Shadowed


class PolicyStore(Protocol):
    """Policies of every router, numbered from 1 within each. Of one router at most one is shadow, canary, active."""

    async def register(self, policy: NewPolicy, artifact: bytes, at: datetime) -> PolicyRecord:
        """Keep a new candidate; one with the same artifact and document is found again instead."""
        ...

    async def get(self, router: str, version: int) -> PolicyRecord:
        """The policy.

        Raises:
            PolicyNotFound: there is none of this router and version.
        """
        ...

    async def list(self, router: str | None = None) -> tuple[PolicyRecord, ...]:
        """All policies, or those of a router; by router, the newest first."""
        ...

    async def serving(self) -> tuple[PolicyRecord, ...]:
        """The policies that gateways have loaded: shadows, canaries and those that are active."""
        ...

    async def artifact(self, fingerprint: str) -> bytes:
        """The bytes of an artifact.

        Raises:
            PolicyNotFound: no policy has it.
        """
        ...

    async def move(self, router: str, version: int, move: Move, at: datetime) -> PolicyRecord:
        """Change a policy's stage. Who becomes active retires the one that was, in the same transaction.

        Raises:
            PolicyNotFound: there is none of this router and version.
            PolicyMoved: it does not stand where ``move`` saw it any more, or another policy has that stage.
        """
        ...

    async def note_shadows(self, noted: Sequence[Shadowed]) -> None:
        """Keep what shadows would have done; a hop that is noted already stays as it is."""
        ...

    async def shadowed(self, policy: str, limit: int = 20_000) -> tuple[Shadowed, ...]:
        """What a policy would have done as shadow, at most ``limit`` hops, by episode and number."""
        ...
