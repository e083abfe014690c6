"""What `stigmergy bench colony` has to show, with fewer tasks than it takes by itself."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from stigmergy.cli.main import app

ONE_POINT = 0.01


def test_two_hundred_tasks_at_once_do_as_well_as_one_after_the_other_while_the_colony_learns() -> None:
    done = CliRunner().invoke(app, ["bench", "colony", "--tasks", "200", "--warm-up", "400", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    for load in (found["sequential"], found["concurrent"]):
        assert (load["tasks"], load["completed"], load["learnt"]) == (200, 200, 200)
    assert abs(found["difference"]["mean"]) <= ONE_POINT
