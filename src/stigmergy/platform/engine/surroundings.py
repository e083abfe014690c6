"""What the other lines of an episode hold, still need and have done: the earmarks of ARCHITECTURE section 11.

A line may only take what the others leave. For a branch these are, at every fan-out around it: its sister branches that
still run, each with the least that it needs to its goal, and the way on after the fan-out. Joins cost nothing, costs
add.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stigmergy.domain import GOAL, NOTHING, NodeId, Spend
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.cost_to_go import sums
from stigmergy.graphs.overlay import Overlay
from stigmergy.platform.engine.hops import HopView
from stigmergy.platform.engine.lines import Line
from stigmergy.platform.engine.run import Run
from stigmergy.platform.episode.state import EpisodeState, Phase
from stigmergy.platform.healing import Surroundings, failed_agents, failed_nodes, locked_effects
from stigmergy.routers.feasibility import Closed, Mask

Counts = Callable[[EpisodeState, str], bool]
"""Whether a branch of a line is one whose needs are set aside."""
_FREE = (NOTHING,)


def every_branch(_line: EpisodeState, _name: str) -> bool:
    """All that run."""
    return True


def required_branches(line: EpisodeState, name: str) -> bool:
    """Those without which the fan-out fails, and whom a panel is asking."""
    return line.on_panel or name in line.required


def view_of(run: Run, branch: str, mask: Mask, overlay: Overlay) -> HopView:
    """What a hop on the line of ``branch`` is chosen from; the main line sees all, and is alone."""
    *outer, line = run.lines(branch)
    budget, features = run.task.budget, run.features
    if not outer:
        return HopView(line.graph, line.state, budget, features, overlay, trade_off=run.trade_off)
    for each in outer:
        overlay = overlay.without(failed_agents(each.graph, each.state))
    held = (run.state.charged + run.state.reserved) - (line.state.charged + line.state.reserved)
    locked = frozenset[str]().union(*(locked_effects(each.graph, each.state) for each in outer))
    ahead = Ahead(mask, overlay, locked)
    around = Surroundings(
        held,
        sums(*(part for each in outer for part in ahead.beside(each, every_branch))),
        sums(*(part for each in outer for part in ahead.beside(each, required_branches))),
        locked,
    )
    return HopView(line.graph, line.state, budget, features, overlay, around, run.trade_off)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What lines still need at least, as Pareto-least vectors. A line without a way on is set nothing aside for."""

    mask: Mask
    overlay: Overlay
    locked: frozenset[str]

    def beside(self, line: Line, counts: Counts) -> list[tuple[Spend, ...]]:
        """What a line that has fanned out needs besides the branch that was followed."""
        state = line.state
        arms = line.graph.branches[str(state.target)]
        sisters = [
            self.of(arms[name], branch, counts)
            for name, branch in state.branches.items()
            if name != line.inside and branch.alive and counts(state, name)
        ]
        return [self.way_on(line.graph, state, str(state.target)), *sisters]

    def of(self, graph: AgentGraph, state: EpisodeState, counts: Counts) -> tuple[Spend, ...]:
        """What a line needs from where it stands, on top of what it has reserved."""
        match state.phase:
            case Phase.CHOOSING | Phase.REPAIRING:
                return self.way_on(graph, state, state.position)
            case Phase.CALLING | Phase.APPROVING:
                target = str(state.target)
                return sums(self.entering(graph, state, target), self.way_on(graph, state, target))
            case Phase.WAITING | Phase.JOINING | Phase.DELIBERATING:
                return self.way_on(graph, state, str(state.target))
            case Phase.FANNED_OUT:
                return sums(*self.beside(Line(graph, state), counts))
            case _:
                return _FREE

    def entering(self, graph: AgentGraph, state: EpisodeState, node: NodeId) -> tuple[Spend, ...]:
        """What the node itself needs; a fan-out: its required branches."""
        return self.mask.entering(graph, node, self._closed(graph, state)) or _FREE

    def way_on(self, graph: AgentGraph, state: EpisodeState, node: NodeId) -> tuple[Spend, ...]:
        """What comes after the node: what healing has fixed, and from its end the best way to the goal."""
        last = state.planned[-1] if state.planned else node
        fixed = [self.entering(graph, state, each) for each in state.planned if each != GOAL]
        return sums(*fixed, self.mask.ahead(graph, last, self._closed(graph, state)) or _FREE)

    def _closed(self, graph: AgentGraph, state: EpisodeState) -> Closed:
        return Closed(
            overlay=self.overlay,
            excluded=failed_nodes(graph, state),
            locked_effects=self.locked | locked_effects(graph, state),
        )
