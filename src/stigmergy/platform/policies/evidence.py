"""What a store tells about a policy that was a shadow: one off-policy judgement per graph (METHODS M10, M19)."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from stigmergy.domain import EpisodeId, NodeId
from stigmergy.errors import InvalidFanOut
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.episode.events import Accepted, DecidedBy, HopChosen
from stigmergy.platform.learning.dataset.episode_hops import hops_of
from stigmergy.platform.learning.dataset.episode_steps import Logged, steps_of
from stigmergy.platform.learning.dataset.journal import load_episodes
from stigmergy.platform.learning.dataset.recipe import Recipe, graph_recipe
from stigmergy.platform.learning.evaluation.bootstrap import Interval
from stigmergy.platform.learning.off_policy.estimating import Judgement, judge
from stigmergy.platform.learning.off_policy.from_steps import logged_from, target_from
from stigmergy.platform.learning.off_policy.logged import Floats
from stigmergy.platform.learning.rl.steps import Steps
from stigmergy.platform.policy_records import PolicyRecord, Stage
from stigmergy.platform.ports import Store

COST_WEIGHT: Final = 0.1
"""Quality that the difference between the cheapest and the dearest route is worth, where rewards are counted."""
_SEED: Final = 0

Noted: TypeAlias = Mapping[EpisodeId, Mapping[int, Mapping[NodeId, float]]]
"""What a shadow would have done, by episode and number of the hop's event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a policy by its time as shadow.

    ``hops`` were scored; with the mean probability ``agreement`` it would have done what was done. ``judgements`` by
    graph, and ``episodes``, how many each rests on.
    """

    hops: int = 0
    agreement: float | None = None
    judgements: Mapping[str, Judgement]
    episodes: Mapping[str, int]


def is_base(record: PolicyRecord, registered: Sequence[PolicyRecord]) -> Callable[[str], bool]:
    """Tells by its policy whether an episode was decided by whom ``record`` would replace.

    That is the active policy, or the router as it is configured.
    """
    others = [other for other in registered if other.name != record.name]
    active = next((other.name for other in others if other.stage is Stage.ACTIVE), None)
    if active is not None:
        return lambda policy: policy == active
    names = {each.name for each in registered}
    return lambda policy: policy not in names


async def shadow_evidence(store: Store, graphs: Mapping[str, AgentGraph], record: PolicyRecord) -> Evidence:
    """Judge a policy by the episodes that it looked on while those decided whom it would replace.

    Raises:
        StoreUnavailable: the store cannot be read.
        RecordUnreadable: a row was changed to something that is no episode.
    """
    noted: defaultdict[EpisodeId, dict[int, Mapping[NodeId, float]]] = defaultdict(dict)
    for each in await store.policies.shadowed(record.name):
        noted[each.episode_id][each.seq] = each.probabilities
    counts = is_base(record, await store.policies.list(record.policy.router))
    loaded = await load_episodes(store, list(noted))
    episodes = [logged for logged in loaded if counts(logged.episode.policy)]
    return await asyncio.to_thread(evidence_of, graphs, noted, episodes)


def evidence_of(graphs: Mapping[str, AgentGraph], noted: Noted, episodes: Sequence[Logged]) -> Evidence:
    """The evidence in episodes and in what was noted of their hops."""
    by_graph: defaultdict[str, list[Logged]] = defaultdict(list)
    for logged in episodes:
        if logged.episode.graph in graphs and _wholly_noted(logged, noted):
            by_graph[logged.episode.graph].append(logged)
    agreed = [
        noted[logged.episode.id][seq].get(hop.node, 0.0)
        for logged in episodes
        for seq, hop in _decisions(logged)
        if seq in noted[logged.episode.id]
    ]
    found = {name: _judged(graphs[name], mine, noted) for name, mine in by_graph.items()}
    told = {name: each for name, each in found.items() if each is not None}
    return Evidence(
        hops=len(agreed),
        agreement=float(np.mean(agreed)) if agreed else None,
        judgements={name: judgement for name, (judgement, _) in told.items()},
        episodes={name: count for name, (_, count) in told.items()},
    )


def _judged(graph: AgentGraph, episodes: Sequence[Logged], noted: Noted) -> tuple[Judgement, int] | None:
    """The judgement, and how many episodes it rests on; None where nothing can be learnt from any of them."""
    try:
        recipe = _recipe(graph, episodes)
    except InvalidFanOut:
        return _untold("no route of a graph with fan-outs can be judged yet"), len(episodes)
    steps = None if recipe is None else steps_of(episodes, recipe)[0]
    if recipe is None or steps is None:
        return None
    cut_off = set(steps.episode[steps.truncated])
    steps = steps.take(~np.isin(steps.episode.astype(str), sorted(cut_off)))
    if not len(steps):
        return None
    target = _target(steps, {logged.episode.id: logged for logged in episodes}, noted, recipe)
    log = logged_from(recipe.spec, steps, recipe.terms)
    return judge(log, target_from(steps, target), seed=_SEED), len(log.hops)


def _untold(reason: str) -> Judgement:
    nothing = Interval(np.nan, np.nan, np.nan)
    return Judgement(effective_sample_size=0.0, unsupported=0.0, logged=nothing, refused=reason)


def _recipe(graph: AgentGraph, episodes: Sequence[Logged]) -> Recipe | None:
    texts = sorted({logged.task.text for logged in episodes if logged.task is not None})
    mixtures = [event.mixture for logged in episodes for event in logged.events if isinstance(event, Accepted)]
    if not texts or not mixtures:
        return None
    return graph_recipe(graph, sorted({task for mixture in mixtures for task in mixture}), texts, COST_WEIGHT)


def _target(steps: Steps, episodes: Mapping[EpisodeId, Logged], noted: Noted, recipe: Recipe) -> Floats:
    """The shadow's probabilities at every step, shape (n, A); what no router decided stays as it was."""
    target = steps.probabilities.astype(np.float64)
    for start, stop in zip(np.flatnonzero(steps.first), np.flatnonzero(steps.last) + 1, strict=True):
        logged = episodes[steps.episode[start]]
        numbers = {id(hop): seq for seq, hop in _decisions(logged)}
        hops = [hop for hop in hops_of(logged.events) if hop.chosen.node in recipe.places]
        for row, hop in zip(range(start, stop), hops, strict=True):
            if id(hop.chosen) not in numbers:
                continue
            target[row] = 0.0
            for node, probability in noted[logged.episode.id][numbers[id(hop.chosen)]].items():
                target[row, recipe.places[node]] = probability
    return target


def _wholly_noted(logged: Logged, noted: Noted) -> bool:
    return all(seq in noted[logged.episode.id] for seq, _ in _decisions(logged))


def _decisions(logged: Logged) -> list[tuple[int, HopChosen]]:
    """What routers decided on the main line, with the numbers of their events."""
    return [
        (seq, event)
        for seq, event in enumerate(logged.events)
        if isinstance(event, HopChosen) and event.decided_by is DecidedBy.ROUTER and not event.branch
    ]
