"""The declared pool: every program has an agent, prices and stages as the demo needs them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from stigmergy.agents.workbench.programs import PROGRAMS
from stigmergy.platform.workbench import WORKBENCH


@pytest.fixture(scope="module")
def pool() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(WORKBENCH.read_text(encoding="utf-8"))
    return loaded


def _prices(pool: dict[str, Any], stage: list[str]) -> list[float]:
    return [float(pool["agents"][name]["price"]["per_call"]) for name in stage]


def test_every_program_is_an_agent_and_every_agent_has_a_program(pool: dict[str, Any]) -> None:
    assert {agent["program"] for agent in pool["agents"].values()} == set(PROGRAMS)
    assert all(agent["kind"] == "workbench" and agent["description"] for agent in pool["agents"].values())


def test_the_graph_has_four_stages_of_known_agents(pool: dict[str, Any]) -> None:
    stages = pool["graphs"]["workbench"]["stages"]
    assert [len(stage) for stage in stages] == [3, 10, 3, 2]
    assert {name for stage in stages for name in stage} == set(pool["agents"])


def test_prices_inside_a_stage_differ_by_more_than_ten_times(pool: dict[str, Any]) -> None:
    for stage in pool["graphs"]["workbench"]["stages"]:
        prices = _prices(pool, stage)
        assert max(prices) > 10 * min(prices)


def test_the_polymath_costs_more_than_half_of_the_dearest_path(pool: dict[str, Any]) -> None:
    dearest = [max(_prices(pool, stage)) for stage in pool["graphs"]["workbench"]["stages"]]
    assert 0.6 <= dearest[1] / sum(dearest) <= 0.65
