"""From what colonies have learnt to what travels over HTTP."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from stigmergy import wire
from stigmergy.domain import EpisodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.routers.colony_report import ColonyReport, TrailReading, TypeReport


def trails_model(
    graph: AgentGraph, reports: Iterable[ColonyReport], hidden: Collection[EpisodeId] = ()
) -> wire.TrailsModel:
    """The trails on a graph's edges; footprints of ``hidden`` episodes are left out."""
    return wire.TrailsModel(graph=graph.name, colonies=tuple(_colony(graph, each, hidden) for each in reports))


def episodes_in(reports: Iterable[ColonyReport]) -> set[EpisodeId]:
    """Every episode that a footprint is of."""
    readings = (reading for report in reports for found in report.types.values() for reading in found.trails)
    return {left.episode for reading in readings for left in reading.footprints}


def _colony(graph: AgentGraph, report: ColonyReport, hidden: Collection[EpisodeId]) -> wire.ColonyModel:
    return wire.ColonyModel(
        colony=report.colony,
        version=report.version,
        origin=report.origin,
        episodes=report.episodes,
        types={name: _type(graph, found, hidden) for name, found in report.types.items()},
    )


def _type(graph: AgentGraph, found: TypeReport, hidden: Collection[EpisodeId]) -> wire.TypeTrailsModel:
    return wire.TypeTrailsModel(
        episodes=found.episodes,
        mean_utility=found.mean_utility,
        trails=tuple(
            _trail(reading, hidden) for reading in found.trails if graph.digraph.has_edge(reading.source, reading.node)
        ),
        abilities={agent: ability for agent, ability in found.abilities.items() if agent in graph.agents},
    )


def _trail(reading: TrailReading, hidden: Collection[EpisodeId]) -> wire.TrailModel:
    return wire.TrailModel(
        source=reading.source,
        target=reading.node,
        trail=reading.trail,
        footprints=tuple(
            wire.FootprintModel(episode=left.episode, amount=left.amount)
            for left in reading.footprints
            if left.episode not in hidden
        ),
    )
