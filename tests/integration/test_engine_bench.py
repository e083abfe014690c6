"""The bench of the engine with every system that it names, in rounds too small to mean anything."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from stigmergy.bench.engine.measure import COMPARED
from stigmergy.cli.main import app

SYSTEMS = {
    "stigmergy_memory",
    "stigmergy_sqlite",
    "stigmergy_postgres",
    "langgraph_none",
    "langgraph_memory",
    "langgraph_sqlite",
    "langgraph_sqlite_sync",
    "dbos_sqlite",
}


def test_the_bench_measures_every_system_and_says_what_each_of_them_keeps() -> None:
    done = CliRunner().invoke(app, ["bench", "engine", "--rounds", "2", "--tasks", "2", "--crowd", "3", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    for part in (found, found["side_by_side"]):
        assert part["per_step_ms"].keys() == part["per_step_cpu_ms"].keys() == SYSTEMS
        assert all(figure > 0 for figure in part["per_step_ms"].values())
        assert part["ratios"].keys() == {f"{one}/{other}" for one, other in COMPARED}
        assert all(share["low"] <= share["median"] <= share["high"] for share in part["ratios"].values())
    assert found["settings"].keys() == SYSTEMS
    assert all(settings["durability"] for settings in found["settings"].values())
    assert found["steps"] == 5
    assert {"langgraph", "dbos"} <= found["versions"].keys()
