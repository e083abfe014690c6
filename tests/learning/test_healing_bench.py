"""What `stigmergy bench healing` has to show."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from stigmergy.cli.main import app


def test_nineteen_of_nineteen_in_both_modes_and_every_set_of_failures_accounted_for() -> None:
    done = CliRunner().invoke(app, ["bench", "healing", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    for mode, most_llm_calls in (("known", 9), ("met", 7)):
        ours = found["systems"]["stigmergy"][mode]
        assert (ours["right"], ours["silent"], ours["duplicates"]) == (found["scenarios"], 0, 0)
        assert ours["llm_calls"] <= most_llm_calls
    assert found["scenarios"] == 19
    sets = found["exhaustive"]
    assert sets["runs"] == 2 * (2**5 + 2**8 + 2**5) == sets["feasible"] + sets["infeasible"]
    assert (sets["completed"], sets["explained"]) == (sets["feasible"], sets["infeasible"])
    assert (sets["silent"], sets["duplicates"]) == (0, 0)
    lost = sets["lost_replies"]
    assert (lost["silent"], lost["duplicates"], lost["completed"]) == (0, 0, lost["mendable"])
    assert lost["runs"] == (2**5 + 2**8 + 2**5) + lost["mendable"]
