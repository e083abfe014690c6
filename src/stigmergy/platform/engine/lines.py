"""The lines of an episode: the main one, and one for every branch of a fan-out that runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stigmergy.agents.base import Reply
from stigmergy.domain import NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.episode.branches import part
from stigmergy.platform.episode.state import EpisodeState


@dataclass(frozen=True, slots=True)
class Line:
    """A line's graph and where it stands; ``inside`` is the branch of its fan-out that was followed, or ""."""

    graph: AgentGraph
    state: EpisodeState
    inside: str = ""


def lines_to(graph: AgentGraph, state: EpisodeState, branch: str) -> tuple[Line, ...]:
    """The lines from this one down to that of ``branch``, a path relative to it."""
    lines = []
    while branch:
        fan_out, name, branch = part(branch)
        lines.append(Line(graph, state, name))
        graph, state = graph.branches[fan_out][name], state.branches[name]
    return (*lines, Line(graph, state))


def path_of(branch: str, node: NodeId, name: str) -> str:
    """The path of a branch of the node on the line of ``branch``."""
    return "/".join(filter(None, (branch, node, name)))


def is_alive(state: EpisodeState, branch: str) -> bool:
    """Whether the line of a branch, a path relative to this line, is there and has work to do."""
    if not branch:
        return state.alive
    _, name, inner = part(branch)
    return name in state.branches and is_alive(state.branches[name], inner)


def replies_before(lines: Sequence[Line]) -> tuple[Reply, ...]:
    """What an agent on the last of the lines is told: the committed replies on the way to it, oldest first."""
    return tuple(reply for line in lines for reply in line.state.replies)
