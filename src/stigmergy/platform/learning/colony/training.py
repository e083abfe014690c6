"""From logged episodes to the trails that a colony begins from, with their origin."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import stigmergy.platform.learning.colony as trainer
from stigmergy import graphs, routers
from stigmergy.errors import InvalidLog
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.pheromones import Trails
from stigmergy.platform.learning.colony.stored_episodes import Lessons
from stigmergy.platform.learning.colony.warm_up import fresh_colony, warm_up
from stigmergy.platform.learning.fingerprint import sources_fingerprint
from stigmergy.routers.artifact_file import Origin
from stigmergy.routers.configs import AntColonyConfig


@dataclass(frozen=True, slots=True)
class WarmedUp:
    """What ``save_trails`` writes."""

    trails: Trails
    origin: Origin


def train_colony(
    config: AntColonyConfig, graph: AgentGraph, lessons: Lessons, tick_episodes: int, source: str
) -> WarmedUp:
    """Let a fresh colony learn from episodes of a graph. Deterministic.

    Raises:
        InvalidLog: ``source`` has no episode that teaches anything.
    """
    if not lessons.outcomes:
        why = "; ".join(f"{count} are left out: {reason}" for reason, count in lessons.left_out.items())
        raise InvalidLog(source, f"it has no judged episode of graph {graph.name}{': ' if why else ''}{why}")
    trails = warm_up(fresh_colony(config, graph), lessons.outcomes, tick_episodes)
    facts = {**_plain(asdict(config)), "graph": graph.name, "tick_episodes": tick_episodes}
    code = sources_fingerprint(graphs, routers, trainer)
    origin = Origin(data=dict(lessons.data), code=code, config=facts, queries=len(lessons.outcomes))
    return WarmedUp(trails, origin)


def _plain(config: Any) -> Any:
    """As JSON has it; paths by their name alone, since an artifact is to be the same wherever it was made."""
    if isinstance(config, dict):
        return {name: _plain(value) for name, value in config.items()}
    return config.name if isinstance(config, Path) else config
