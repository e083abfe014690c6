from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

import pytest
from typer.testing import CliRunner, Result

from stigmergy.cli.main import app
from stigmergy.domain import FailureKind, Status
from stigmergy.wire import EpisodeModel, EventModel, FailureModel, HopModel, OptionModel, TaskResult, UsageModel

if TYPE_CHECKING:
    from tests.unit.conftest import RecordingServer

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
Run: TypeAlias = Callable[..., Result]


@pytest.fixture
def run(late_server: RecordingServer) -> Run:
    """Runs a command against the test's server, on a wide terminal without colours."""

    def run_command(*args: str, env: dict[str, str] | None = None, stdin: str | None = None) -> Result:
        environ = {"STIGMERGY_URL": late_server.url, "COLUMNS": "240", "NO_COLOR": "1", **(env or {})}
        return CliRunner().invoke(app, args, env=environ, input=stdin)

    return run_command


@pytest.fixture
def hops() -> tuple[HopModel, ...]:
    """A choice between two with a third refused, then a hop that healing fixed."""
    dear = OptionModel(node="dear", score=0.9, probability=0.75, evidence={"trail": 2.5, "heuristic": 0.4})
    cheap = OptionModel(node="cheap", score=0.3, probability=0.25, evidence={"trail": 0.5})
    return (
        HopModel(
            source="START",
            node="dear",
            decided_by="router",
            probability=0.75,
            options=(dear, cheap),
            refused={"broken": "its breaker is open"},
        ),
        HopModel(source="dear", node="check", decided_by="healing", probability=1.0),
    )


@pytest.fixture
def result(hops: tuple[HopModel, ...]) -> TaskResult:
    return TaskResult(
        id="task-1",
        status=Status.COMPLETED,
        graph="workbench",
        router="ant_colony",
        answer="[bold]397.8[/bold]\x1b[2J",
        route=("dear", "check"),
        usage=UsageModel(
            input_tokens=12, output_tokens=3, model_calls=2, usd=Decimal("0.0100"), charged_usd=Decimal("0.0120")
        ),
        latency_s=0.0123,
        reroutes=1,
        failures=(FailureModel(node="verify", agent="v", kind=FailureKind.TIMEOUT, reason="no reply in 2 s"),),
        dropped=("polish",),
        episode_id="episode-1",
        quality=1.0,
        hops=hops,
    )


@pytest.fixture
def episode(result: TaskResult, hops: tuple[HopModel, ...]) -> EpisodeModel:
    """The same run as stored, with its hops as the journal keeps them."""
    stored = [
        hop.model_dump(mode="json") | {"refused": [[*pair] for pair in hop.refused.items()], "selection": "greedy"}
        for hop in hops
    ]
    data = [
        {"kind": "accepted", "task_id": "task-1", "mixture": {"arithmetic": 1.0}},
        *({"kind": "hop_chosen", **hop} for hop in stored),
    ]
    return EpisodeModel(
        id="episode-1",
        task_id="task-1",
        graph="workbench",
        router="ant_colony",
        task_type="arithmetic",
        status=Status.COMPLETED,
        reason="",
        route=result.route,
        answer="397.8",
        usage=result.usage,
        reroutes=1,
        failures=result.failures,
        dropped=(),
        control_llm_calls=0,
        quality=None,
        started_at=BEGAN,
        finished_at=BEGAN + timedelta(seconds=1.5),
        events=tuple(
            EventModel(seq=seq, kind=str(event["kind"]), at=BEGAN + timedelta(milliseconds=seq), data=event)
            for seq, event in enumerate(data)
        ),
    )
