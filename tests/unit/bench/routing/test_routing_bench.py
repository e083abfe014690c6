"""The bench of hops and reroutes, on small graphs."""

from __future__ import annotations

import json
from typing import get_args

from typer.testing import CliRunner

from stigmergy.bench.routing.hops import routers_of
from stigmergy.bench.routing.worlds import FAN, layered_graph
from stigmergy.cli.main import app
from stigmergy.routers.configs import RouterConfig


def test_a_world_has_as_many_agents_as_asked_for_and_is_the_same_for_a_seed() -> None:
    graph = layered_graph(200, 3)
    assert len(graph.nodes) == 200
    assert graph.version == layered_graph(200, 3).version != layered_graph(200, 4).version
    assert all(len(graph.successors(node)) >= FAN for node in graph.nodes[:100])


def test_every_router_that_needs_no_training_is_measured() -> None:
    measured = set(map(type, routers_of(layered_graph(20, 0)).values()))
    assert measured <= set(get_args(RouterConfig))
    assert len(measured) == 10


def test_the_document_has_a_figure_for_each_router_system_and_size() -> None:
    done = CliRunner().invoke(app, ["bench", "routing", "--agents", "20", "--agents", "60", "--rounds", "1", "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert set(document["reroute_ms"]) == {"stigmergy", "networkx", "scipy"}
    assert all(set(row) == {"20", "60"} for part in ("hop_us", "reroute_ms") for row in document[part].values())
    assert all(value >= 0 for row in document["hop_us"].values() for value in row.values())


def test_the_tables_name_routers_and_systems() -> None:
    done = CliRunner().invoke(app, ["bench", "routing", "--agents", "20", "--rounds", "1"])
    assert done.exit_code == 0, done.output
    assert "dijkstra" in done.output
    assert "scipy" in done.output
