"""A trained network with what it remembers: vectors in, predictions out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stigmergy.graphs.tensors import LoggedOutcomes, outcome_graph
from stigmergy.routers.estimators.base import Matrix, Outcomes, Queries
from stigmergy.routers.gnn.lineage import Lineage, lend, trace_lineage
from stigmergy.routers.gnn.log import Edge, Log, read_log
from stigmergy.routers.gnn.memory import Memory, remember
from stigmergy.routers.gnn.messages import ask
from stigmergy.routers.gnn.network import GraphNetwork, Heads
from stigmergy.routers.gnn.training import GnnTraining, train_network
from stigmergy.routers.query_features import HashedNgrams

_ROWS: Final = 512
_DESCRIPTION_BITS: Final = 8


@dataclass(frozen=True, slots=True)
class Predicted:
    """Of shape (B, A): quality, its standard deviation (of an outcome round it), cost in USD."""

    quality: Matrix
    deviation: Matrix
    cost: Matrix


@dataclass(frozen=True, slots=True)
class GnnScorer:
    """Immutable and thread-safe; more agents or outcomes make another one, and nothing is trained again."""

    agents: tuple[str, ...]
    network: GraphNetwork
    log: Log
    memory: Memory
    lineage: Lineage | None

    @torch.inference_mode()
    def predict(self, vectors: NDArray[Any]) -> Predicted:
        """Score all agents on queries, shape (B, dimensions)."""
        asked = torch.from_numpy(np.ascontiguousarray(vectors, dtype=np.float32))
        heads = [self._heads(part) for part in torch.split(asked, _ROWS)]
        return Predicted(
            torch.cat([each.quality for each in heads]).numpy(),
            torch.cat([(0.5 * each.log_variance).exp() for each in heads]).numpy(),
            torch.cat([each.cost for each in heads]).numpy(),
        )

    def with_agents(self, described: Sequence[tuple[str, str]]) -> GnnScorer:
        """More agents, as (name, description); they are used from their descriptions until outcomes come."""
        log = self.log.with_agents(_described([f"{name} {text}" for name, text in described]))
        return make_scorer((*self.agents, *(name for name, _ in described)), self.network, log)

    def with_outcomes(self, vectors: NDArray[Any], edges: Sequence[Edge], most: int) -> GnnScorer:
        """More queries, shape (n, dimensions), with their edges; the oldest beyond ``most`` queries are forgotten."""
        new = torch.from_numpy(np.ascontiguousarray(vectors, dtype=np.float32))
        return make_scorer(self.agents, self.network, self.log.with_edges(new, edges).latest(most))

    def _heads(self, asked: Tensor) -> Heads:
        heads: Heads = self.network(self.log, self.memory, ask(self.log, asked))
        return heads if self.lineage is None else lend(self.lineage, self.memory, heads)


@torch.inference_mode()
def make_scorer(agents: tuple[str, ...], network: GraphNetwork, log: Log) -> GnnScorer:
    """A network over a log, whose agents it need not have seen in training."""
    memory = remember(log, log.ran)
    return GnnScorer(agents, network, log, memory, trace_lineage(memory, log.quality, network.spreads))


def train_scorer(
    queries: Queries, view: str, outcomes: Outcomes, descriptions: Sequence[str], settings: GnnTraining
) -> GnnScorer:
    """Train on queries with outcomes; ``descriptions``: one text per arm. The same input gives the same weights."""
    with _reproducible():
        log = build_log(queries, view, outcomes, descriptions)
        return make_scorer(outcomes.arms, train_network(log, settings), log)


@contextmanager
def _reproducible() -> Iterator[None]:
    """Sums in one order: by one thread, and by torch's deterministic kernels."""
    threads, before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(mode=before)


def build_log(queries: Queries, view: str, outcomes: Outcomes, descriptions: Sequence[str]) -> Log:
    """The graph of queries with outcomes, as matrices."""
    _, tasks = np.unique(np.asarray(queries.tasks), return_inverse=True)
    logged = LoggedOutcomes(
        vectors=queries.view(view),
        tasks=tasks,
        descriptions=_described(descriptions).numpy(),
        quality=outcomes.quality,
        cost=outcomes.cost,
    )
    return read_log(outcome_graph(logged))


def _described(texts: Sequence[str]) -> Tensor:
    embedder = HashedNgrams(_DESCRIPTION_BITS)
    return torch.from_numpy(np.stack([embedder.embed(text) for text in texts]))
