"""Stored episodes as steps, under a recipe; what cannot be learnt from is left out with a reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.domain import START, Episode, EpisodeId, Status, Task, to_nano
from stigmergy.platform.episode import events as ev
from stigmergy.platform.learning.dataset.episode_hops import Hop, ended, hops_of
from stigmergy.platform.learning.dataset.recipe import Recipe
from stigmergy.platform.learning.evaluation.log_reading import TEST, TRAIN, VAL
from stigmergy.platform.learning.rl.steps import Outcome, Steps
from stigmergy.routers.estimators.folds import fold_numbers
from stigmergy.routers.observation import NO_LIMIT, Situations

_TENTHS: Final = (*(TRAIN,) * 7, VAL, *(TEST,) * 2)
_DOWN: Final = "down"
NOT_JUDGED: Final = "not judged"


@dataclass(frozen=True, slots=True)
class Logged:
    """One stored episode: its summary, the task (None: retention took it), and its events."""

    episode: Episode
    task: Task | None
    events: Sequence[ev.Event]


@dataclass(frozen=True, slots=True)
class _Line:
    """An episode that can be learnt from."""

    logged: Logged
    task: Task
    accepted: ev.Accepted
    hops: Sequence[Hop]
    is_end: bool
    quality: float
    weight: float


def split_of(text: str) -> str:
    """Train, val or test (seven, one and two tenths of all texts), by a hash of the text without case and spacing."""
    return _TENTHS[int(fold_numbers([text], "split", len(_TENTHS))[0])]


def cluster_of(text: str) -> str:
    """What all episodes on one text share."""
    return hashlib.sha256(" ".join(text.lower().split()).encode()).hexdigest()[:16]


def steps_of(episodes: Iterable[Logged], recipe: Recipe) -> tuple[Steps | None, dict[EpisodeId, str]]:
    """The steps of all episodes that can be learnt from (None: of none), and why each of the others is left out."""
    lines, left_out = [], {}
    for logged in episodes:
        line = _line(logged, recipe)
        if isinstance(line, str):
            left_out[logged.episode.id] = line
        else:
            lines.append(line)
    return (_steps(lines, recipe) if lines else None), left_out


def _line(logged: Logged, recipe: Recipe) -> _Line | str:
    """The episode's line of hops, or why it is left out."""
    episode, task = logged.episode, logged.task
    accepted = next((event for event in logged.events if isinstance(event, ev.Accepted)), None)
    if task is None or accepted is None:
        return "incomplete"
    if accepted.versions.graph != recipe.spec.graph:
        return "another graph"
    if episode.status is Status.DEAD_LETTER:
        return "dead letter"
    hops = [hop for hop in hops_of(logged.events) if hop.chosen.node in recipe.places]
    if not hops:
        return "no decision"
    is_end, quality, weight = ended(hops, episode.status), np.nan, 1.0
    if episode.status in (Status.COMPLETED, Status.DEMOTED):
        judged = [event for event in logged.events if isinstance(event, ev.QualityGiven)]
        if not judged:
            return NOT_JUDGED
        quality, weight = judged[-1].quality, 1.0 / max(judged[-1].probability, 1e-6)
    elif is_end:
        quality = 0.0
    return _Line(logged, task, accepted, hops, is_end, quality, weight)


def _steps(lines: Sequence[_Line], recipe: Recipe) -> Steps:
    hops = [(line, hop) for line in lines for hop in line.hops]
    last = np.array([hop is line.hops[-1] for line, hop in hops])
    is_end = np.array([line.is_end for line, _ in hops])
    texts = {line.task.text for line in lines}
    split, cluster = {text: split_of(text) for text in texts}, {text: cluster_of(text) for text in texts}
    return Steps(
        seen=_situations(hops, recipe),
        action=np.array([recipe.places[hop.chosen.node] for _, hop in hops], dtype=np.int64),
        probabilities=np.stack([_probabilities(hop, recipe) for _, hop in hops]),
        charged=np.array([hop.charged for _, hop in hops], dtype=np.int64),
        quality=np.where(last, [line.quality for line, _ in hops], np.nan).astype(np.float32),
        terminated=last & is_end,
        truncated=last & ~is_end,
        episode=_texts(line.logged.episode.id for line, _ in hops),
        cluster=_texts(cluster[line.task.text] for line, _ in hops),
        split=_texts(split[line.task.text] for line, _ in hops),
        decided_by=_texts(hop.chosen.decided_by.value for _, hop in hops),
        outcome=_texts(hop.outcome.value for _, hop in hops),
        weight=np.array([_weight(line, hop) for line, hop in hops], dtype=np.float32),
        relabelled=np.zeros(len(hops), dtype=bool),
    )


def _weight(line: _Line, hop: Hop) -> float:
    decided = hop.chosen.decided_by is ev.DecidedBy.ROUTER and hop.outcome is not Outcome.UNAVAILABLE
    return line.weight if decided else 0.0


def _situations(hops: Sequence[tuple[_Line, Hop]], recipe: Recipe) -> Situations:
    spec, places = recipe.spec, recipe.places
    shape = (len(hops), len(spec.actions))
    feasible, healthy = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    worst, to_go = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row, (_, hop) in enumerate(hops):
        chosen = places[hop.chosen.node]
        feasible[row, chosen] = healthy[row, chosen] = True
        for option in hop.chosen.options:
            place = places[option.node]
            feasible[row, place] = healthy[row, place] = True
            worst[row, place] = to_nano(option.worst_case.usd)
            to_go[row, place] = min(to_nano(rest.usd) for rest in option.cost_to_go)
        # What healing chose has no options: its worst case is known from what was reserved for it.
        worst[row, chosen] = max(worst[row, chosen], hop.reserved)
        for node, reason in hop.chosen.refused:
            if node in places:
                healthy[row, places[node]] = reason != _DOWN
    limits = [line.task.budget.max_usd for line, _ in hops]
    vectors = {line.task.text: recipe.semantics.embed(line.task.text) for line, _ in hops}
    return Situations(
        features=np.stack([vectors[line.task.text] for line, _ in hops]).astype(np.float32),
        mixture=_mixtures([line for line, _ in hops], recipe),
        position=np.array([_position(hop, recipe) for _, hop in hops], dtype=np.int64),
        feasible=feasible,
        healthy=healthy,
        worst_case=worst,
        cost_to_go=to_go,
        spent=np.array([hop.spent for _, hop in hops], dtype=np.int64),
        budget=np.array([NO_LIMIT if limit is None else to_nano(limit) for limit in limits], dtype=np.int64),
        committed=np.array([hop.committed for _, hop in hops], dtype=np.int64),
    )


def _position(hop: Hop, recipe: Recipe) -> int:
    return 0 if hop.chosen.source == START else 1 + recipe.places[hop.chosen.source]


def _mixtures(lines: Sequence[_Line], recipe: Recipe) -> NDArray[np.float32]:
    tasks = recipe.spec.tasks
    return np.array([[line.accepted.mixture.get(task, 0.0) for task in tasks] for line in lines], dtype=np.float32)


def _probabilities(hop: Hop, recipe: Recipe) -> NDArray[np.float32]:
    found = np.zeros(len(recipe.spec.actions), dtype=np.float32)
    for option in hop.chosen.options:
        found[recipe.places[option.node]] = option.probability
    if not hop.chosen.options:
        found[recipe.places[hop.chosen.node]] = 1.0
    return found


def _texts(values: Iterable[Any]) -> NDArray[np.object_]:
    return np.array(list(values), dtype=object)
