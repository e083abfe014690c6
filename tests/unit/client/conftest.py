from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stigmergy.domain import Status
from stigmergy.wire import EpisodeModel, UsageModel

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def episodes() -> list[EpisodeModel]:
    return [
        EpisodeModel(
            id=f"episode-{number}",
            task_id=f"task-{number}",
            graph="workbench",
            router="dijkstra",
            task_type=None,
            status=Status.COMPLETED,
            reason="",
            route=("parse", "solve"),
            answer="397.8",
            usage=UsageModel(),
            reroutes=0,
            failures=(),
            dropped=(),
            control_llm_calls=0,
            quality=None,
            started_at=BEGAN,
            finished_at=BEGAN + timedelta(seconds=1),
        )
        for number in range(3)
    ]
