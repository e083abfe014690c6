"""The workbench's programs run over every prefix."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from stigmergy.agents.workbench.tasks import generate_tasks
from stigmergy.domain import AgentProfile, Price
from stigmergy.errors import UnloggableGraph
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import GraphSpec
from stigmergy.graphs.shortest_path import all_paths
from stigmergy.platform.learning.paths.route_graph import route_graph
from stigmergy.platform.learning.paths.route_table import ARROW, tabulate_routes
from stigmergy.platform.learning.paths.workbench_log import log_workbench

PRICES = {"scan": "0.001", "study": "0.002", "abacus": "0.003", "glance": "0.004", "plain": "0.005"}
TASKS = generate_tasks(3, 24, ("arithmetic",))


def graph() -> AgentGraph:
    profiles = {name: AgentProfile(id=name, price=Price(per_call=price)) for name, price in _decimals().items()}
    edges = {
        "START": ("scan", "study"),
        "scan": ("abacus",),
        "study": ("abacus",),
        "abacus": ("glance", "plain"),
        "glance": ("plain",),
        "plain": ("GOAL",),
    }
    return AgentGraph("small", GraphSpec(edges=edges), profiles)


def _decimals() -> dict[str, Decimal]:
    return {name: Decimal(price) for name, price in PRICES.items()}


def test_every_route_of_the_graph_is_an_arm_that_costs_what_its_agents_do() -> None:
    log = log_workbench(graph(), {name: name for name in PRICES}, TASKS)
    table = tabulate_routes(log)
    assert set(table.arms) == {ARROW.join(route) for route in all_paths(graph())}
    assert not np.isnan(table.quality).any()
    for place, arm in enumerate(table.arms):
        assert table.cost[:, place] == pytest.approx(sum(float(PRICES[node]) for node in arm.split(ARROW)))
    assert set(log.queries.splits) <= {"train", "val", "test"}


def test_the_graph_of_the_log_is_that_of_the_programs() -> None:
    found = route_graph(log_workbench(graph(), {name: name for name in PRICES}, TASKS))
    assert set(found.digraph.edges) == set(graph().digraph.edges)
    assert found.worst_case("scan").usd == Decimal("0.001")


def test_a_prefix_that_routes_share_is_run_once() -> None:
    log = log_workbench(graph(), {name: name for name in PRICES}, TASKS)
    steps = [log.nodes[node] for node in log.branches.node]
    assert steps.count("scan") == len(TASKS)
    assert steps.count("abacus") == 2 * len(TASKS)


def test_a_node_that_is_no_program_is_named() -> None:
    with pytest.raises(UnloggableGraph, match="node 'scan' is no program"):
        log_workbench(graph(), {}, TASKS)
