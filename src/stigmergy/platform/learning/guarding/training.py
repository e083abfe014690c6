"""From labelled queries to a guard.

How strange queries look is learnt from those of the val split that no agent is for. A log without any has stand-ins:
each agent in turn is left out of training, and its queries are what a guard of the others has to reject. Which signals
are weighed is chosen there too, every group of queries judged by what the others taught.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.domain import AgentId
from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.guarding.calibrating import Sample, calibrate
from stigmergy.platform.learning.guarding.fitting import (
    Tally,
    fit_neighbours,
    fit_vocabulary,
    rows_of,
)
from stigmergy.platform.learning.guarding.guard_log import REJECT, Queries
from stigmergy.platform.learning.trainers.logistic import fit_logistic
from stigmergy.routers.guard.calibration import Signal
from stigmergy.routers.guard.guard import Guard, read_signals
from stigmergy.routers.guard.labels import LabelModel
from stigmergy.routers.guard.neighbours import Neighbours
from stigmergy.routers.guard.terms import Vocabulary, tally

_FOLDS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """How a guard is trained.

    Attributes:
        least_texts: texts that a term has to occur in.
        most_share: share of the known texts above which a term does not count for likeness.
        nearest: known texts that likeness is averaged over.
        decay: penalty on the weights of the labels.
        steps: most steps of their fit.
        reject_weight: how often a query of the train split that no agent is for counts.
    """

    least_texts: int = 2
    most_share: float = 0.2
    nearest: int = 5
    decay: float = 1e-5
    steps: int = 60
    reject_weight: float = 5.0


@dataclass(frozen=True, slots=True)
class _Fitted:
    """Everything of a guard but what makes a probability of its signals."""

    vocabulary: Vocabulary
    labels: LabelModel
    neighbours: Neighbours


@dataclass(frozen=True, slots=True)
class _Tallied:
    """Queries with what was counted in their texts, which is the same for every vocabulary."""

    queries: Queries
    tallies: Sequence[Tally]

    @classmethod
    def of(cls, queries: Queries) -> _Tallied:
        return cls(queries, [tally(text) for text in queries.query])

    def take(self, rows: NDArray[np.bool_]) -> _Tallied:
        return _Tallied(
            self.queries.take(rows), [each for each, taken in zip(self.tallies, rows, strict=True) if taken]
        )


def train(splits: Mapping[str, Queries], config: TrainingConfig) -> Guard:
    """Train on the split ``train``, calibrate and choose on ``val``.

    Raises:
        InvalidLog: no query is any agent's, an intent is of two agents, or too little tells what to reject.
    """
    known, val = _Tallied.of(splits["train"]), _Tallied.of(splits["val"])
    agents = _agents(known.queries)
    if not agents:
        raise InvalidLog("the train split", f"every gold_agent is {REJECT!r}; name the agent of each query")
    fitted = _fit(known, config)
    if val.queries.strange.any():
        samples = _in_folds(_read(fitted, val))
    elif len(agents) > 1:
        samples = [each for place, agent in enumerate(agents) for each in _left_out(known, val, agent, place, config)]
    else:
        raise InvalidLog("the val split", f"of one agent alone it needs queries whose gold_agent is {REJECT!r}")
    calibration, threshold = calibrate(samples)
    asked = Signal.REMOTENESS in calibration.slopes
    return Guard(fitted.vocabulary, fitted.labels, fitted.neighbours if asked else None, calibration, threshold)


def _agents(queries: Queries) -> tuple[AgentId, ...]:
    return tuple(sorted(set(queries.agent) - {REJECT}))


def _in_folds(samples: Sequence[Sample]) -> list[Sample]:
    """The samples in groups of about equal parts of strange and of known ones."""
    kinds = ([each for each in samples if each.strange is strange] for strange in (False, True))
    return [replace(each, group=place % _FOLDS) for kind in kinds for place, each in enumerate(kind)]


def _left_out(known: _Tallied, val: _Tallied, agent: AgentId, group: int, config: TrainingConfig) -> list[Sample]:
    """What a guard that never met the agent makes of its queries, and of the others in val."""
    own = np.asarray(known.queries.agent == agent, dtype=np.bool_)
    fitted = _fit(known.take(~own), config)
    return [replace(sample, group=group) for part in (val, known.take(own)) for sample in _read(fitted, part)]


def _fit(known: _Tallied, config: TrainingConfig) -> _Fitted:
    queries, agents = known.queries, _agents(known.queries)
    vocabulary = fit_vocabulary(known.tallies, config.least_texts)
    read = [vocabulary.weigh(*each) for each in known.tallies]
    names, labels = np.unique(queries.label.astype(str), return_inverse=True)
    owner = _owners(queries)
    places = {agent: place for place, agent in enumerate(agents)}
    importance = np.where(queries.strange, config.reject_weight, 1.0).astype(np.float32)
    weights, bias = fit_logistic(rows_of(read, len(vocabulary)), labels, importance, config.decay, config.steps)
    owners = np.array([places.get(owner[name], -1) for name in names], dtype=np.int32)
    served = [terms for terms, strange in zip(read, queries.strange, strict=True) if not strange]
    neighbours = fit_neighbours(rows_of(served, len(vocabulary)), config.nearest, config.most_share)
    return _Fitted(vocabulary, LabelModel(agents, owners, weights, bias), neighbours)


def _owners(queries: Queries) -> Mapping[str, AgentId]:
    owners: dict[str, AgentId] = {}
    for label, agent in zip(queries.label, queries.agent, strict=True):
        if owners.setdefault(label, agent) != agent:
            raise InvalidLog("the train split", f"its intent {label!r} is both {owners[label]!r}'s and {agent!r}'s")
    return owners


def _read(fitted: _Fitted, part: _Tallied) -> list[Sample]:
    """The signals of each query; one of an agent that the guard does not know is strange to it."""
    samples = []
    for agent, tallied in zip(part.queries.agent, part.tallies, strict=True):
        found, signals = read_signals(fitted.vocabulary.weigh(*tallied), fitted.labels, fitted.neighbours)
        agents = fitted.labels.agents
        samples.append(Sample(signals=signals, strange=agent not in agents, right=agents[found] == agent))
    return samples
