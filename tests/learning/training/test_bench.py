"""`stigmergy bench rl` runs to its end."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from stigmergy.cli.main import app

pytestmark = [
    pytest.mark.ray,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"
    ),
]


def test_all_ways_are_measured_in_one_run() -> None:
    done = CliRunner().invoke(app, ["bench", "rl", "--queries", "1000", "--epochs", "1", "--json"])
    assert done.stdout, done.output
    told = json.loads(done.stdout)
    assert done.exit_code == (0 if told["bars_hold"] else 1)
    rows, steps = told["transitions_per_s"], told["env_steps_per_s"]
    assert set(rows) == {"ours", "plain_torch", "rllib_default", "rllib_kept_in_memory"}
    assert rows["rllib_default"] <= rows["rllib_kept_in_memory"] * 1.001
    assert set(steps) == {"ours", "rllib_default", "rllib_without_environment"}
    assert min(*rows.values(), *steps.values()) > 0.0
    assert told["ratios"].keys() == told["bars"].keys()
    assert told["ratios"]["playing_to_default"] >= told["bars"]["playing_to_default"]
