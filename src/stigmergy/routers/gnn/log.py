"""The graph's edges as matrices: with tens of agents most pairs are there, and dense sums are the faster ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from stigmergy.graphs.tensors import AGENT, OF, QUERY, RAN, TASK

Edge: TypeAlias = tuple[int, int, float, float]
"""Which of the new queries, which agent, quality, cost in USD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """L queries with d-dimensional vectors, A agents, T task types.

    ``columns``, shape (d, L), are the vectors once more, transposed in memory: one query is compared with them in a
    sixth of the time.

    ``scores``, shape (L, d), are the vectors less ``centre`` in the ``basis`` of the eigenvectors of their scatter,
    with the eigenvalues ``spectrum``. ``quality``, ``cost`` and ``ran`` have the shape (L, A); ``ran`` is 1 where the
    agent was asked, and the other two are 0 where it was not.
    """

    vectors: Tensor
    columns: Tensor
    centre: Tensor
    basis: Tensor
    spectrum: Tensor
    scores: Tensor
    tasks: Tensor
    task_count: int
    descriptions: Tensor
    quality: Tensor
    cost: Tensor
    ran: Tensor

    def with_agents(self, descriptions: Tensor) -> Log:
        """More agents, of which only descriptions are known."""
        nothing = torch.zeros(len(self.vectors), len(descriptions))
        return replace(
            self,
            descriptions=torch.cat((self.descriptions, descriptions)),
            quality=torch.cat((self.quality, nothing), dim=1),
            cost=torch.cat((self.cost, nothing), dim=1),
            ran=torch.cat((self.ran, nothing), dim=1),
        )

    def with_edges(self, vectors: Tensor, edges: Sequence[Edge]) -> Log:
        """More queries; the task type of each is that of the most similar one.

        What was learnt from texts (centre, basis, spectrum) stays as it is.
        """
        quality, cost, ran = torch.zeros(3, len(vectors), self.ran.shape[1])
        for query, agent, good, paid in edges:
            quality[query, agent], cost[query, agent], ran[query, agent] = good, paid, 1.0
        return replace(
            self,
            vectors=torch.cat((self.vectors, vectors)),
            columns=torch.cat((self.columns, vectors.T), dim=1),
            scores=torch.cat((self.scores, (vectors - self.centre) @ self.basis)),
            tasks=torch.cat((self.tasks, self.tasks[(vectors @ self.vectors.T).argmax(dim=1)])),
            quality=torch.cat((self.quality, quality)),
            cost=torch.cat((self.cost, cost)),
            ran=torch.cat((self.ran, ran)),
        )

    def latest(self, most: int) -> Log:
        """Without the oldest queries beyond ``most``."""
        if len(self.vectors) <= most:
            return self
        kept = {name: getattr(self, name)[-most:] for name in _PER_QUERY}
        return replace(self, **kept, columns=self.columns[:, -most:].contiguous())


_PER_QUERY: Final = ("vectors", "scores", "tasks", "quality", "cost", "ran")


def read_log(graph: HeteroData) -> Log:
    """The matrices of ``graphs.tensors.outcome_graph``."""
    vectors = graph[QUERY].x
    agent, query = graph[RAN].edge_index
    outcomes = torch.zeros(len(vectors), len(graph[AGENT].x), 3)
    outcomes[query, agent, :2] = graph[RAN].edge_attr
    outcomes[query, agent, 2] = 1.0
    centre = vectors.mean(dim=0)
    values, basis = torch.linalg.eigh((vectors - centre).T @ (vectors - centre))
    return Log(
        vectors=vectors,
        columns=vectors.T.contiguous(),
        centre=centre,
        basis=basis,
        spectrum=values.clamp_min(0.0),
        scores=(vectors - centre) @ basis,
        tasks=graph[OF].edge_index[1],
        task_count=int(graph[TASK].num_nodes),
        descriptions=graph[AGENT].x,
        quality=outcomes[..., 0].contiguous(),
        cost=outcomes[..., 1].contiguous(),
        ran=outcomes[..., 2].contiguous(),
    )
