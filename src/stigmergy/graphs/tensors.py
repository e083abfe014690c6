"""Logged outcomes as a heterogeneous graph of tensors: queries, task types, agents. The only torch in this room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch_geometric.data import HeteroData

Array = NDArray[Any]

QUERY: Final = "query"
AGENT: Final = "agent"
TASK: Final = "task"
RAN: Final = (AGENT, "ran", QUERY)
OF: Final = (QUERY, "of", TASK)
NEAR: Final = (QUERY, "near", QUERY)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedOutcomes:
    """What was logged of Q queries and A agents.

    Attributes:
        vectors: unit rows, shape (Q, dimensions).
        tasks: number of each query's task type, shape (Q,), from 0 up.
        descriptions: unit rows, one for each agent, shape (A, their dimensions).
        quality: in [0, 1], shape (Q, A); NaN where the agent was not asked.
        cost: in USD, shape (Q, A); NaN where the agent was not asked, or its cost is not known.
    """

    vectors: Array
    tasks: Array
    descriptions: Array
    quality: Array
    cost: Array


def outcome_graph(log: LoggedOutcomes, neighbours: int = 0) -> HeteroData:
    """The graph of a log.

    Nodes: ``query`` (x: vectors), ``task``, ``agent`` (x: descriptions). Edges: ``agent ran query`` with (quality,
    cost) wherever both are known; ``query of task``; ``query near query`` from each of the up to ``neighbours`` most
    similar other queries, most similar first, with the cosine; of no neighbours there is no such edge type.
    """
    graph = HeteroData()
    graph[QUERY].x = torch.from_numpy(np.ascontiguousarray(log.vectors, dtype=np.float32))
    graph[AGENT].x = torch.from_numpy(np.ascontiguousarray(log.descriptions, dtype=np.float32))
    graph[TASK].num_nodes = int(log.tasks.max()) + 1
    outcomes = torch.from_numpy(np.stack((log.quality, log.cost), axis=-1).astype(np.float32))
    query, agent = torch.nonzero(torch.isfinite(outcomes).all(dim=-1), as_tuple=True)
    graph[RAN].edge_index = torch.stack((agent, query))
    graph[RAN].edge_attr = outcomes[query, agent]
    rows = torch.arange(len(log.vectors))
    graph[OF].edge_index = torch.stack((rows, torch.from_numpy(np.asarray(log.tasks, dtype=np.int64))))
    if neighbours:
        near, likeness = nearest_others(graph[QUERY].x, neighbours)
        graph[NEAR].edge_index = torch.stack((near.flatten(), rows.repeat_interleave(near.shape[1])))
        graph[NEAR].edge_attr = likeness.flatten()
    return graph


def nearest_others(vectors: Tensor, count: int, rows: int = 1024) -> tuple[Tensor, Tensor]:
    """For every row the most similar other rows, most similar first, and their cosines; both (Q, min(count, Q - 1)).

    ``rows`` are compared at a time, so that memory grows with the number of queries and not with its square. A row that
    is alone has itself for a neighbour, of no likeness.
    """
    if len(vectors) == 1:
        return torch.zeros((1, 1), dtype=torch.int64), torch.zeros((1, 1))
    found = []
    for start in range(0, len(vectors), rows):
        likeness = vectors[start : start + rows] @ vectors.T
        own = torch.arange(len(likeness))
        likeness[own, own + start] = -torch.inf
        found.append(torch.topk(likeness, min(count, len(vectors) - 1), dim=1))
    return torch.cat([each.indices for each in found]), torch.cat([each.values for each in found])
