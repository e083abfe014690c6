from __future__ import annotations

from pathlib import Path

from stigmergy.bench.engine.one_hop import cost_of, one_hop_costs, one_hop_stage
from stigmergy.domain import Status
from stigmergy.platform.records import EpisodeFilter


async def test_every_run_that_is_measured_is_a_completed_episode_of_one_hop_in_the_store(tmp_path: Path) -> None:
    async with one_hop_stage(f"sqlite:///{tmp_path}/hop.db") as stage:
        await cost_of(stage.run, stage.settle, range(5), 2)
        page = await stage.runtime.store.episodes.list(EpisodeFilter())
    assert [(each.status, len(each.route)) for each in page.episodes] == [(Status.COMPLETED, 1)] * 5


async def test_the_platforms_share_is_what_a_run_costs_above_its_agent() -> None:
    alone, crowd = await one_hop_costs(8, 1)
    assert (alone.side_by_side, crowd.side_by_side) == (1, 64)
    assert alone.engine_ms == alone.run.all_ms - alone.agent.all_ms > 0.0
