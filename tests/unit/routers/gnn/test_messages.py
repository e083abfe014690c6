"""Messages leave a query's own edges out, exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from stigmergy.graphs.tensors import LoggedOutcomes, outcome_graph
from stigmergy.routers.gnn.log import Log, read_log
from stigmergy.routers.gnn.memory import Memory, remember
from stigmergy.routers.gnn.messages import rows_of, send


def world(first: float) -> Log:
    """Thirty random queries, two agents; ``first`` is what the first agent did on the first query."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(30, 6))
    quality = rng.integers(0, 2, size=(30, 2)).astype(np.float64)
    quality[0, 0] = first
    logged = LoggedOutcomes(
        vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        tasks=np.arange(30) % 3,
        descriptions=np.eye(2),
        quality=quality,
        cost=rng.uniform(0.5, 1.5, size=(30, 2)),
    )
    return read_log(outcome_graph(logged, 20))


def test_what_a_query_did_itself_does_not_reach_it() -> None:
    log = world(1.0)
    memory = remember(log, log.ran)
    asked = rows_of(log, torch.tensor([0]))
    flipped = memory.surplus.clone()
    flipped[0] += 1.0
    assert torch.allclose(
        send(log, memory, asked).channels, send(log, _with_surplus(log, memory, flipped), asked).channels, atol=1e-4
    )


def _with_surplus(log: Log, memory: Memory, surplus: torch.Tensor) -> Memory:
    """Every message gathered again, the agents' means held: they are the one thing that a query's own edges are in."""
    products = torch.einsum("ld,lac->dac", log.scores, surplus)
    member = torch.nn.functional.one_hot(log.tasks, log.task_count).float()
    return replace(
        memory,
        surplus=surplus,
        slopes=products[:, :, None] * memory.shrinkage[..., None],
        task_sums=torch.einsum("lt,lac->tac", member, surplus),
    )


def test_with_twenty_probes_luck_with_the_queries_is_taken_out_of_a_mean() -> None:
    """Two agents do the same everywhere; the second is seen on hard queries alone."""
    level = (np.arange(400) % 2).astype(np.float64)
    quality = np.stack((level, level, level), axis=1)
    quality[20:, 2] = np.nan
    quality[1:20:2, 2] = np.nan
    logged = LoggedOutcomes(
        vectors=np.eye(400),
        tasks=np.zeros(400, dtype=int),
        descriptions=np.ones((3, 1)),
        quality=quality,
        cost=np.ones((400, 3)),
    )
    log = read_log(outcome_graph(logged, 5))
    found = remember(log, log.ran).means
    assert np.nanmean(quality[:, 2]) == 0.0
    assert found[2] > 0.3
