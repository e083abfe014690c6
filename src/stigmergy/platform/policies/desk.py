"""What operators do with policies: register, look at, let look on, try, promote, and take back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from stigmergy.errors import InvalidFanOut, PolicyMoved
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.clock import Clock
from stigmergy.platform.policies.canary_log import CanaryLog
from stigmergy.platform.policies.canary_record import Comparison, compared
from stigmergy.platform.policies.evidence import Evidence, is_base, shadow_evidence
from stigmergy.platform.policies.gate import admit_active, admit_canary
from stigmergy.platform.policies.loading import PolicyLoader, fingerprint_of
from stigmergy.platform.policy_records import Move, NewPolicy, PolicyRecord, Stage, replaced
from stigmergy.platform.ports import Store
from stigmergy.routers.price_range import PriceRange, price_range


@dataclass(frozen=True, slots=True)
class Shown:
    """A policy with what is known of it: as shadow and, while it is one, as canary."""

    record: PolicyRecord
    evidence: Evidence
    comparison: Comparison | None = None
    violations: int = 0


class PolicyDesk:
    """Every move of a policy. What somebody else moved meanwhile is refused: look again, and decide anew."""

    def __init__(self, store: Store, graphs: Mapping[str, AgentGraph], loader: PolicyLoader, clock: Clock) -> None:
        self._store = store
        self._graphs = graphs
        self._loader = loader
        self._clock = clock

    async def register(self, policy: NewPolicy, artifact: bytes) -> PolicyRecord:
        """Keep a new candidate, once it has been seen to load and to fit. The fingerprint is that of ``artifact``.

        Raises:
            InvalidPolicy: it cannot serve.
        """
        policy = replace(policy, fingerprint=fingerprint_of(artifact))
        self._loader.built(policy, policy.router, artifact)
        return await self._store.policies.register(policy, artifact, self._clock.now())

    async def list(self, router: str | None = None) -> tuple[PolicyRecord, ...]:
        """All policies, or those of a router; by router, the newest first."""
        return await self._store.policies.list(router)

    async def show(self, router: str, version: int) -> Shown:
        """A policy and what is known of it; reads every episode that it looked on.

        Raises:
            PolicyNotFound: there is none of this router and version.
        """
        record = await self._store.policies.get(router, version)
        evidence = await shadow_evidence(self._store, self._graphs, record)
        if record.stage is not Stage.CANARY:
            return Shown(record, evidence)
        log = CanaryLog(self._store, record)
        await log.read()
        base = is_base(record, await self._store.policies.list(router))
        comparison = compared(log.judged, record.name, base, self._prices())
        return Shown(record, evidence, comparison, len(log.violations))

    async def shadow(self, router: str, version: int) -> PolicyRecord:
        """Let it score every decision beside who decides; raises PolicyNotFound, PolicyMoved."""
        return await self._move(router, version, Stage.SHADOW, "it looks on")

    async def canary(self, router: str, version: int, share: float) -> PolicyRecord:
        """Let it decide a ``share`` of the tasks, in (0, 1].

        Raises:
            PromotionRefused: what was logged says that it is worse, or does not tell.
            PolicyNotFound, PolicyMoved: there is none, or it cannot become one from where it stands.
        """
        shown = await self.show(router, version)
        _expect(shown.record, Stage.CANARY, Stage.SHADOW, Stage.CANARY)
        reason = admit_canary(shown.record.name, shown.evidence)
        move = Move(seen=shown.record.stage, to=Stage.CANARY, share=share, reason=reason)
        return await self._to(shown.record, move)

    async def promote(self, router: str, version: int) -> PolicyRecord:
        """Let it decide; who was active is retired.

        Raises:
            PromotionRefused: its gain is not shown.
            PolicyNotFound, PolicyMoved: there is none, or it cannot become active from where it stands.
        """
        shown = await self.show(router, version)
        _expect(shown.record, Stage.ACTIVE, Stage.SHADOW, Stage.CANARY)
        reason = admit_active(shown.record.name, shown.evidence, shown.comparison, shown.violations)
        return await self._to(shown.record, Move(seen=shown.record.stage, to=Stage.ACTIVE, reason=reason))

    async def rollback(self, router: str, version: int, reason: str) -> PolicyRecord:
        """Take a policy back that decides: whom it replaced is active again, if there was somebody.

        Between the two moves the router may decide as it is configured.

        Raises:
            PolicyNotFound, PolicyMoved: there is none, or it does not decide.
        """
        record = await self._store.policies.get(router, version)
        _expect(record, Stage.RETIRED, Stage.CANARY, Stage.ACTIVE)
        taken_back = await self._to(record, Move(seen=record.stage, to=Stage.RETIRED, reason=f"rolled back: {reason}"))
        for earlier in await self._store.policies.list(router):
            if earlier.stage is Stage.RETIRED and earlier.reason == replaced(record.name):
                again = Move(seen=Stage.RETIRED, to=Stage.ACTIVE, reason=f"{record.name} was rolled back")
                await self._to(earlier, again)
        return taken_back

    async def retire(self, router: str, version: int, reason: str) -> PolicyRecord:
        """Withdraw it; the router decides as it is configured. Raises PolicyNotFound, PolicyMoved."""
        return await self._move(router, version, Stage.RETIRED, reason)

    async def _move(self, router: str, version: int, to: Stage, reason: str) -> PolicyRecord:
        record = await self._store.policies.get(router, version)
        return await self._to(record, Move(seen=record.stage, to=to, reason=reason))

    async def _to(self, record: PolicyRecord, move: Move) -> PolicyRecord:
        return await self._store.policies.move(record.policy.router, record.version, move, self._clock.now())

    def _prices(self) -> dict[str, PriceRange]:
        found = {}
        for name, graph in self._graphs.items():
            try:
                found[name] = price_range(graph)
            except InvalidFanOut:
                continue
        return found


def _expect(record: PolicyRecord, to: Stage, *seen: Stage) -> None:
    """Raises PolicyMoved where a policy stands at none of these stages."""
    if record.stage not in seen:
        raise PolicyMoved(record.name, f"from {record.stage} it cannot become {to}")
