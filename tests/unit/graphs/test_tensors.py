"""The graph of a log."""

from __future__ import annotations

import numpy as np
import torch

from stigmergy.graphs.tensors import AGENT, NEAR, OF, QUERY, RAN, TASK, LoggedOutcomes, nearest_others, outcome_graph

VECTORS = np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)
LOG = LoggedOutcomes(
    vectors=VECTORS,
    tasks=np.array([0, 1, 1]),
    descriptions=np.eye(2, dtype=np.float32),
    quality=np.array([[1, 0], [np.nan, 0.5], [0, 1]]),
    cost=np.array([[0.1, 0.2], [0.1, 0.2], [np.nan, 0.4]]),
)


def test_an_edge_is_there_where_both_quality_and_cost_are_known() -> None:
    graph = outcome_graph(LOG, 2)
    assert graph[RAN].edge_index.T.tolist() == [[0, 0], [1, 0], [1, 1], [1, 2]]
    assert torch.allclose(graph[RAN].edge_attr[3], torch.tensor([1.0, 0.4]))


def test_nodes_and_their_kinds_are_those_of_the_log() -> None:
    graph = outcome_graph(LOG, 2)
    assert (graph[QUERY].num_nodes, graph[AGENT].num_nodes, graph[TASK].num_nodes) == (3, 2, 2)
    assert graph[OF].edge_index.tolist() == [[0, 1, 2], [0, 1, 1]]


def test_neighbours_are_other_queries_most_similar_first() -> None:
    graph = outcome_graph(LOG, 5)
    assert graph[NEAR].edge_index.T.tolist() == [[1, 0], [2, 0], [0, 1], [2, 1], [1, 2], [0, 2]]
    assert torch.allclose(graph[NEAR].edge_attr[:2], torch.tensor([0.8, 0.0]))


def test_comparing_in_pieces_finds_the_same_neighbours() -> None:
    vectors = torch.nn.functional.normalize(torch.from_numpy(np.random.default_rng(0).normal(size=(50, 8))))
    whole, piecewise = nearest_others(vectors, 7), nearest_others(vectors, 7, rows=8)
    assert torch.equal(whole[0], piecewise[0])
    assert torch.allclose(whole[1], piecewise[1])
