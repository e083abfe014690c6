"""A new agent follows those whom its probes show it to take after."""

from __future__ import annotations

import numpy as np
import torch

from stigmergy.graphs.tensors import LoggedOutcomes, outcome_graph
from stigmergy.routers.gnn.lineage import lend, trace_lineage
from stigmergy.routers.gnn.log import Log, read_log
from stigmergy.routers.gnn.memory import remember
from stigmergy.routers.gnn.network import Heads

SPREADS = torch.tensor([0.1, 0.3, 0.8])


def world(probes: int) -> Log:
    """Four agents are each good at one kind of query; a fifth does as the first, and is seen on ``probes`` queries."""
    kinds = np.arange(400) % 4
    quality = np.concatenate((np.eye(4)[kinds], np.eye(4)[kinds][:, :1]), axis=1)
    quality[probes:, 4] = np.nan
    logged = LoggedOutcomes(
        vectors=np.eye(4)[kinds], tasks=kinds, descriptions=np.ones((5, 1)), quality=quality, cost=np.ones((400, 5))
    )
    return read_log(outcome_graph(logged))


def test_twenty_probes_show_whom_a_new_agent_takes_after() -> None:
    log = world(20)
    found = trace_lineage(remember(log, log.ran), log.quality, SPREADS)
    assert found is not None
    assert found.weights[4].argmax() == 0
    assert (found.weights[:4] == 0).all()


def test_it_is_then_good_where_they_are() -> None:
    log = world(20)
    memory = remember(log, log.ran)
    found = trace_lineage(memory, log.quality, SPREADS)
    assert found is not None
    known = torch.cat((torch.eye(4), torch.full((4, 1), 0.25)), dim=1)
    heads = lend(found, memory, Heads(known, torch.ones(4, 5), torch.zeros(4, 5)))
    assert heads.quality[:, 4].argmax() == 0
    assert heads.quality[0, 4] - heads.quality[1:, 4].max() > 0.3
    assert torch.equal(heads.quality[:, :4], known[:, :4])


def test_without_probes_it_is_worth_what_others_are_on_the_whole() -> None:
    log = world(0)
    found = trace_lineage(remember(log, log.ran), log.quality, SPREADS)
    assert found is not None
    assert abs(float(found.means[4]) - 0.25) < 0.01
    assert torch.allclose(found.weights[4, :4], torch.full((4,), 0.225))


def test_who_has_been_seen_often_stands_alone() -> None:
    log = world(400)
    assert trace_lineage(remember(log, log.ran), log.quality, SPREADS) is None
