"""A log of single-shot outcomes as episodes through the graph START -> arm -> GOAL."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

import numpy as np

from stigmergy.domain import START, AgentProfile, Price, Usage
from stigmergy.errors import GraphError, InvalidLog
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import GraphSpec
from stigmergy.platform.learning.colony.stored_episodes import Lessons
from stigmergy.platform.learning.evaluation.log_reading import Attempts, read_for_training
from stigmergy.routers.base import Outcome, StepOutcome

GRAPH = "single_shots"
_ARMS = 2


def read_single_shots(path: Path, seed: int) -> tuple[AgentGraph, Lessons]:
    """Every attempt of a log (columns as for replay evaluation, its test split left out) as an episode.

    The episodes come shuffled: in a log that is sorted by arm, trails would forget the first ones. Attempts whose cost
    is not known are left out.

    Raises:
        InvalidLog: says what of the log cannot be used.
    """
    attempts = read_for_training(path)
    known = np.flatnonzero(~np.isnan(attempts.cost))
    graph = _graph(str(path), attempts.take(known))
    order = known.tolist()
    random.Random(seed).shuffle(order)
    outcomes = tuple(_outcome(attempts, row) for row in order)
    left_out = len(attempts.cost) - len(known)
    data = {Path(name).name: digest for name, digest in attempts.files.items()}
    return graph, Lessons(
        outcomes=outcomes, left_out={"their cost is not known": left_out} if left_out else {}, data=data
    )


def _graph(path: str, attempts: Attempts) -> AgentGraph:
    """One stage of all arms, each at its mean cost."""
    arms = sorted(set(attempts.model.tolist()))
    if len(arms) < _ARMS:
        raise InvalidLog(path, f"a colony needs two arms of known cost_usd; it has {', '.join(arms) or 'none'}")
    costs = {arm: float(attempts.cost[attempts.model == arm].mean()) for arm in arms}
    profiles = {arm: AgentProfile(id=arm, price=Price(per_call=Decimal(repr(cost)))) for arm, cost in costs.items()}
    try:
        return AgentGraph(GRAPH, GraphSpec(stages=(tuple(arms),)), profiles)
    except GraphError as error:
        raise InvalidLog(path, f"its arms make no graph: {error}") from None


def _outcome(attempts: Attempts, row: int) -> Outcome:
    arm, cost = attempts.model[row], float(attempts.cost[row])
    step = StepOutcome(source=START, node=arm, agent=arm, usage=Usage(usd=Decimal(repr(cost))), judgement=None)
    return Outcome(
        episode_id=f"{attempts.query_id[row]}/{arm}",
        graph=GRAPH,
        mixture={attempts.task[row]: 1.0},
        steps=(step,),
        quality=float(attempts.score[row]),
        cost_usd=cost,
    )
