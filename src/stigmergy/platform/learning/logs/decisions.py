"""Judged decisions of routers: which agent was chosen at a node, and how well it did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stigmergy.domain import AgentId, EpisodeId, NodeId, TaskType
from stigmergy.platform.learning.logs.episodes import LoggedEpisode
from stigmergy.routers.credit import judged_decisions


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDecision:
    """One agent that a router chose for a query.

    Attributes:
        task_type: the likeliest one, as routers took it when they chose.
        score: in [0, 1]: the next stage's verdict of the step; without one, the quality of the episode.
        tokens: in and out.
        judged_probability: the chance that the episode was judged at all, above 0.
    """

    episode_id: EpisodeId
    query: str
    task_type: TaskType
    node: NodeId
    agent: AgentId
    score: float
    cost_usd: float
    tokens: int
    judged_probability: float


def decisions_of(logged: LoggedEpisode) -> Iterator[NodeDecision]:
    """The judged decisions of an episode, in order; none of one that nobody judged.

    Whose work the quality speaks of is told by ``routers.credit``: forced hops (healing, only one way), failed calls,
    steps that were undone and fan-outs are no decisions about an agent's skill.
    """
    outcome = logged.outcome()
    task_type = max(outcome.mixture, key=outcome.mixture.__getitem__)
    for step, quality in judged_decisions(outcome):
        yield NodeDecision(
            episode_id=outcome.episode_id,
            query=logged.task.text,
            task_type=task_type,
            node=step.node,
            agent=step.agent,
            score=quality,
            cost_usd=float(step.usage.usd),
            tokens=step.usage.input_tokens + step.usage.output_tokens,
            judged_probability=outcome.judged_probability,
        )
