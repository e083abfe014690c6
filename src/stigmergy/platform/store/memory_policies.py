"""Policies in this process's memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from stigmergy.domain import EpisodeId
from stigmergy.errors import PolicyNotFound
from stigmergy.platform.policy_records import Move, NewPolicy, PolicyRecord, Shadowed
from stigmergy.platform.store.policy_moves import moved, registered, replaced_by


class MemoryPolicies:
    """Implements ``ports.PolicyStore``."""

    def __init__(self) -> None:
        self._policies: dict[tuple[str, int], PolicyRecord] = {}
        self._artifacts: dict[str, bytes] = {}
        self._shadows: dict[tuple[str, EpisodeId, int], Shadowed] = {}

    async def register(self, policy: NewPolicy, artifact: bytes, at: datetime) -> PolicyRecord:
        """See ``ports.PolicyStore``."""
        record = registered(self._of(policy.router), policy, at)
        self._keep(record)
        self._artifacts.setdefault(policy.fingerprint, artifact)
        return record

    async def get(self, router: str, version: int) -> PolicyRecord:
        """See ``ports.PolicyStore``."""
        if (router, version) not in self._policies:
            raise PolicyNotFound(f"{router}@{version}")
        return self._policies[router, version]

    async def list(self, router: str | None = None) -> tuple[PolicyRecord, ...]:
        """See ``ports.PolicyStore``."""
        found = [record for record in self._policies.values() if router in (None, record.policy.router)]
        return tuple(sorted(found, key=lambda record: (record.policy.router, -record.version)))

    async def serving(self) -> tuple[PolicyRecord, ...]:
        """See ``ports.PolicyStore``."""
        return tuple(record for record in await self.list() if record.stage.serves)

    async def artifact(self, fingerprint: str) -> bytes:
        """See ``ports.PolicyStore``."""
        if fingerprint not in self._artifacts:
            raise PolicyNotFound(fingerprint)
        return self._artifacts[fingerprint]

    async def move(self, router: str, version: int, move: Move, at: datetime) -> PolicyRecord:
        """See ``ports.PolicyStore``."""
        record = await self.get(router, version)
        changed = moved(record, self._of(router), move, at)
        for other in replaced_by(changed, self._of(router), at):
            self._keep(other)
        self._keep(changed)
        return changed

    async def note_shadows(self, noted: Sequence[Shadowed]) -> None:
        """See ``ports.PolicyStore``."""
        for each in noted:
            self._shadows.setdefault((each.policy, each.episode_id, each.seq), each)

    async def shadowed(self, policy: str, limit: int = 20_000) -> tuple[Shadowed, ...]:
        """See ``ports.PolicyStore``."""
        found = sorted(key for key in self._shadows if key[0] == policy)
        return tuple(self._shadows[key] for key in found[:limit])

    def forget_shadows(self, gone: Collection[EpisodeId]) -> None:
        """Delete what is noted of these episodes."""
        self._shadows = {key: each for key, each in self._shadows.items() if each.episode_id not in gone}

    def _of(self, router: str) -> Collection[PolicyRecord]:
        return tuple(record for record in self._policies.values() if record.policy.router == router)

    def _keep(self, record: PolicyRecord) -> None:
        self._policies[record.policy.router, record.version] = record
