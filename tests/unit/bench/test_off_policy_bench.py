"""The bench of off-policy intervals."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from stigmergy.bench.off_policy.coverage import cover
from stigmergy.bench.off_policy.worlds import Choices, Paths
from stigmergy.cli.main import app


def test_intervals_of_estimates_that_decide_hold_the_truth_nearly_always() -> None:
    for world in (Choices(), Paths()):
        found = cover(world, 600, 60, seed=0)
        assert found.effective_sample_size >= 200
        for name in ("ips", "snips", "doubly_robust"):
            held = found.held[name]
            assert held is not None
            assert held >= 0.85, (world.name, name)


def test_the_command_prints_json() -> None:
    result = CliRunner().invoke(app, ["bench", "off-policy", "--episodes", "200", "--replications", "2", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["worlds"].keys() == {"one choice", "three hops"}
