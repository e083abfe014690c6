from __future__ import annotations

import sys

import pytest
from typer.testing import CliRunner

from stigmergy.bench.healing.comparison import Judged, row_of
from stigmergy.bench.healing.exhaustive import Exhaustive, LostReplies
from stigmergy.bench.healing.outcome import Outcome
from stigmergy.bench.healing.report import HealingReport
from stigmergy.bench.healing.scenarios import Mode, load_scenarios
from stigmergy.cli.bench.healing import print_report
from stigmergy.cli.main import app
from stigmergy.domain import Status


def test_a_bench_without_the_system_it_compares_with_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.startswith("stigmergy.bench")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "langgraph.graph", None)
    done = CliRunner().invoke(app, ["bench", "healing"])
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        "error: this needs 'langgraph', which is not installed: pip install 'stigmergy[dev]'"
    ]


def report(status: Status | None, *, explained: int = 1) -> HealingReport:
    outcome = Outcome(
        status=status,
        reason="all is well",
        right=status is Status.COMPLETED,
        silent=status is None,
        llm_calls=0,
        tool_calls=3,
        duplicates=0,
        stranded=0,
        recoveries_s=(0.002,),
    )
    judged = tuple(Judged("stigmergy", mode, load_scenarios()[0], outcome) for mode in Mode)
    return HealingReport(
        judged=judged,
        systems={"stigmergy": {mode: row_of([outcome]) for mode in Mode}},
        exhaustive=Exhaustive(runs=2, feasible=1, completed=1, infeasible=1, explained=explained),
        lost_replies=LostReplies(runs=4, silent=0, duplicates=0, mendable=2, completed=2),
    )


def test_the_tables_say_how_each_scenario_ended_and_what_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(report(Status.COMPLETED))
    shown = capsys.readouterr().out
    for part in ("support", "happy", "completed", "2 ms", "Replies lost after the work was done, 4 runs: 0 silent"):
        assert part in shown


def test_an_outcome_that_is_not_right_or_not_explained_breaks_the_promise() -> None:
    assert report(Status.COMPLETED).kept
    assert not report(None).kept
    assert not report(Status.COMPLETED, explained=0).kept
    (wrong, _) = report(None).document()["wrong"]
    assert (wrong["told"], wrong["silent"], wrong["scenario"]) == (None, True, "support: happy")
