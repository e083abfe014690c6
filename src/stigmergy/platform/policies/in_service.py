"""Everything about policies that one process runs, put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.clock import Clock
from stigmergy.platform.policies.canary_watch import CanaryWatch
from stigmergy.platform.policies.desk import PolicyDesk
from stigmergy.platform.policies.gains import GainBoard
from stigmergy.platform.policies.loading import PolicyLoader
from stigmergy.platform.policies.serving import PolicyService
from stigmergy.platform.policies.shadowing import Shadowing
from stigmergy.platform.ports import Store
from stigmergy.platform.settings import Settings


@dataclass(frozen=True, slots=True)
class PoliciesInService:
    """Who decides here, who holds canaries to their bars, what operators do, and what they see in the metrics."""

    service: PolicyService
    canaries: CanaryWatch
    desk: PolicyDesk
    gains: GainBoard

    def start(self) -> None:
        """Begin in the running event loop."""
        self.service.start()
        self.canaries.start()

    async def aclose(self) -> None:
        """Stop; what shadows have still to score is scored."""
        await self.gains.aclose()
        await self.canaries.aclose()
        await self.service.aclose()


def policies_in_service(
    settings: Settings, graphs: Mapping[str, AgentGraph], store: Store, clock: Clock, counts: Counter[str]
) -> PoliciesInService:
    """Build them; ``counts`` is what the metrics of this process are gathered in."""
    loader = PolicyLoader(settings, graphs)
    service = PolicyService(store.policies, loader.load, Shadowing(store.policies, counts))
    return PoliciesInService(
        service,
        CanaryWatch(store, clock),
        PolicyDesk(store, graphs, loader, clock),
        GainBoard(store, graphs, clock),
    )
