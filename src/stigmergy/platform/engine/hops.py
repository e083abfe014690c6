"""Choosing one hop: mask, score, select, and log what a learner needs to judge the choice later."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from stigmergy.domain import Budget, NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.overlay import Overlay
from stigmergy.platform.episode.events import Cornered, DecidedBy, HopChosen, Option
from stigmergy.platform.episode.state import EpisodeState
from stigmergy.platform.healing import ALONE, Surroundings, failed_nodes, locked_effects
from stigmergy.routers.base import Candidate, QueryFeatures, Router, RoutingState, Scores, TradesOff
from stigmergy.routers.feasibility import Mask, MaskResult
from stigmergy.routers.retrieval.shortlist import Shortlist, Shortlisted, everyone
from stigmergy.routers.selection import Choice, Selection, select

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RouterInService:
    """A router under its configured name, with the selection that goes with it (``selection_name`` is logged).

    ``policy_version`` names the policy it scores with at the moment (the version of its trails, say).
    """

    name: str
    router: Router
    selection: Selection
    selection_name: str
    policy_version: Callable[[], str]
    _trades: bool = field(init=False)

    def __post_init__(self) -> None:
        # Asked once: a look at every member of a protocol, and trade-offs are asked for per hop.
        object.__setattr__(self, "_trades", isinstance(self.router, TradesOff))

    @property
    def trade_off(self) -> float | None:
        """The trade-off that it is configured with; None: it takes none."""
        return cast("TradesOff", self.router).trade_off if self._trades else None


@dataclass(frozen=True, slots=True)
class HopView:
    """Everything that one hop is chosen from."""

    graph: AgentGraph
    state: EpisodeState
    budget: Budget
    features: QueryFeatures
    overlay: Overlay
    around: Surroundings = ALONE
    trade_off: float | None = None

    @property
    def locked(self) -> frozenset[str]:
        """The side effects that no further step may have."""
        return locked_effects(self.graph, self.state) | self.around.locked


def feasible(mask: Mask, view: HopView, locked: frozenset[str]) -> MaskResult:
    """The hops that fit beside one of the earmarks of the other lines, and why the others do not."""
    found: list[MaskResult] = [
        mask.candidates(
            view.graph,
            view.state.position,
            spent=view.state.charged + view.around.held,
            earmarked=earmark,
            budget=view.budget,
            overlay=view.overlay,
            excluded=failed_nodes(view.graph, view.state),
            locked_effects=locked,
        )
        for earmark in view.around.earmarks
    ]
    if len(found) == 1:
        return found[0]
    fitting = {candidate.node: candidate for each in found for candidate in each.candidates}
    order = [node for node in view.graph.successors(view.state.position) if node in fitting]
    refused = tuple(refusal for refusal in found[0].refused if refusal[0] not in fitting)
    return MaskResult(tuple(fitting[node] for node in order), refused)


class HopChooser:
    """Asks the mask, the graph's shortlist if it has one, the router, then the selection. Executes nothing."""

    def __init__(self, mask: Mask, rng: random.Random, shortlists: Mapping[str, Shortlist] = {}) -> None:
        self._mask = mask
        self._rng = rng
        self._shortlists = shortlists

    def feasible(self, view: HopView) -> MaskResult:
        """The successors that may be taken, and why the others may not."""
        return feasible(self._mask, view, view.locked)

    def choose(self, view: HopView, router: RouterInService) -> HopChosen | Cornered:
        """The router's hop, or the only one; Cornered when nothing is feasible or the router itself fails."""
        masked = self.feasible(view)
        position = view.state.position
        if not masked.candidates:
            return Cornered(position=position, reasons=masked.refused)
        if len(masked.candidates) == 1:
            return _only_hop(view, masked, router)
        try:
            listed = self._listed(view, masked.candidates)
            scores = router.router.scores(routing_state(view, listed.candidates))
            choice = select(router.name, scores, len(listed.candidates), router.selection, self._rng)
        except Exception as error:  # a router is a plug-in: whatever it raises, Dijkstra takes over
            logger.exception("router %s failed at %s of graph %s", router.name, position, view.graph.name)
            return Cornered(position=position, reasons=((f"router {router.name}", f"{type(error).__name__}: {error}"),))
        return HopChosen(
            source=position,
            node=listed.candidates[choice.index].node,
            decided_by=DecidedBy.ROUTER,
            probability=choice.probability,
            options=_options(listed, scores, choice),
            refused=masked.refused,
            selection=router.selection_name,
            overlay_version=view.overlay.version,
            policy_version=router.policy_version(),
            not_retrieved=len(masked.candidates) - len(listed.candidates),
        )

    def _listed(self, view: HopView, candidates: tuple[Candidate, ...]) -> Shortlisted:
        """Those that retrieval finds; a branch is searched as the graph that it is in."""
        shortlist = self._shortlists.get(view.graph.name.partition("/")[0])
        return everyone(candidates) if shortlist is None else shortlist.narrow(candidates, view.features.text)


def _only_hop(view: HopView, masked: MaskResult, router: RouterInService) -> HopChosen:
    """The one hop that is left: certain, so that nobody is asked what it is worth."""
    (only,) = masked.candidates
    return HopChosen(
        source=view.state.position,
        node=only.node,
        decided_by=DecidedBy.FORCED,
        probability=1.0,
        options=(_only_option(only),),
        refused=masked.refused,
        selection=router.selection_name,
        overlay_version=view.overlay.version,
        policy_version=router.policy_version(),
    )


def _only_option(only: Candidate) -> Option:
    return Option(node=only.node, score=None, probability=1.0, worst_case=only.worst_case, cost_to_go=only.cost_to_go)


def repaired_hop(view: HopView, node: NodeId) -> HopChosen | Cornered:
    """A hop that healing has fixed; Cornered when its agent has gone down since."""
    if node in view.graph.nodes_with(view.overlay.down):
        return Cornered(position=view.state.position, reasons=((node, "down"),))
    return HopChosen(
        source=view.state.position,
        node=node,
        decided_by=DecidedBy.HEALING,
        probability=1.0,
        overlay_version=view.overlay.version,
    )


def routing_state(view: HopView, candidates: tuple[Candidate, ...]) -> RoutingState:
    """What a router looks at when it scores the candidates of a hop."""
    state, budget = view.state, view.budget
    return RoutingState(
        query=view.features,
        graph=view.graph,
        position=state.position,
        candidates=candidates,
        overlay=view.overlay,
        visited=state.route,
        confidences=tuple(reply.confidence for reply in state.replies),
        spent=state.charged + view.around.held,
        budget=budget,
        trade_off=view.trade_off,
    )


def _options(listed: Shortlisted, scores: Scores, choice: Choice) -> tuple[Option, ...]:
    evidence = scores.evidence or ({},) * len(listed.candidates)
    return tuple(
        Option(
            node=candidate.node,
            score=score,
            probability=probability,
            worst_case=candidate.worst_case,
            cost_to_go=candidate.cost_to_go,
            evidence={**why, **listed.evidence[candidate.node]} if candidate.node in listed.evidence else why,
        )
        for candidate, score, probability, why in zip(
            listed.candidates, scores.values, choice.probabilities, evidence, strict=True
        )
    )
