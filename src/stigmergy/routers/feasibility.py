"""The mask: which next hops are allowed at all. Exact, not learned; no router can widen it.

A hop to node n is feasible iff its agent is available, permitted, not excluded and repeats no side effect, and for at
least one Pareto-least completion c of the route after n::

    spent + earmarked + worst_case(n) + c <= budget        in every budgeted resource

The completions leave out the same nodes. So, while health and exclusions stay as they are, an episode that goes
feasible hops only is never led into a corner and never overspends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from math import inf
from typing import Final, NamedTuple, TypeAlias

from stigmergy.domain import GOAL, NOTHING, START, AgentId, Budget, NodeId, Spend
from stigmergy.errors import BudgetTooSmall
from stigmergy.graphs.agent_graph import AgentGraph, Needs, dearest
from stigmergy.graphs.cost_to_go import sums
from stigmergy.graphs.overlay import ALL_HEALTHY, Overlay
from stigmergy.routers.base import UNLIMITED, Candidate
from stigmergy.routers.budget_check import RESOURCES, amount, greatest, too_small
from stigmergy.routers.recent import Recent
from stigmergy.routers.stage_locks import Ahead, completions_after

Refusal: TypeAlias = tuple[NodeId, str]
_CACHED_CLOSURES: Final = 256
_ENDLESS: Final = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class MaskResult:
    """The feasible successors in the graph's order, and why each of the others is none."""

    candidates: tuple[Candidate, ...]
    refused: tuple[Refusal, ...]


class _Closure(NamedTuple):
    """What closes nodes of a graph: agents down and forbidden, failed nodes, effects already taken.

    A tuple, because it is looked up several times per hop, and those hash in a fifth of the time.
    """

    graph: str
    down: frozenset[AgentId]
    permitted: frozenset[AgentId] | None
    excluded: frozenset[NodeId]
    effects: frozenset[str]

    def reason(self, node: NodeId, agent: AgentId, effect: str | None) -> str | None:
        if agent in self.down:
            return "down"
        if self.permitted is not None and agent not in self.permitted:
            return "not permitted"
        if node in self.excluded:
            return "excluded after a failure"
        return f"effect {effect!r} already done" if effect in self.effects else None

    def within(self, arm: AgentGraph, failed: frozenset[AgentId]) -> _Closure:
        """The same inside a branch; agents that failed outside are left out there too."""
        return _Closure(arm.version, self.down | failed, self.permitted, frozenset(), self.effects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What is closed at one place of an episode: ``excluded`` nodes of failed agents, side effects already taken."""

    overlay: Overlay = ALL_HEALTHY
    excluded: frozenset[NodeId] = frozenset()
    locked_effects: frozenset[str] = frozenset()
    permitted: frozenset[AgentId] | None = None

    def of(self, graph: AgentGraph) -> _Closure:
        """The closure of a graph by which its completions are kept."""
        return _Closure(graph.version, self.overlay.down, self.permitted, self.excluded, self.locked_effects)


@dataclass(frozen=True, slots=True)
class _Hops:
    """The open successors of one position, what each needs, and a spend that leaves room for any of them."""

    open: MaskResult
    needs: tuple[tuple[Spend, ...], ...]
    roomy: Spend


@dataclass(frozen=True, slots=True)
class _Plan:
    """A graph under one closure; hops are worked out when an episode first stands there."""

    ahead: Ahead
    closed: Mapping[NodeId, str]
    needs: Needs
    hops: dict[NodeId, _Hops] = field(default_factory=dict)


class _Room(NamedTuple):
    """What is left of a budget; it may be below zero after an overrun."""

    usd: Decimal
    tokens: float
    calls: float


class Mask:
    """Computes feasibility; keeps completions per graph version and closure. Thread-safe."""

    def __init__(self) -> None:
        self._plans: Recent[_Closure, _Plan] = Recent(_CACHED_CLOSURES)

    def candidates(
        self,
        graph: AgentGraph,
        position: NodeId,
        *,
        spent: Spend = NOTHING,
        earmarked: Spend = NOTHING,
        budget: Budget = UNLIMITED,
        overlay: Overlay = ALL_HEALTHY,
        excluded: frozenset[NodeId] = frozenset(),
        locked_effects: frozenset[str] = frozenset(),
        permitted: frozenset[AgentId] | None = None,
    ) -> MaskResult:
        """The feasible hops from ``position``. GOAL, where it is a successor, is one of no cost and no agent ("").

        Args:
            graph: a fan-out in it is a candidate without an agent (""), as GOAL is.
            position: the node where the episode stands.
            spent: what is spent and reserved already.
            earmarked: what is set aside for work that was promised elsewhere.
            budget: the limits; its deadline is no mask.
            overlay: health; an agent that is down is no candidate.
            excluded: nodes whose agent failed in this episode.
            locked_effects: the side effects of the steps committed so far.
            permitted: the agents that this task may use; None: all.

        Raises:
            UnknownNode: the graph has no such position.
        """
        closure = _Closure(graph.version, overlay.down, permitted, excluded, locked_effects)
        hops = self._hops(graph, position, closure)
        used = spent + earmarked
        if budget.allows(used + hops.roomy):
            return hops.open
        return _affordable(hops, used, budget)

    def least_needed(
        self,
        graph: AgentGraph,
        *,
        position: NodeId = START,
        overlay: Overlay = ALL_HEALTHY,
        permitted: frozenset[AgentId] | None = None,
    ) -> tuple[Spend, ...]:
        """The Pareto-least worst cases of the routes from ``position``; empty where no route is open."""
        closure = _Closure(graph.version, overlay.down, permitted, frozenset(), frozenset())
        return self._plan(graph, closure).ahead(position)

    def entering(self, graph: AgentGraph, node: NodeId, closed: Closed) -> tuple[Spend, ...]:
        """The Pareto-least worst cases of a node itself, its way on left out; none: a required branch is closed."""
        return self._plan(graph, closed.of(graph)).needs.get(node, (graph.worst_case(node),))

    def ahead(self, graph: AgentGraph, node: NodeId, closed: Closed) -> tuple[Spend, ...]:
        """The Pareto-least worst cases of completing after a node; none: every way on is closed."""
        return self._plan(graph, closed.of(graph)).ahead(node)

    def budget_refusal(
        self,
        graph: AgentGraph,
        budget: Budget,
        *,
        overlay: Overlay = ALL_HEALTHY,
        permitted: frozenset[AgentId] | None = None,
    ) -> BudgetTooSmall | None:
        """The error to raise when no open route fits a budget; None when one does, or when none is open at all."""
        least = self.least_needed(graph, overlay=overlay, permitted=permitted)
        if not least or any(map(budget.allows, least)):
            return None
        return too_small(budget, least)

    def _plan(self, graph: AgentGraph, closure: _Closure) -> _Plan:
        return self._plans.get(closure, lambda: _plan(graph, closure))

    def _hops(self, graph: AgentGraph, position: NodeId, closure: _Closure) -> _Hops:
        plan = self._plan(graph, closure)
        hops = plan.hops.get(position)
        if hops is None:
            hops = plan.hops[position] = _work_out(graph, position, plan)
        return hops


def _plan(graph: AgentGraph, closure: _Closure) -> _Plan:
    profiles = {node: graph.profile(node) for node in graph.nodes if node not in graph.branches}
    reasons = {node: closure.reason(node, profile.id, profile.effect) for node, profile in profiles.items()}
    closed = {node: reason for node, reason in reasons.items() if reason is not None}
    needs = {node: _fan_out_needs(graph, node, closure) for node in graph.branches}
    closed |= {node: _why_closed(graph, node, closure) for node, need in needs.items() if not need}
    return _Plan(completions_after(graph, frozenset(closed), needs), closed, needs)


def fan_out_needs(
    graph: AgentGraph, down: frozenset[AgentId], excluded: frozenset[NodeId], locked_effects: frozenset[str]
) -> Needs:
    """The Pareto-least worst cases of every fan-out of the graph; none where a required branch is closed.

    They are the sums over the required branches of the worst cases of their routes: costs of branches add. A panel
    needs what the dearest of its open agents come to that it may ask; it is closed where none is open.
    """
    closure = _Closure(graph.version, down, None, excluded, locked_effects) if graph.branches else None
    return {node: _fan_out_needs(graph, node, closure) for node in graph.branches} if closure else {}


def _fan_out_needs(graph: AgentGraph, node: NodeId, closure: _Closure) -> tuple[Spend, ...]:
    """As ``fan_out_needs``, of one node."""
    if node in closure.excluded or graph.effects(node) & closure.effects:
        return ()
    failed = frozenset(graph.profile(n).id for n in closure.excluded if n not in graph.branches)
    if node in graph.panels:
        plans = (_plan(arm, closure.within(arm, failed)).ahead(START) for arm in graph.branches[node].values())
        open_members = [ahead[0] for ahead in plans if ahead]
        return (dearest(open_members, graph.panels[node].most),) if open_members else ()
    arms = graph.required(node).values()
    return sums(*(_plan(arm, closure.within(arm, failed)).ahead(START) for arm in arms))


def _why_closed(graph: AgentGraph, node: NodeId, closure: _Closure) -> str:
    if node in closure.excluded:
        return "excluded after a failure"
    done = graph.effects(node) & closure.effects
    if node in graph.panels:
        return "no agent of the panel is open"
    return f"effect {min(done)!r} already done" if done else "a required branch is closed"


def agent_at(graph: AgentGraph, node: NodeId) -> AgentId:
    """The agent that a hop to a node calls; "" for GOAL and for what has branches."""
    return "" if node == GOAL or node in graph.branches else graph.profile(node).id


def _work_out(graph: AgentGraph, position: NodeId, plan: _Plan) -> _Hops:
    candidates, needs, refused = [], [], []
    for node in graph.successors(position):
        ahead = () if node in plan.closed else plan.ahead(node)
        if not ahead:
            refused.append((node, plan.closed.get(node, "every way on from it is closed")))
            continue
        entering = plan.needs.get(node) or (graph.worst_case(node),)
        candidates.append(Candidate(node, agent_at(graph, node), entering[0], ahead))
        needs.append(sums(entering, ahead) if len(entering) > 1 else tuple(entering[0] + rest for rest in ahead))
    roomy = reduce(greatest, (need[0] for need in needs), NOTHING)
    return _Hops(MaskResult(tuple(candidates), tuple(refused)), tuple(needs), roomy)


def _affordable(hops: _Hops, used: Spend, budget: Budget) -> MaskResult:
    """The open hops of which one completion fits what is left."""
    room = _room(budget, used)
    left = [amount(value) for value in room]
    candidates, refused = [], list(hops.open.refused)
    for candidate, needs in zip(hops.open.candidates, hops.needs, strict=True):
        if any(n.usd <= room.usd and n.tokens <= room.tokens and n.calls <= room.calls for n in needs):
            candidates.append(candidate)
        else:
            short = _shortage(needs[0], room)
            need = amount(getattr(needs[0], RESOURCES[short]))
            refused.append((candidate.node, f"needs {RESOURCES[short]} {need}, {left[short]} left"))
    return MaskResult(tuple(candidates), tuple(refused))


def _room(budget: Budget, used: Spend) -> _Room:
    return _Room(
        _ENDLESS if budget.max_usd is None else budget.max_usd - used.usd,
        inf if budget.max_tokens is None else budget.max_tokens - used.tokens,
        inf if budget.max_calls is None else budget.max_calls - used.calls,
    )


def _shortage(need: Spend, room: _Room) -> int:
    """The first of ``RESOURCES`` of which there is too little."""
    if need.usd > room.usd:
        return 0
    return 1 if need.tokens > room.tokens else 2
