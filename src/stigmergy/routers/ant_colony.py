"""The ant colony router: trails per task type times a heuristic, learnt from judged episodes.

AMRO-S (ARCHITECTURE section 5) with the deposit rule of METHODS M4. For a query with mixture w at node i::

    score(j) = tau_q(i, j)^alpha x eta(j)^beta        tau_q = sum_t w_t clip(tau_t, low, high)

over the feasible j; eta is ``heuristic.Heuristic``. Proportional selection over the scores is the published
``p(i -> j)``.
"""

from __future__ import annotations

from dataclasses import dataclass

from stigmergy.domain import TaskType
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.deposit_rules import DepositRule
from stigmergy.graphs.pheromones import Trails
from stigmergy.graphs.trail_delta import TrailDelta
from stigmergy.routers.ability_sources import AbilitySource
from stigmergy.routers.base import Outcome, RoutingState, Scores
from stigmergy.routers.colony_memory import ColonyMemory
from stigmergy.routers.colony_report import ColonyReport, TrailReading, report_on, strongest_trails
from stigmergy.routers.heuristic import Heuristic, Row
from stigmergy.routers.price_range import PriceRange, price_range
from stigmergy.routers.trail_readings import ReadingRules, Readings, TrailReader
from stigmergy.routers.walks import walk_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ColonyRules:
    """How a colony reads, weighs, deposits and forgets; figures as in ``configs.AntColonyConfig``."""

    quality_gate: float
    alpha: float
    beta: float
    rho: float
    forgetting: float
    reading: ReadingRules
    deposit: DepositRule


class AntColonyRouter:
    """Scores hops by trail and heuristic; implements ``Router``, ``TrailSharing`` and ``TradesOff``. Thread-safe."""

    def __init__(
        self, memory: ColonyMemory, rules: ColonyRules, heuristic: Heuristic, abilities: AbilitySource
    ) -> None:
        self._memory = memory
        self._rules = rules
        self._heuristic = heuristic
        self._abilities = abilities
        self._reader = TrailReader(memory.trails, rules.reading, abilities)
        self._prices: dict[str, tuple[AgentGraph, PriceRange]] = {}

    @property
    def colony(self) -> str:
        """See ``TrailSharing``."""
        return self._memory.colony

    @property
    def trails(self) -> Trails:
        """See ``TrailSharing``."""
        return self._memory.trails

    @property
    def trade_off(self) -> float:
        """See ``TradesOff``: a task sets the heuristic's ``price``; trails stay as they were learnt."""
        return self._heuristic.price

    def scores(self, state: RoutingState) -> Scores:
        """See ``Router``. Evidence: trail, heuristic, ability, seen (judged steps of the agent), mean_utility."""
        self.meet(state.graph)
        reader = self._current_reader()
        found = reader.read(state, self._prices[state.graph.name][1])
        conditions = [state.overlay.of(candidate.agent) for candidate in state.candidates]
        heuristic = self._heuristic.priced(self.trade_off if state.trade_off is None else state.trade_off)
        eta = heuristic.of(conditions, found.expected_s, found.ability, found.price, found.goal)
        values = found.trail**self._rules.alpha * eta**self._rules.beta
        return Scores(tuple(values.tolist()), _evidence(found, eta, reader.mean_utility(state.query.mixture)))

    def learn(self, outcome: Outcome) -> None:
        """Deposit a judged episode. One that nobody judged, or on a graph never met, teaches nothing."""
        known = self._prices.get(outcome.graph)
        if known is None or outcome.quality is None or not outcome.steps:
            return
        self._memory.remember(
            self._rules.deposit, walk_of(outcome, outcome.quality, known[1], self._rules.quality_gate)
        )

    def meet(self, graph: AgentGraph) -> None:
        """See ``TrailSharing``."""
        known = self._prices.get(graph.name)
        if known is None or (known[0] is not graph and known[0] != graph):
            self._prices[graph.name] = graph, price_range(graph)

    def collect(self) -> TrailDelta | None:
        """See ``TrailSharing``."""
        return self._memory.collect()

    def adopt(self, trails: Trails) -> None:
        """See ``TrailSharing``."""
        self._memory.adopt(trails)

    def ticked(self, trails: Trails) -> Trails:
        """See ``TrailSharing``."""
        rules = self._rules
        return trails.evaporate(rules.rho).forget_utilities(rules.forgetting).clamp(rules.reading.bounds)

    def strongest_trails(self, task_type: TaskType, n: int) -> tuple[TrailReading, ...]:
        """The ``n`` edges with the strongest trails for a task type, strongest first."""
        return strongest_trails(self.trails, task_type, n, self._rules.reading.bounds)

    def interpret(self) -> ColonyReport:
        """What the colony has learnt, for a person."""
        return report_on(self.colony, self.trails, self._rules.reading)

    def _current_reader(self) -> TrailReader:
        trails, reader = self._memory.trails, self._reader
        if reader.trails is not trails:
            reader = self._reader = TrailReader(trails, self._rules.reading, self._abilities)
        return reader


def _evidence(found: Readings, eta: Row, mean_utility: float) -> tuple[dict[str, float], ...]:
    columns = zip(found.trail.tolist(), eta.tolist(), found.ability.tolist(), found.seen.tolist(), strict=True)
    return tuple(
        [
            {"trail": trail, "heuristic": sight, "ability": ability, "seen": seen, "mean_utility": mean_utility}
            for trail, sight, ability, seen in columns
        ]
    )
